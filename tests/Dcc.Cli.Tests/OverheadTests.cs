using System.Globalization;
using System.Text.Json;

namespace Dcc.Cli.Tests;

public sealed class OverheadTests : IDisposable
{
    // 5-byte prefixes and 9-byte frame headers: what gRPC and HTTP/2 say, not what the command says.
    private const int PrefixBytes = 5;
    private const int FrameHeaderBytes = 9;
    private const int LongestFrame = 16 * 1024;
    private const int SegmentHeaderBytes = 52;

    private static readonly string[] Layers = ["payload", "messagePrefix", "dataFrameHeaders", "otherHttp2"];
    private static readonly string[] Names = ["this-protocol", "q-tables", "experience", "weights"];

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Overhead_FourExchanges_CostWhatTheirMessagesSay()
    {
        var report = await Measure("a", "--devices", "2", "--rounds", "3", "--steps", "12000", "--time-limit", "0");

        var exchanges = Exchanges(report);
        Assert.Equal(Names, exchanges.Keys);
        foreach (var (name, exchange) in exchanges)
        {
            foreach (var direction in (string[])["up", "down"])
            {
                var bytes = exchange.GetProperty(direction);
                Assert.Equal(Layers.Sum(layer => Number(bytes, layer)), Number(bytes, "onTheSocket"), 6);
                Assert.True(Number(bytes, "tcpIpHeadersOfDataSegments") >= SegmentHeaderBytes, $"{name} {direction}");
            }

            Assert.Equal(
                Number(exchange.GetProperty("up"), "onTheSocket") + Number(exchange.GetProperty("up"), "tcpIpHeadersOfDataSegments")
                + Number(exchange.GetProperty("down"), "onTheSocket") + Number(exchange.GetProperty("down"), "tcpIpHeadersOfDataSegments"),
                Number(exchange, "ipBytes"), 6);
        }

        // A round's push and report are at most 76 bytes of protobuf, and their cost at most 210 bytes of IP.
        var ours = exchanges["this-protocol"];
        Assert.InRange(Number(ours.GetProperty("up"), "payload") + Number(ours.GetProperty("down"), "payload"), 8 * 7, 76);
        Assert.InRange(Number(ours, "ipBytes"), 8 * 7, 210);

        // 2 x 64 + 64, 64 x 64 + 64 and 64 x 3 + 3 floats; a kind, a round and a length of 2, 2 and 4 bytes before them.
        const int Weights = 4 * ((3 * 64) + (65 * 64) + (65 * 3));
        Assert.Equal(Weights + 8, Number(exchanges["weights"].GetProperty("up"), "payload"));
        Assert.Equal(Weights + 8, Number(exchanges["weights"].GetProperty("down"), "payload"));

        // 12 000 transitions of 9 bytes in chunks of 5000: three messages, of 45, 45 and 18 kB.
        var experience = exchanges["experience"].GetProperty("up");
        Assert.InRange(Number(experience, "payload"), 9 * 12_000, (9 * 12_000) + (3 * 8));
        Assert.Equal(3 * PrefixBytes, Number(experience, "messagePrefix"));
        Assert.Equal((3 + 3 + 2) * FrameHeaderBytes, Number(experience, "dataFrameHeaders"));
        Assert.True(45_000 > 2 * LongestFrame && 45_000 < 3 * LongestFrame && 18_000 > LongestFrame);

        // Tables of 300 to 390 states.
        Assert.InRange(Number(exchanges["q-tables"].GetProperty("up"), "payload"), 8 * 3 * 300, (8 * 3 * 390) + 8);
        double[] costs = [.. ((string[])["this-protocol", "q-tables", "weights", "experience"]).Select(name => Number(exchanges[name], "ipBytes"))];
        Assert.Equal(costs.Order(), costs);
    }

    [Fact]
    public async Task Overhead_QTables_HaveTheSizeOfTheSystemsStates()
    {
        var system = DccProcess.Golden("system-n2-a1.json");
        var states = JsonDocument.Parse(await File.ReadAllTextAsync(system, TestContext.Current.CancellationToken)).RootElement;
        var sizes = states.GetProperty("devices").EnumerateArray().Select(device => 8.0 * 3 * states.GetProperty("maxAge").GetInt32()
            * (states.GetProperty("battery").GetInt32() + 1
                - Math.Min(0, device.GetProperty("minHarvest").GetInt32() - device.GetProperty("maxCost").GetInt32()))).ToList();

        var report = await Measure("a", "--system", system, "--rounds", "2", "--steps", "1000", "--time-limit", "0");

        // A kind, a round and a length of 2, 2 and 3 bytes before the table.
        var tables = Exchanges(report)["q-tables"];
        Assert.Equal(2, report.GetProperty("devices").GetInt32());
        Assert.Equal(sizes.Average() + 7, Number(tables.GetProperty("up"), "payload"));
        Assert.Equal(sizes.Average() + 7, Number(tables.GetProperty("down"), "payload"));
    }

    [Fact]
    public async Task Overhead_LinksChosen_AreTimedOnSocketsAndTheOthersVirtually()
    {
        var report = await Measure("a", "--devices", "2", "--rounds", "3", "--steps", "1000", "--link", "lte,5g");

        foreach (var exchange in Exchanges(report).Values)
        {
            var times = exchange.GetProperty("times").EnumerateArray()
                .ToDictionary(time => time.GetProperty("link").GetString()!, time => time);
            Assert.Equal(9, times.Count);
            foreach (var (link, time) in times)
            {
                Assert.Equal(link is "loopback" or "lte" or "5g" ? "real-sockets" : "virtual-time", time.GetProperty("source").GetString());
            }

            Assert.True(Number(times["geo-satellite"], "medianMilliseconds") > Number(times["wifi"], "medianMilliseconds"));
        }
    }

    [Fact]
    public async Task Overhead_AlgorithmsBytesUntilNearBest_AreItsRoundsTimesItsCost()
    {
        var report = await Measure("a", "--devices", "3", "--rounds", "2", "--steps", "20000", "--time-limit", "0");

        var convergence = report.GetProperty("convergence");
        double[] costs = [.. convergence.GetProperty("costs").EnumerateArray().Select(cost => cost.GetDouble())];
        var limit = 1.05 * Number(convergence, "bestKnown");
        Assert.Equal(costs.Length, convergence.GetProperty("rounds").GetInt32());
        Assert.True(costs[^1] <= limit && costs[..^1].All(cost => cost > limit));
        var exchanges = Exchanges(report);
        Assert.Equal(
            Number(exchanges["this-protocol"], "ipBytes") * 3 * costs.Length, Number(exchanges["this-protocol"], "bytesUntilNearBest"), 6);
        Assert.All(exchanges.Where(exchange => exchange.Key != "this-protocol"), exchange =>
        {
            Assert.Equal(JsonValueKind.Null, exchange.Value.GetProperty("bytesUntilNearBest").ValueKind);
            Assert.False(exchange.Value.GetProperty("learnerRun").GetBoolean());
        });

        // The same run by the command that makes runs ends with the same cost.
        var simulated = await DccProcess.Run(
            "simulate", "--devices", "3", "--rounds", costs.Length.ToString(CultureInfo.InvariantCulture), "--steps", "20000",
            "--output", folder["s"]);
        Assert.Equal(0, simulated.ExitCode);
        Assert.Equal(costs[^1], DccProcess.Summary(folder["s"]).GetProperty("approximateCost").GetDouble());
    }

    [Fact]
    public async Task Overhead_Repeated_CarriesTheSameBytes()
    {
        string[] options = ["--devices", "3", "--rounds", "2", "--steps", "30000", "--seed", "7", "--time-limit", "0"];
        await Measure("a", options);
        await Measure("b", options);

        Assert.Equal(await SocketRows("a"), await SocketRows("b"));
    }

    [Fact]
    public async Task Overhead_Table_FitsAndNamesWhatItDidNotMeasure()
    {
        var result = await DccProcess.Run(
            "overhead", "--devices", "1", "--rounds", "1", "--steps", "1000", "--time-limit", "0", "--output", folder["a"]);

        Assert.Equal(0, result.ExitCode);
        var lines = result.Output.Split('\n').Where(line => !line.StartsWith("output", StringComparison.Ordinal)).ToList();
        Assert.All(lines, line => Assert.True(line.TrimEnd().Length <= 80, line));
        var text = string.Join(' ', result.Output.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        Assert.Contains("not by this command", text, StringComparison.Ordinal);
        Assert.Contains("not run: the exchange is scripted", text, StringComparison.Ordinal);
        Assert.Contains("each of 4 ledgers adds up", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("link", "--link carrier-pigeon")]
    [InlineData("link", "--link wifi,")]
    [InlineData("devices", "--devices 0")]
    [InlineData("devices", "--devices 501")]
    [InlineData("rounds", "--rounds 0")]
    [InlineData("steps", "--steps -1")]
    [InlineData("time-limit", "--time-limit NaN")]
    [InlineData("time-limit", "--time-limit -1")]
    [InlineData("system", "--system no-such-file")]
    public async Task Overhead_BadInput_ExitsTwoWithOneLineNamingTheField(string field, string line)
    {
        var result = await DccProcess.Run(["overhead", "--output", folder["a"], .. line.Split(' ')]);

        Assert.Equal((2, ""), (result.ExitCode, result.Output));
        Assert.StartsWith($"dcc: {field}: expected ", result.Error.Replace("--", "", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Equal(1, result.Error.Count(character => character == '\n'));
        Assert.False(Directory.Exists(folder["a"]));
    }

    [Fact]
    public async Task Overhead_Interrupted_ExitsOneAndSaysSo()
    {
        using var process = DccProcess.Start(null, "overhead", "--link", "geo-satellite", "--output", folder["a"]);
        while (await process.StandardError.ReadLineAsync(TestContext.Current.CancellationToken) is { } line
            && !line.Contains("over geo-satellite", StringComparison.Ordinal))
        {
        }

        DccProcess.Signal(process.Id, "INT");
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(1, process.ExitCode);
        var error = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        Assert.EndsWith("dcc: cancelled\n", error, StringComparison.Ordinal);
    }

    private async Task<JsonElement> Measure(string output, params string[] options)
    {
        var result = await DccProcess.Run(["overhead", "--output", folder[output], .. options]);
        Assert.True(result.ExitCode == 0, result.Error);
        using var document = JsonDocument.Parse(await File.ReadAllBytesAsync(
            Path.Combine(folder[output], "overhead.json"), TestContext.Current.CancellationToken));
        return document.RootElement.Clone();
    }

    // What crossed the sockets; the kernel is free to cut it into segments as it likes.
    private async Task<string[]> SocketRows(string output) =>
    [
        .. (await File.ReadAllLinesAsync(Path.Combine(folder[output], "overhead.csv"), TestContext.Current.CancellationToken)).Where(line =>
            line.Split(',')[1] is "payload" or "message-prefix" or "data-frame-headers"),
    ];

    private static Dictionary<string, JsonElement> Exchanges(JsonElement report) => report.GetProperty("exchanges").EnumerateArray()
        .ToDictionary(exchange => exchange.GetProperty("name").GetString()!);

    private static double Number(JsonElement element, string name) => element.GetProperty(name).GetDouble();
}
