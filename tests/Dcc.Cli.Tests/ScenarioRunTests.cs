using System.Globalization;
using System.Text.Json;

namespace Dcc.Cli.Tests;

/// <summary>Built-in scenarios as real processes behind emulated links: the result is that of a run without a network, and the ledger adds up.</summary>
public sealed class ScenarioRunTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public static TheoryData<string> BuiltIn => [
        "default", "lossy-lte", "flapping-wifi", "partition-and-heal", "asymmetric-partition", "satellite", "slow-devices", "agent-churn",
        "coordinator-crash", "chaos"];

    [Fact]
    public async Task BuiltIn_AreAllTestedHere()
    {
        var listed = (await DccProcess.Run("scenario", "list")).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(' ')[0]);
        Assert.Equal(listed.Order(), BuiltIn.Select(row => row.Data).Order());
    }

    [Theory]
    [MemberData(nameof(BuiltIn))]
    public async Task Emulate_BuiltInScenario_EndsWithSimulatesDigestAndALedgerThatAddsUp(string scenario)
    {
        var summary = await EmulateLikeSimulate(scenario, "--steps", "5000");
        Assert.Equal(0, (await DccProcess.Run("verify", folder["e"], "--relearn")).ExitCode);
        var faults = Events(folder["e"], "fault");
        Assert.Equal(summary.GetProperty("faults").GetInt32(), faults.Count);
        Assert.Equal(scenario is "default" or "lossy-lte" or "satellite", faults.Count == 0);
    }

    [Theory]
    [InlineData("lte")]
    [InlineData("loopback")]
    public async Task Emulate_Link_EndsWithSimulatesDigest(string link) => await EmulateLikeSimulate("--link", link, "--steps", "5000");

    [Fact]
    public async Task Emulate_SeveralDevicesInAProcess_EachHasALinkOfItsOwn()
    {
        var summary = await EmulateLikeSimulate("flapping-wifi", "--steps", "5000", "--devices", "7", "--devices-per-process", "3");
        Assert.True(summary.GetProperty("retries").GetInt32() > 0);
        Assert.Equal(7, BytesByDevice().Count);
    }

    // Of twenty seeds in .ci/full.
    [Theory]
    [InlineData(2)]
    public async Task Emulate_ChaosTwice_InjectsTheSameFaultsInTheSameOrder(int seed)
    {
        string[] run = ["chaos", "--seed", seed.ToString(CultureInfo.InvariantCulture), "--steps", "5000"];
        await EmulateLikeSimulate(run);
        var first = Events(folder["e"], "fault");
        Assert.NotEmpty(first);
        Assert.Equal(first, Events(folder["s"], "fault"));
        Assert.Equal(0, (await DccProcess.Run(["emulate", .. run, "--output", folder["again"]])).ExitCode);
        Assert.Equal(first, Events(folder["again"], "fault"));
    }

    [Fact]
    public async Task Emulate_Undisturbed_CostsAtMost210IpBytesPerDeviceAndRound()
    {
        var summary = await EmulateLikeSimulate("--steps", "5000", "--rounds", "20");
        var bytes = summary.GetProperty("bytes");
        Assert.InRange(bytes.GetProperty("ipBytesPerDeviceRound").GetDouble(), 150, 210);
        Assert.Equal(0, bytes.GetProperty("causes").GetProperty("retry").GetProperty("up").GetInt64());
        Assert.Equal(0, bytes.GetProperty("connectionsWithoutSegments").GetInt64());
    }

    [Fact]
    public async Task Simulate_Scenario_TellsVirtualTimesAndChangesNoResult()
    {
        Assert.Equal(0, (await DccProcess.Run("simulate", "--steps", "5000", "--output", folder["plain"])).ExitCode);
        Assert.Equal(0, (await DccProcess.Run("simulate", "partition-and-heal", "--steps", "5000", "--output", folder["s"])).ExitCode);
        var (plain, timed) = (DccProcess.Summary(folder["plain"]), DccProcess.Summary(folder["s"]));
        Assert.Equal(plain.GetProperty("digest").GetString(), timed.GetProperty("digest").GetString());
        Assert.Equal(JsonValueKind.Null, plain.GetProperty("virtualSeconds").ValueKind);
        Assert.InRange(timed.GetProperty("virtualSeconds").GetDouble(), 2, 10);
        var slow = (await File.ReadAllLinesAsync(Path.Combine(folder["s"], "rounds.csv"), TestContext.Current.CancellationToken))
            .Skip(1).Select(line => line.Split(',')).Where(row => double.Parse(row[^1], CultureInfo.InvariantCulture) >= 2000).ToList();

        // Device 0 sends when the links of the even devices are cut; the others' reports may be through by then.
        Assert.Contains("0", slow.Select(row => row[1]));
        Assert.All(slow, row => Assert.Equal(("2", 0), (row[0], int.Parse(row[1], CultureInfo.InvariantCulture) % 2)));
    }

    public void Dispose() => folder.Dispose();

    private async Task<JsonElement> EmulateLikeSimulate(params string[] arguments)
    {
        string[] simulated = [.. arguments.Where((_, i) => arguments[i] != "--devices-per-process" && (i == 0 || arguments[i - 1] != "--devices-per-process"))];
        Assert.Equal(0, (await DccProcess.Run(["simulate", .. simulated, "--no-report", "--output", folder["s"]])).ExitCode);
        var emulated = await DccProcess.Run(["emulate", .. arguments, "--no-report", "--output", folder["e"]]);
        Assert.True(emulated.ExitCode == 0, emulated.Error);
        var summary = DccProcess.Summary(folder["e"]);
        Assert.Equal(DccProcess.Summary(folder["s"]).GetProperty("digest").GetString(), summary.GetProperty("digest").GetString());
        AddsUp(summary.GetProperty("bytes"));
        return summary;
    }

    // Layers, causes, rows of bytes.csv and the bytes that crossed the sockets.
    private void AddsUp(JsonElement bytes)
    {
        Assert.True(bytes.GetProperty("addsUp").GetBoolean());
        foreach (var way in (string[])["up", "down"])
        {
            var crossed = bytes.GetProperty("crossedTheSocket").GetProperty(way).GetInt64();
            Assert.True(crossed > 0);
            Assert.Equal(crossed, bytes.GetProperty("layers").EnumerateObject().Sum(layer => layer.Value.GetProperty(way).GetInt64()));
            Assert.Equal(crossed, bytes.GetProperty("causes").EnumerateObject().Sum(cause => cause.Value.GetProperty(way).GetInt64()));
            Assert.Equal(crossed, Sum(way, layer => !layer.StartsWith("tcp-ip-headers", StringComparison.Ordinal)));
            Assert.Equal(
                bytes.GetProperty("tcpIpHeadersOfDataSegments").GetProperty(way).GetInt64(), Sum(way, layer => layer == "tcp-ip-headers"));
            Assert.Equal(
                bytes.GetProperty("tcpIpHeadersOfBareSegments").GetProperty(way).GetInt64(),
                Sum(way, layer => layer == "tcp-ip-headers-of-bare-segments"));
        }

        Assert.Equal(0, bytes.GetProperty("layers").GetProperty("other").GetProperty("up").GetInt64());
        Assert.Equal(0, bytes.GetProperty("layers").GetProperty("other").GetProperty("down").GetInt64());
    }

    private long Sum(string way, Func<string, bool> layers) =>
        Rows().Where(row => row[1] == way && layers(row[4])).Sum(row => long.Parse(row[5], CultureInfo.InvariantCulture));

    private Dictionary<string, long> BytesByDevice() =>
        Rows().GroupBy(row => row[0]).ToDictionary(device => device.Key, device => device.Sum(row => long.Parse(row[5], CultureInfo.InvariantCulture)));

    private IEnumerable<string[]> Rows() => File.ReadLines(Path.Combine(folder["e"], "bytes.csv")).Skip(1).Select(line => line.Split(','));

    // Without their times, which differ.
    private static List<string> Events(string run, string kind) => [.. File.ReadLines(Path.Combine(run, "events.jsonl"))
        .Select(line => JsonDocument.Parse(line).RootElement).Where(element => element.GetProperty("event").GetString() == kind)
        .Select(element => element.GetProperty("reason").GetString()!)];
}
