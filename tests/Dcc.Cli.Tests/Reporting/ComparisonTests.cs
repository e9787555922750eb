namespace Dcc.Cli.Tests.Reporting;

public sealed class ComparisonTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Report_SeveralRuns_ComparesThemOnOnePage()
    {
        string[] run = ["simulate", "--devices", "3", "--rounds", "3", "--steps", "500"];
        Assert.Equal(0, (await DccProcess.Run([.. run, "--output", folder["a"]])).ExitCode);
        Assert.Equal(0, (await DccProcess.Run([.. run, "--output", folder["b"]])).ExitCode);
        Assert.Equal(0, (await DccProcess.Run([.. run, "--seed", "5", "--step-rule", "trust-region", "--output", folder["c"]])).ExitCode);

        var result = await DccProcess.Run("report", folder["a"], folder["b"], folder["c"], "--output", folder["all.html"]);
        Assert.Equal((0, folder["all.html"] + "\n"), (result.ExitCode, result.Output));
        var page = await File.ReadAllTextAsync(folder["all.html"], TestContext.Current.CancellationToken);
        Assert.Contains("There are 2 different digests: a, b (equal); c.", page, StringComparison.Ordinal);
        Assert.Contains("<th scope=\"row\">seed</th><td>1</td><td>1</td><td>5</td>", page, StringComparison.Ordinal);
        Assert.Contains("<th scope=\"row\">step rule</th><td>rprop</td><td>rprop</td><td>trust-region</td>", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<th scope=\"row\">solver</th>", page, StringComparison.Ordinal);
        foreach (var name in new[] { "a", "c" })
        {
            var summary = DccProcess.Summary(folder[name]);
            Assert.Contains($"<data value=\"{summary.GetProperty("approximateCost").GetRawText()}\">", page, StringComparison.Ordinal);
            Assert.Contains($"title=\"{summary.GetProperty("digest").GetString()}\"", page, StringComparison.Ordinal);
        }

        Assert.DoesNotContain("http", page.Replace("http-equiv", "", StringComparison.Ordinal), StringComparison.OrdinalIgnoreCase);
        Assert.Contains("id=\"figure-cost\"", page, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder["plots"]));
    }

    [Fact]
    public async Task Report_OneOfSeveralIsNoRun_NamesItAndWritesNothing()
    {
        Assert.Equal(0, (await DccProcess.Run("simulate", "--devices", "2", "--rounds", "1", "--steps", "200", "--output", folder["a"])).ExitCode);
        Directory.CreateDirectory(folder["b"]);
        var result = await DccProcess.Run("report", folder["a"], folder["b"], "--output", folder["all.html"]);
        Assert.Equal((2, ""), (result.ExitCode, result.Output));
        Assert.Contains(folder["b"], result.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(folder["all.html"]));
    }
}
