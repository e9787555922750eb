namespace Dcc.Cli.Tests.Scenarios;

public sealed class ScenarioExportTests : IDisposable
{
    private const string Text = """
        name: sample
        run: {devices: 3}
        links:
          default: {profile: loopback, latency: 40 ms, jitter: 5 ms, jitterCorrelation: 25 %, bandwidth: 20 Mbit/s, queue: 64 KiB,
            down: {bandwidth: unlimited, burst: {toBad: 1 %, toGood: 30 %, lossInBad: 50 %}}}
        timeline:
          - {at: {time: 1500 ms}, link: partition, direction: up, devices: 1, for: 2 s}
          - {at: {round: 2}, link: partition, devices: 1, for: 2 s}
          - {at: {point: report-sent, device: 0, round: 2}, link: reset, devices: 1}
          - {at: {round: 3}, agent: kill, devices: all, restartAfter: 500 ms}
          - {at: {round: 4}, coordinator: terminate, restartAfter: 500 ms}
          - {at: {round: 5}, agent: pause, devices: 2, for: 1 s}
        """;

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Export_TrafficControl_WritesBothDirectionsAndSaysWhatIsMissing()
    {
        var lines = (await Export("tc", "--device", "1")).Split('\n');
        Assert.Contains("tc qdisc add dev \"$UP_1\" root handle 1: netem limit 1000 delay 40000us 5000us 25% distribution normal", lines);
        Assert.Contains("tc qdisc add dev \"$UP_1\" parent 1:1 handle 2: tbf rate 20000000bit burst 10000b limit 65536b", lines);
        Assert.Contains("tc qdisc add dev \"$DOWN_1\" root handle 1: netem limit 100000 delay 40000us 5000us 25% distribution normal loss gemodel 1% 30% 50% 0%", lines);
        Assert.DoesNotContain(lines, line => line.Contains("\"$DOWN_1\" parent", StringComparison.Ordinal));
        Assert.DoesNotContain(lines, line => line.Contains("_0\"", StringComparison.Ordinal));

        // A time is something a shell can wait for.
        Assert.Contains("sleep 1.5", lines);
        Assert.Single(lines, line => line == "tc qdisc change dev \"$UP_1\" root handle 1: netem limit 100000 delay 0us loss 100%");
        Assert.Equal(5, lines.Count(line => line.StartsWith("# no equivalent: ", StringComparison.Ordinal)));
        Assert.Contains("# no equivalent: reset of device 1 at report-sent of device 0, round 2 (tc knows no rounds and no protocol points)", lines);
    }

    [Fact]
    public async Task Export_ChaosMesh_WritesObjectsPerLinkAndFault()
    {
        var all = await Export("chaos-mesh");
        var objects = all.Split("---\n")[1..];

        // Three devices: delay both ways, bandwidth one way; a partition twice; a kill each; a coordinator.
        Assert.Equal((3 * 3) + 2 + 3 + 1, objects.Length);
        Assert.All(objects, text => Assert.Matches("^apiVersion: chaos-mesh.org/v1alpha1\nkind: (NetworkChaos|PodChaos)\nmetadata:\n  name: sample-[a-z0-9-]+\nspec:\n", text));
        Assert.Equal(objects.Length, objects.Select(text => text.Split('\n')[3]).Distinct().Count());
        Assert.Contains("latency: 40000us", all, StringComparison.Ordinal);
        Assert.Contains("rate: 2500000bps", all, StringComparison.Ordinal);
        Assert.Contains("duration: 2000000us", all, StringComparison.Ordinal);
        Assert.Contains("# no equivalent: a process that stands still", all, StringComparison.Ordinal);
        Assert.Contains("# no equivalent: resets", all, StringComparison.Ordinal);
        Assert.DoesNotContain("dcc-agent-0", await Export("chaos-mesh", "--device", "1"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Export_Chaos_IsTheSameForTheSameSeedAndAnotherForAnother()
    {
        var first = await Faults(1);
        Assert.Equal(8, first.Length);
        Assert.Equal(first, await Faults(1));
        Assert.NotEqual(first, await Faults(2));

        // No seed may draw faults that the conflict check refuses.
        for (var seed = 3UL; seed <= 20; seed++)
        {
            Assert.Equal(8, (await Faults(seed)).Length);
        }
    }

    private async Task<string> Export(string format, params string[] options)
    {
        await File.WriteAllTextAsync(folder["sample.yaml"], Text, TestContext.Current.CancellationToken);
        var result = await DccProcess.Run(["scenario", "export", folder["sample.yaml"], "--format", format, .. options]);
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        return result.Output;
    }

    private async Task<string[]> Faults(ulong seed)
    {
        var shown = (await DccProcess.Run("scenario", "show", "chaos")).Output;
        await File.WriteAllTextAsync(folder["chaos.yaml"], $"run: {{seed: {seed}}}\n{shown}", TestContext.Current.CancellationToken);
        var result = await DccProcess.Run("scenario", "export", folder["chaos.yaml"], "--format", "tc");
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        return [.. result.Output.Split('\n').Where(line => line.StartsWith("# no equivalent: ", StringComparison.Ordinal))];
    }
}
