namespace Dcc.Cli.Tests.Terminal;

public sealed class HelpTests
{
    [Theory]
    [InlineData("")]
    [InlineData("emulate")]
    [InlineData("simulate")]
    [InlineData("watch")]
    [InlineData("cancel")]
    [InlineData("load")]
    [InlineData("exact")]
    [InlineData("optimum")]
    [InlineData("verify")]
    [InlineData("report")]
    [InlineData("runs")]
    [InlineData("scenario")]
    [InlineData("scenario export")]
    [InlineData("overhead")]
    [InlineData("link")]
    [InlineData("certs")]
    [InlineData("completion")]
    public async Task Help_EveryCommand_IsOnStdoutWithin80Columns(string command)
    {
        var result = await DccProcess.Run([.. command.Split(' ', StringSplitOptions.RemoveEmptyEntries), "--help"]);
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        Assert.All(result.Output.Split('\n'), line => Assert.True(line.Length <= 80 && line == line.TrimEnd(), line));
        Assert.Contains($"\nUsage: {$"dcc {command}".TrimEnd()} ", result.Output, StringComparison.Ordinal);
        Assert.Contains("\nExit codes: 0 ", result.Output, StringComparison.Ordinal);
        Assert.Equal(command != "scenario export", result.Output.Contains("\nExamples:\n", StringComparison.Ordinal));
    }

    [Fact]
    public async Task NoCommand_ShortHelpOnStderr_ExitsTwo()
    {
        var result = await DccProcess.Run();
        Assert.Equal((2, ""), (result.ExitCode, result.Output));
        Assert.StartsWith("Usage: dcc COMMAND", result.Error, StringComparison.Ordinal);
        Assert.Contains("\n  emulate ", result.Error, StringComparison.Ordinal);
        Assert.All(result.Error.Split('\n'), line => Assert.True(line.Length <= 80, line));
    }

    [Fact]
    public async Task Version_Asked_IsPrinted() =>
        Assert.Matches(@"^\d+\.\d+\.\d+", (await DccProcess.Run("--version")).Output);

    [Theory]
    [InlineData("simulat", "simulate")]
    [InlineData("scenario lits", "list")]
    [InlineData("simulate --devies 3", "--devices")]
    [InlineData("simulate chaos --devies=3", "--devices")]
    [InlineData("simulate --solver prce-q", "price-q")]
    [InlineData("simulate --link wfi", "wifi")]
    [InlineData("simulate satelite", "satellite")]
    [InlineData("completion bsh", "bash")]
    public async Task Command_Misspelt_ProposesTheNearest(string line, string meant)
    {
        var result = await DccProcess.Run(line.Split(' '));
        Assert.Equal((2, ""), (result.ExitCode, result.Output));
        Assert.EndsWith($"(did you mean {meant}?)\n", result.Error, StringComparison.Ordinal);
        Assert.Equal(1, result.Error.Count(character => character == '\n'));
    }
}
