using System.Globalization;

namespace Dcc.Cli.Tests.Terminal;

public sealed class ProgressTests : IDisposable
{
    private const string ShortRun = "simulate --devices 3 --rounds 4 --steps 2000";

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Terminal_Run_HasABarAndARoundTableWithin80Columns()
    {
        var result = await PseudoTerminal.Run($"$DCC {ShortRun} --output {folder["a"]}");
        Assert.Equal(0, result.ExitCode);
        Assert.Contains("\e[K", result.Screen, StringComparison.Ordinal);
        var lines = PseudoTerminal.Lines(result.Screen).ToList();
        Assert.All(lines, line => Assert.True(line.Length <= 80, line));
        Assert.Contains(lines, line => line.StartsWith("simulate ━━━", StringComparison.Ordinal));
        Assert.Single(lines, line => line.TrimStart().StartsWith("round  mean theta", StringComparison.Ordinal));
        Assert.Equal(["0", "1", "2", "3", "4"], Rows(lines).Select(row => row[0]));

        // The last row's mean theta is the result's.
        var theta = DccProcess.Summary(folder["a"]).GetProperty("finalTheta").EnumerateArray().Average(value => value.GetDouble());
        Assert.Equal(theta.ToString("F4", CultureInfo.InvariantCulture), Rows(lines).Last()[1]);
    }

    [Fact]
    public async Task Terminal_LongRun_HasARowForEach2Point5PercentAtMost()
    {
        var result = await PseudoTerminal.Run($"$DCC simulate --devices 1 --rounds 400 --steps 10 --output {folder["a"]}");
        Assert.InRange(Rows(PseudoTerminal.Lines(result.Screen)).Count(), 30, 41);
    }

    [Theory]
    [InlineData("NO_COLOR", "1")]
    [InlineData("TERM", "dumb")]
    [InlineData("TERM", "")]
    public async Task Terminal_ThatTakesNoEscapeCodes_GetsNone(string name, string value)
    {
        var result = await PseudoTerminal.Run($"$DCC {ShortRun} --output {folder["a"]}", (name, value));
        Assert.Equal(0, result.ExitCode);
        Assert.DoesNotContain('\e', result.Screen);
        Assert.Contains("simulate: 100 % round 4, theta ", result.Screen, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("2>", false)]
    [InlineData(">", true)]
    public async Task Terminal_OneStreamRedirected_TheFileGetsNoEscapeCodes(string redirection, bool live)
    {
        var result = await PseudoTerminal.Run($"$DCC {ShortRun} --output {folder["a"]} {redirection} {folder["file"]}");
        Assert.Equal(0, result.ExitCode);
        Assert.Equal(live, result.Screen.Contains("\e[K", StringComparison.Ordinal));
        Assert.DoesNotContain('\e', await File.ReadAllTextAsync(folder["file"], TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Redirected_LongRun_HasALineForEach5PercentAtMostAndSaysWhatIsLeft()
    {
        var result = await DccProcess.Run("simulate", "--devices", "2", "--rounds", "100", "--steps", "3000", "--output", folder["a"]);
        var lines = result.Error.TrimEnd('\n').Split('\n');
        Assert.InRange(lines.Length, 15, 21);
        Assert.All(lines, line => Assert.True(line.Length <= 80, line));
        Assert.All(lines[2..^1], line => Assert.Matches(@"^simulate:  ?\d+ % round \d+, theta \d\.\d+ \(\d\.\d+-\d\.\d+\), J \d+\.\d+, \d+ s left$", line));
    }

    [Fact]
    public async Task Emulate_AgentsKilledByTheScenario_AreSaidAsItHappens()
    {
        var result = await DccProcess.Run(
            "emulate", "agent-churn", "--devices", "4", "--steps", "2000", "--output", folder["a"]);
        Assert.True(result.ExitCode == 0, result.Error);
        var lines = result.Error.TrimEnd('\n').Split('\n');
        Assert.All(lines, line => Assert.True(line.Length <= 80, line));
        Assert.Contains(lines, line => System.Text.RegularExpressions.Regex.IsMatch(line, @"^\d+\.\d s  round \d+  agent kill of device"));
        Assert.Contains(lines, line => System.Text.RegularExpressions.Regex.IsMatch(line, @"^\d+\.\d s  round \d+  agent-\d killed$"));
        Assert.Contains(lines, line => System.Text.RegularExpressions.Regex.IsMatch(line, @"^\d+\.\d s  round \d+  agent-\d restarted$"));
    }

    private static IEnumerable<string[]> Rows(IEnumerable<string> lines) => lines
        .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        .Where(words => words.Length == 7 && words[^1] is "ms" or "s" && int.TryParse(words[0], CultureInfo.InvariantCulture, out _));
}
