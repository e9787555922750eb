namespace Dcc.Cli.Tests;

public sealed class EmulateTlsTests : IDisposable
{
    private static readonly string[] Plain = ["payload", "messagePrefix", "dataFrameHeaders", "headersFrames", "controlFrames"];

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("1")]
    [InlineData("2")]
    public async Task Emulate_Tls_HasTheSameDigestAndItsBytesAddUp(string perProcess)
    {
        string[] run = ["--devices", "4", "--rounds", "4", "--solver", "exact", "--no-report", "--devices-per-process", perProcess];
        await Emulate(run, "p");
        await Emulate([.. run, "--tls"], "e");
        var (open, sealedUp) = (DccProcess.Summary(folder["p"]), DccProcess.Summary(folder["e"]));
        Assert.Equal(open.GetProperty("digest").GetString(), sealedUp.GetProperty("digest").GetString());
        var bytes = sealedUp.GetProperty("bytes");
        Assert.True(bytes.GetProperty("addsUp").GetBoolean());
        Assert.Equal(bytes.GetProperty("crossedTheSocket").GetRawText(), bytes.GetProperty("total").GetRawText());

        // What the protocol says is the same; a push and a report are two records of 22 bytes more.
        foreach (var way in new[] { "up", "down" })
        {
            Assert.Equal(Layer(open, "payload", way), Layer(sealedUp, "payload", way));
            Assert.All(Plain, layer => Assert.True(Layer(sealedUp, layer, way) > 0, layer));
            Assert.True(Layer(sealedUp, "tls", way) > 4 * 500);
        }

        var more = bytes.GetProperty("ipBytesPerDeviceRound").GetDouble() - open.GetProperty("bytes").GetProperty("ipBytesPerDeviceRound").GetDouble();
        Assert.InRange(more, 40, 60);

        // Certificates and keys are gone, and never were in the run's folder.
        Assert.Empty(Directory.GetDirectories(folder["tmp"], "dcc-tls-*"));
        Assert.All(Directory.GetFiles(folder["e"], "*", SearchOption.AllDirectories), file =>
            Assert.DoesNotContain("PRIVATE KEY", File.ReadAllText(file), StringComparison.Ordinal));
    }

    [Fact]
    public async Task Emulate_TlsWithFaults_HasTheSameDigestAndItsBytesAddUp()
    {
        await File.WriteAllTextAsync(
            folder["faults.yaml"],
            """
            name: faults
            description: what breaks connections
            run: {devices: 4, rounds: 5}
            timeline:
              - {at: {round: 0}, link: reset, devices: 1}
              - {at: {round: 1}, link: limit, devices: 0, direction: down, bytes: 50 B}
              - {at: {round: 2}, link: partition, devices: odd, for: 500 ms}
              - {at: {round: 3}, coordinator: kill, restartAfter: 300 ms}
              - {at: {round: 4}, agent: kill, devices: 2, restartAfter: 300 ms}
            """,
            TestContext.Current.CancellationToken);
        string[] run = [folder["faults.yaml"], "--steps", "2000", "--no-report"];
        Assert.Equal(0, (await DccProcess.Run(["simulate", .. run, "--output", folder["s"]])).ExitCode);
        await Emulate([.. run, "--tls"], "e");
        var summary = DccProcess.Summary(folder["e"]);
        Assert.Equal(DccProcess.Summary(folder["s"]).GetProperty("digest").GetString(), summary.GetProperty("digest").GetString());
        Assert.Equal(5, summary.GetProperty("faults").GetInt32());
        var bytes = summary.GetProperty("bytes");
        Assert.True(bytes.GetProperty("addsUp").GetBoolean());
        Assert.True(bytes.GetProperty("causes").GetProperty("retry").GetProperty("up").GetInt64() > 0);
    }

    [Fact]
    public async Task Emulate_AfterOneThatWasKilled_RemovesItsFolderAndNoLivingOnes()
    {
        foreach (var name in new[] { "dcc-tls-dead", "dcc-tls-living", "dcc-tls-other" })
        {
            Directory.CreateDirectory(folder["tmp/" + name]);
            await File.WriteAllTextAsync(folder[$"tmp/{name}/server.key"], "key", TestContext.Current.CancellationToken);
        }

        await File.WriteAllTextAsync(folder["tmp/dcc-tls-dead/alive"], "", TestContext.Current.CancellationToken);
        await using var living = new FileStream(folder["tmp/dcc-tls-living/alive"], FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None);
        await Emulate(["--devices", "2", "--rounds", "1", "--solver", "exact", "--no-report", "--tls"], "e");
        Assert.Equal(["dcc-tls-living", "dcc-tls-other"], Directory.GetDirectories(folder["tmp"], "dcc-tls-*").Select(Path.GetFileName).Order());
    }

    [Fact]
    public async Task Emulate_TlsWithAFaultAtAProtocolPoint_IsRefused()
    {
        var result = await DccProcess.Run("emulate", "agent-churn", "--tls", "--output", folder["e"]);
        Assert.Equal(2, result.ExitCode);
        Assert.StartsWith("dcc: tls: expected a scenario without faults at protocol points", result.Error, StringComparison.Ordinal);
        Assert.Equal(1, result.Error.Count(character => character == '\n'));
    }

    private async Task Emulate(string[] arguments, string output)
    {
        Directory.CreateDirectory(folder["tmp"]);
        var result = await DccProcess.Run(
            new Dictionary<string, string> { ["TMPDIR"] = folder["tmp"] }, ["emulate", .. arguments, "--output", folder[output]]);
        Assert.True(result.ExitCode == 0, result.Error);
    }

    private static long Layer(System.Text.Json.JsonElement summary, string layer, string way) =>
        summary.GetProperty("bytes").GetProperty("layers").GetProperty(layer).GetProperty(way).GetInt64();
}
