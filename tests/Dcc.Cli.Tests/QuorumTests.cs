using System.Text.Json;

namespace Dcc.Cli.Tests;

public sealed class QuorumTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Emulate_DeviceThatDoesNotAnswer_EndsVerifiedAndHasItAgainAfterItsReturn()
    {
        var scenario = folder["s"] + ".yaml";
        await File.WriteAllTextAsync(scenario, """
            name: away
            description: device 3 does not answer for a while
            links: {default: {profile: wifi, latency: 50 ms}}
            run: {devices: 4, rounds: 60, steps: 1000, quorum: 3, roundDeadline: 0.5, mostAbsences: 2}
            timeline:
              - {at: {round: 3}, agent: pause, devices: 3, for: 2 s}
            """, TestContext.Current.CancellationToken);
        var emulate = await DccProcess.Run("emulate", scenario, "--no-report", "--output", folder["e"]);
        Assert.Equal((0, ""), (emulate.ExitCode, emulate.ExitCode == 0 ? "" : emulate.Error));
        var events = (await File.ReadAllLinesAsync(Path.Combine(folder["e"], "events.jsonl"), TestContext.Current.CancellationToken))
            .Select(line => JsonDocument.Parse(line).RootElement)
            .Where(happened => happened.TryGetProperty("device", out var device) && device.GetInt32() == 3 && happened.TryGetProperty("round", out _))
            .ToLookup(happened => happened.GetProperty("event").GetString()!, happened => happened.GetProperty("round").GetInt32());

        // The round that it was paused in, or the next where its report was on its way, and the one after: then nobody waits for it any more.
        var released = events["released"].First(round => round >= 3);
        Assert.Contains(released - 1, events["absent"]);
        Assert.InRange(released, 4, 6);
        var rows = (await File.ReadAllLinesAsync(Path.Combine(folder["e"], "rounds.csv"), TestContext.Current.CancellationToken))
            .Skip(1).Select(line => line.Split(',')).Where(row => row[1] == "3").ToList();
        Assert.All(rows[(released + 1)..(released + 3)], row => Assert.Equal(("0", "", ""), (row[2], row[6], row[10])));

        // A round takes 0.1 s of travel at least, so that more than half of them are left when it returns.
        Assert.Contains(rows[(released + 3)..], row => row[6] != "");

        var verify = await DccProcess.Run("verify", folder["e"], "--relearn");
        Assert.Equal(0, verify.ExitCode);
        Assert.Equal(0, (await DccProcess.Run("report", folder["e"])).ExitCode);
    }

    [Theory]
    [InlineData("--quorum", "0", "quorum")]
    [InlineData("--quorum", "5", "quorum")]
    [InlineData("--round-deadline", "0", "round-deadline")]
    [InlineData("--most-absences", "0", "most-absences")]
    [InlineData("--report-limit", "-1", "report-limit")]
    [InlineData("--robust", "much", "robust")]
    public async Task Simulate_BadParticipation_NamesTheOption(string option, string value, string field)
    {
        var result = await DccProcess.Run("simulate", "--devices", "4", option, value, "--output", folder["x"]);
        Assert.Equal(2, result.ExitCode);
        Assert.Contains(field, result.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder["x"]));
    }

    [Fact]
    public async Task Simulate_QuorumAndClip_HaveTheDigestOfARunWithout()
    {
        string[] run = ["simulate", "--devices", "4", "--steps", "1000", "--no-report", "--quiet"];
        Assert.Equal(0, (await DccProcess.Run([.. run, "--output", folder["all"]])).ExitCode);
        Assert.Equal(0, (await DccProcess.Run([.. run, "--quorum", "2", "--output", folder["quorum"]])).ExitCode);
        Assert.Equal(Digest("all"), Digest("quorum"));
    }

    private string Digest(string run) => DccProcess.Summary(folder[run]).GetProperty("digest").GetString()!;
}
