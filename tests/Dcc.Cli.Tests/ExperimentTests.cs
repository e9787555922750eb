using System.Globalization;
using System.Text.RegularExpressions;

namespace Dcc.Cli.Tests;

public sealed partial class ExperimentTests : IDisposable
{
    // Of fig13 with three runs: five exponents.
    private const int AllUnits = 15;

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task List_Redirected_HasEveryFigureAndTableOfThePaper()
    {
        var result = await DccProcess.Run("experiment", "list");
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        string[] names = [.. result.Output.TrimEnd('\n').Split('\n').Select(line => line.Split(' ')[0])];
        Assert.Empty(((string[])["fig1a", "fig1b", "fig2", "fig3", "fig4", "fig5", "fig6", "fig11", "fig12", "fig13", "table1", "table2", "distributed"]).Except(names));
    }

    [Theory]
    [InlineData("experiment: expected list|all|fig1a|", "fig7")]
    [InlineData("experiment: expected list|all|fig1a|", "fig5", "fig7")]
    [InlineData("--budget: expected quick|paper, got huge", "fig5", "--budget", "huge")]
    [InlineData("runs: expected a whole number from 1 to 10000, got 0", "fig5", "--runs", "0")]
    [InlineData("jobs: expected a whole number from 1 to 1024, got -1", "fig5", "--jobs", "-1")]
    [InlineData("output: expected the folder to go on with", "fig5", "--resume")]
    [InlineData("NAME: expected list, all, or the names of experiments, got nothing")]
    public async Task BadArgument_Each_IsOneLineWithWhatIsExpected(string expected, params string[] arguments)
    {
        var result = await DccProcess.Run(["experiment", .. arguments]);
        Assert.Equal((2, ""), (result.ExitCode, result.Output));
        Assert.Contains(expected, result.Error, StringComparison.Ordinal);
        Assert.Single(result.Error.TrimEnd('\n').Split('\n'));
    }

    [Fact]
    public async Task Output_OfAnotherExperimentOrBudgetOrOfSomebodyElse_IsRefusedAndLeftAlone()
    {
        Assert.Equal(0, (await DccProcess.Run("experiment", "table1", "--output", folder["a"])).ExitCode);
        Directory.CreateDirectory(folder["b"]);
        await File.WriteAllTextAsync(folder["b/thesis.txt"], "mine", TestContext.Current.CancellationToken);
        var page = await File.ReadAllTextAsync(folder["a/RESULTS.md"], TestContext.Current.CancellationToken);

        await Refused("with experiment table1, budget quick", "table2", "--output", folder["a"]);
        await Refused("with experiment table1, budget quick", "table2", "--output", folder["a"], "--resume");
        await Refused("with experiment table1, budget quick", "table1", "--output", folder["a"], "--resume", "--budget", "paper");
        await Refused("or --resume to go on", "table1", "--output", folder["a"]);
        await Refused("with thesis.txt", "table1", "--output", folder["b"]);
        await Refused("with thesis.txt", "table1", "--output", folder["b"], "--resume");
        Assert.Equal(page, await File.ReadAllTextAsync(folder["a/RESULTS.md"], TestContext.Current.CancellationToken));
        Assert.Equal(["thesis.txt"], Directory.GetFileSystemEntries(folder["b"]).Select(Path.GetFileName));
    }

    [Fact]
    public async Task Fig6_TwiceWithOtherJobs_HasTheSameNumbersAndPlots()
    {
        var one = await DccProcess.Run("experiment", "fig6", "--runs", "1", "--jobs", "1", "--output", folder["a"]);
        var two = await DccProcess.Run("experiment", "fig6", "--runs", "1", "--jobs", "2", "--output", folder["b"]);
        Assert.Equal((0, 0), (one.ExitCode, two.ExitCode));
        Assert.StartsWith("fig6  reproduced: ", one.Output, StringComparison.Ordinal);
        string[] names = ["samples.csv", "fig6-local.csv", "fig6-local.svg", "fig6-local.png", "fig6-coupling.csv", "fig6-coupling.svg", "fig6-coupling.png"];
        foreach (var name in names)
        {
            Assert.Equal(File.ReadAllBytes(folder[$"a/{name}"]), File.ReadAllBytes(folder[$"b/{name}"]));
        }

        var page = File.ReadAllText(folder["a/RESULTS.md"]);
        Assert.Contains("**Verdict: reproduced.**", page, StringComparison.Ordinal);
        Assert.Contains("![Local derivative](fig6-local.svg)", page, StringComparison.Ordinal);
        Assert.Contains("Command: `dcc experiment fig6 --budget quick --runs 1`", page, StringComparison.Ordinal);
    }

    // Killed for good in the middle, as by a power cut; then cancelled; then left to end.
    [Fact]
    public async Task Fig13_KilledAndResumed_EndsAsIfNothingHadHappened()
    {
        string[] arguments = ["experiment", "fig13", "--runs", "3", "--jobs", "1", "--output"];
        var whole = await DccProcess.Run([.. arguments, folder["whole"]]);
        Assert.Equal(0, whole.ExitCode);

        await Until(2, "KILL", [.. arguments, folder["broken"]]);
        Assert.False(File.Exists(folder["broken/RESULTS.md"]));
        await Until(4, "INT", [.. arguments, folder["broken"], "--resume"]);
        var resumed = await DccProcess.Run([.. arguments, folder["broken"], "--resume"]);
        Assert.Equal(0, resumed.ExitCode);
        Assert.Equal(whole.Output.Replace(folder["whole"], "", StringComparison.Ordinal), resumed.Output.Replace(folder["broken"], "", StringComparison.Ordinal));
        foreach (var name in (string[])["samples.csv", "fig13.csv", "fig13-error.svg"])
        {
            Assert.Equal(File.ReadAllText(folder[$"whole/{name}"]), File.ReadAllText(folder[$"broken/{name}"]));
        }

        // What was finished before was not done again.
        Assert.DoesNotContain("  0 % 0 of 15 units", resumed.Error, StringComparison.Ordinal);
    }

    // Starts the command and sends a signal when so many units are finished.
    private static async Task Until(int units, string signal, string[] arguments)
    {
        using var process = DccProcess.Start(null, arguments);
        var done = -1;
        while (done < units)
        {
            var line = await process.StandardError.ReadLineAsync(TestContext.Current.CancellationToken);
            Assert.NotNull(line);
            done = int.Parse(Done().Match(line).Groups[1].Value, CultureInfo.InvariantCulture);
        }

        Assert.InRange(done, units, AllUnits - 1);
        DccProcess.Signal(process.Id, signal);
        var rest = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.NotEqual(0, process.ExitCode);
        if (signal == "INT")
        {
            Assert.EndsWith("dcc: cancelled\n", rest, StringComparison.Ordinal);
        }
    }

    [GeneratedRegex("% ([0-9]+) of 15 units")]
    private static partial Regex Done();

    private static async Task Refused(string expected, params string[] arguments)
    {
        var result = await DccProcess.Run(["experiment", .. arguments]);
        Assert.Equal((2, ""), (result.ExitCode, result.Output));
        Assert.Contains(expected, result.Error, StringComparison.Ordinal);
        Assert.Single(result.Error.TrimEnd('\n').Split('\n'));
    }
}
