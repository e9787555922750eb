using System.Text.Json;
using System.Text.Json.Nodes;

namespace Dcc.Cli.Tests.Terminal;

public sealed class ResultOutputTests : IDisposable
{
    private static readonly string[] ShortRun = ["--devices", "2", "--rounds", "2", "--steps", "1000"];

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("simulate", false)]
    [InlineData("emulate", false)]
    [InlineData("emulate", true)]
    public async Task Json_Run_IsTheSummaryAndTheFolderAndNothingElse(string command, bool quiet)
    {
        var result = await DccProcess.Run([command, .. ShortRun, "--json", "--output", folder["a"], .. quiet ? ["--quiet"] : Array.Empty<string>()]);
        Assert.True(result.ExitCode == 0, result.Error);
        var printed = JsonNode.Parse(result.Output)!.AsObject();
        Assert.Equal(folder["a"], printed["output"]!.GetValue<string>());
        printed.Remove("output");
        Assert.True(JsonNode.DeepEquals(
            JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(folder["a"], "summary.json"), TestContext.Current.CancellationToken)), printed));
        Assert.Equal(quiet, result.Error.Length == 0);
    }

    [Fact]
    public async Task Json_VerifyAndOverhead_PrintOneObject()
    {
        Assert.Equal(0, (await DccProcess.Run(["simulate", .. ShortRun, "--output", folder["a"]])).ExitCode);
        using var verified = JsonDocument.Parse((await DccProcess.Run("verify", folder["a"], "--relearn", "--json")).Output);
        Assert.Equal(DccProcess.Summary(folder["a"]).GetProperty("digest").GetString(), verified.RootElement.GetProperty("digest").GetString());
        Assert.True(verified.RootElement.GetProperty("relearned").GetBoolean());

        using var overhead = JsonDocument.Parse(
            (await DccProcess.Run(["overhead", .. ShortRun, "--time-limit", "0", "--json", "--quiet", "--output", folder["o"]])).Output);
        Assert.Equal(4, overhead.RootElement.GetProperty("exchanges").GetArrayLength());
        Assert.Equal(folder["o"], overhead.RootElement.GetProperty("output").GetString());
    }

    [Theory]
    [InlineData("simulate")]
    [InlineData("emulate")]
    public async Task Quiet_Run_PrintsNothingButErrors(string command)
    {
        string[] run = [command, .. ShortRun, "--quiet", "--output", folder["a"]];
        Assert.Equal(new DccProcess.Result(0, "", ""), await DccProcess.Run(run));

        // What to do next is in the message.
        var refused = await DccProcess.Run(run);
        Assert.Equal((2, ""), (refused.ExitCode, refused.Output));
        Assert.Contains("name another, or replace the run in it with --force", refused.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Table_ThousandDevicesAndALongPath_FitsAndThePathCanBeCopied()
    {
        var output = Path.Combine(folder["a-folder-whose-name-is-rather-long-and-goes-on"], "and-on-in-a-folder-below-it-until-it-passes-any-line");
        var result = await DccProcess.Run(
            "simulate", "satellite", "--devices", "1000", "--rounds", "4", "--steps", "20", "--output", output);
        Assert.True(result.ExitCode == 0, result.Error);
        var lines = result.Output.TrimEnd('\n').Split('\n');
        Assert.All(lines[..^1], line => Assert.True(line.Length <= 80, line));
        Assert.Equal(output, lines[^1]);
        Assert.Contains(lines, line => line.Contains("... and 980 more devices", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Table_EmulateWithFaults_Fits()
    {
        var result = await DccProcess.Run(["emulate", "flapping-wifi", "--steps", "1000", "--output", folder["a"]]);
        Assert.True(result.ExitCode == 0, result.Error);
        Assert.All(result.Output.Split('\n')[..^2], line => Assert.True(line.Length <= 80, line));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public async Task Open_Report_IsHandedToTheDesktopOrSaysWhyNot(int exitCode)
    {
        Directory.CreateDirectory(folder["bin"]);
        await File.WriteAllTextAsync(
            Path.Combine(folder["bin"], "xdg-open"), $"#!/bin/sh\necho chat\necho \"$1\" > {folder["opened"]}\nexit {exitCode}\n",
            TestContext.Current.CancellationToken);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(Path.Combine(folder["bin"], "xdg-open"), UnixFileMode.UserRead | UnixFileMode.UserExecute);
        }

        var path = $"{folder["bin"]}:{Environment.GetEnvironmentVariable("PATH")}";
        var run = DccProcess.Run(
            new Dictionary<string, string> { ["PATH"] = path },
            ["emulate", .. ShortRun, "--quiet", "--json", "--open", "--output", folder["a"]]);

        // A report of this run, whoever writes it.
        using var pause = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        while (!File.Exists(Path.Combine(folder["a"], "events.jsonl")))
        {
            Assert.False(run.IsCompleted);
            await pause.WaitForNextTickAsync(TestContext.Current.CancellationToken);
        }

        await File.WriteAllTextAsync(Path.Combine(folder["a"], "report.html"), "<html></html>", TestContext.Current.CancellationToken);
        var result = await run;
        Assert.Equal(0, result.ExitCode);
        var report = Path.Combine(folder["a"], "report.html");
        Assert.Equal(report + "\n", await File.ReadAllTextAsync(folder["opened"], TestContext.Current.CancellationToken));
        Assert.Equal(exitCode == 0 ? "" : $"dcc: --open: {report} could not be opened: xdg-open ended with code 3\n", result.Error);
        JsonDocument.Parse(result.Output).Dispose();
    }
}
