using Dcc.Core.Engine;
using Dcc.Journal;

namespace Dcc.Cli.Tests;

public sealed class StalenessTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Emulate_AgentAndCoordinatorKilled_EndsVerifiedWithEveryRoundOfEveryDevice()
    {
        var scenario = folder["s"] + ".yaml";
        await File.WriteAllTextAsync(scenario, """
            name: killed
            description: an agent and the coordinator are killed while devices are in rounds of their own
            links: {default: {profile: wifi}}
            run: {devices: 4, rounds: 12, steps: 1000, staleness: 6}
            timeline:
              - {at: {round: 3}, agent: kill, devices: 1, restartAfter: 200 ms}
              - {at: {round: 7}, coordinator: kill, restartAfter: 200 ms}
            """, TestContext.Current.CancellationToken);
        var emulate = await DccProcess.Run("emulate", scenario, "--no-report", "--output", folder["e"]);
        Assert.Equal((0, ""), (emulate.ExitCode, emulate.ExitCode == 0 ? "" : emulate.Error));
        Assert.Equal(2, DccProcess.Summary(folder["e"]).GetProperty("restarts").GetInt32());
        var verify = await DccProcess.Run("verify", folder["e"], "--relearn");
        Assert.Equal(0, verify.ExitCode);
        Assert.Contains(DccProcess.Summary(folder["e"]).GetProperty("digest").GetString()!, verify.Output, StringComparison.Ordinal);
        var rows = (await File.ReadAllLinesAsync(Path.Combine(folder["e"], "rounds.csv"), TestContext.Current.CancellationToken))
            .Skip(1).Select(line => line.Split(',')).ToList();
        Assert.Equal(
            Enumerable.Range(0, 12 * 4).Select(row => ($"{row / 4}", $"{row % 4}")), rows.Select(row => (row[0], row[1])));
        Assert.All(rows, row => Assert.NotEqual("", row[6]));
        Assert.Equal(0, (await DccProcess.Run("report", folder["e"])).ExitCode);
        Assert.Equal(0, (await DccProcess.Run(
            "runs", "export", "run", "--store", Path.Combine(folder["e"], "journal.db"), "--output", folder["copy"])).ExitCode);
        Assert.Equal(0, (await DccProcess.Run("verify", folder["copy"])).ExitCode);
    }

    [Fact]
    public async Task Simulate_StalenessNone_HasTheDigestOfRoundsInStep()
    {
        string[] run = ["simulate", "--devices", "4", "--steps", "1000", "--link", "lte", "--no-report", "--quiet"];
        Assert.Equal(0, (await DccProcess.Run([.. run, "--output", folder["step"]])).ExitCode);
        Assert.Equal(0, (await DccProcess.Run([.. run, "--staleness", "0", "--output", folder["zero"]])).ExitCode);
        Assert.Equal(DccProcess.Summary(folder["step"]).GetProperty("digest").GetString(), DccProcess.Summary(folder["zero"]).GetProperty("digest").GetString());
    }

    [Fact]
    public async Task Simulate_OverLinks_CommitsInTheOrderOfArrivalAndVerifies()
    {
        string[] run = ["simulate", "--devices", "4", "--rounds", "6", "--solver", "exact", "--link", "lte", "--staleness", "9", "--quiet"];
        Assert.Equal(0, (await DccProcess.Run([.. run, "--output", folder["a"]])).ExitCode);
        Assert.Equal(0, (await DccProcess.Run([.. run, "--output", folder["b"]])).ExitCode);
        Assert.Equal(Order("a"), Order("b"));
        Assert.NotEqual(Enumerable.Range(0, 24).Select(commit => commit % 4), Order("a"));
        Assert.Equal(0, (await DccProcess.Run("verify", folder["a"], "--relearn")).ExitCode);
        Assert.Contains("order in which reports came", await File.ReadAllTextAsync(
            Path.Combine(folder["a"], "report.html"), TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--staleness", "-1")]
    [InlineData("--staleness", "1000000001")]
    [InlineData("--staleness", "2", "--quorum", "3")]
    public async Task Simulate_BadStaleness_NamesTheOptionInOneLine(params string[] options)
    {
        var result = await DccProcess.Run(["simulate", "--devices", "4", .. options, "--output", folder["x"]]);
        Assert.Equal(2, result.ExitCode);
        Assert.Contains("staleness", Assert.Single(result.Error.Trim().Split('\n')), StringComparison.Ordinal);
    }

    private List<int> Order(string run)
    {
        using var journal = SqliteJournal.OpenExisting(Path.Combine(folder[run], "journal.db"));
        return [.. journal.Read("run").Where(record => record.Kind == JournalRecordKind.Update)
            .SelectMany(record => CommittedUpdate.FromBytes(record.Body, 4).Updates).Select(update => update.Device)];
    }
}
