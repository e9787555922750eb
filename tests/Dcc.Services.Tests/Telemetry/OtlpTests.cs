using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Dcc.Protocol;
using Dcc.Services.Tests.Telemetry.Otlp;
using Google.Protobuf;

namespace Dcc.Services.Tests.Telemetry;

/// <summary>A coordinator and an agent of two devices, each a process.</summary>
public class OtlpTests
{
    private const string Run = "otlp";
    private const int Devices = 2;
    private const int Rounds = 2;
    private const string Endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";

    private sealed record Ended(string Coordinator, string Agent);

    private sealed record Exported(string Service, Span Span)
    {
        internal (string, string) Ids => (Hex(Span.TraceId), Hex(Span.SpanId));

        internal string Parent => Hex(Span.ParentSpanId);
    }

    [Fact]
    public async Task Export_OfSeparateProcesses_IsOneTraceOfLinkedSpansPerRound()
    {
        await using var receiver = await OtlpReceiver.Start();
        var ended = await Play(
            new Dictionary<string, string> { [Endpoint] = receiver.Address },
            new Dictionary<string, string> { [Endpoint] = receiver.Address, ["OTEL_SERVICE_NAME"] = "edge", ["OTEL_RESOURCE_ATTRIBUTES"] = "site=here" });
        Assert.DoesNotContain("OTLP", ended.Coordinator + ended.Agent, StringComparison.Ordinal);
        Assert.Equal(["Dcc.Agent", "Dcc.Coordinator"], receiver.Spans.SelectMany(of => of.ScopeSpans).Select(scope => scope.Scope.Name).Distinct().Order());
        var spans = receiver.Spans.SelectMany(of => of.ScopeSpans.SelectMany(scope => scope.Spans)
            .Select(span => new Exported(OtlpReceiver.Attribute(of.Resource.Attributes, "service.name")!, span))).ToList();
        for (var round = 0; round <= Rounds; round++)
        {
            CheckRound(round, spans);
        }

        var edge = receiver.Spans.First(of => OtlpReceiver.Attribute(of.Resource.Attributes, "service.name") == "edge").Resource.Attributes;
        Assert.Equal("here", OtlpReceiver.Attribute(edge, "site"));
        Assert.NotEmpty(OtlpReceiver.Attribute(edge, "service.instance.id")!);
        var instruments = receiver.Metrics.SelectMany(of => of.ScopeMetrics).SelectMany(scope => scope.Metrics).Select(metric => metric.Name).ToHashSet();
        Assert.Superset(
            new HashSet<string> { "dcc.reports", "dcc.round.duration", "dcc.learning.steps", "dotnet.process.cpu.time", "resilience.polly.strategy.attempt.duration" },
            instruments);
        var lines = receiver.Logs.SelectMany(of => of.ScopeLogs).SelectMany(scope => scope.LogRecords).ToList();
        Assert.Equal(
            Hex(RoundTraceIds.OfRound(Run, 1).TraceId), Hex(lines.Single(line => line.Body.StringValue.EndsWith("round 1 committed", StringComparison.Ordinal)).TraceId));
        Assert.Equal(Devices, lines.Count(line => line.Body.StringValue.EndsWith("learned round 1", StringComparison.Ordinal)
            && Hex(line.TraceId) == Hex(RoundTraceIds.OfRound(Run, 1).TraceId)));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Endpoint_Unreachable_IsSaidOnceAndNothingElseHappens(bool isRefused)
    {
        // Connections to the other one are taken by the kernel, and nobody ever answers.
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        var endpoint = isRefused ? $"http://127.0.0.1:{Tool.FreePort()}" : $"http://{silent.LocalEndpoint}";
        var environment = new Dictionary<string, string> { [Endpoint] = endpoint };
        var ended = await Play(environment, environment);
        Assert.Contains("finished with digest", ended.Coordinator, StringComparison.Ordinal);
        foreach (var output in new[] { ended.Coordinator, ended.Agent })
        {
            Assert.Single(output.Split('\n'), line => line.Contains("OTLP", StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task Variables_DisabledOrNone_ExportNothing()
    {
        await using var receiver = await OtlpReceiver.Start();
        await Play(
            new Dictionary<string, string> { [Endpoint] = receiver.Address, ["OTEL_SDK_DISABLED"] = "true" },
            new Dictionary<string, string> { ["OTEL_EXPORTER_OTLP_METRICS_ENDPOINT"] = receiver.Address });
        Assert.Empty(receiver.Spans);
        Assert.Empty(receiver.Logs);
        Assert.All(receiver.Metrics, of => Assert.Equal("dcc-agent", OtlpReceiver.Attribute(of.Resource.Attributes, "service.name")));
        Assert.NotEmpty(receiver.Metrics);
    }

    [Fact]
    public async Task JsonLogs_LinesAboutARound_CarryItsTrace()
    {
        var ended = await Play(new Dictionary<string, string>(), new Dictionary<string, string>(), "--log-format", "json");
        var trace = Hex(RoundTraceIds.OfRound(Run, 1).TraceId);
        var lines = (ended.Coordinator + ended.Agent).Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => JsonDocument.Parse(line).RootElement).ToList();
        var about = lines.Select(line => line.GetProperty("State")).Where(state => state.TryGetProperty("TraceId", out var id) && id.GetString() == trace).ToList();
        Assert.Equal(1 + Devices, about.Count);
        Assert.All(about, state => Assert.Equal("1", state.GetProperty("Round").ToString()));
        Assert.All(lines, line => Assert.True(DateTimeOffset.TryParse(line.GetProperty("Timestamp").GetString(), out _)));
    }

    private static void CheckRound(int round, List<Exported> spans)
    {
        var ids = RoundTraceIds.OfRound(Run, round);
        var trace = spans.Where(span => span.Ids.Item1 == Hex(ids.TraceId)).ToLookup(span => span.Span.Name);
        var root = trace["round"].Single();
        Assert.Equal(("dcc-coordinator", Hex(ids.SpanId), ""), (root.Service, root.Ids.Item2, root.Parent));
        Assert.Equal(Hex(ids.SpanId), trace["commit"].Single().Parent);
        Assert.Equal(
            Enumerable.Range(0, Devices).Select(device => Hex(RoundTraceIds.OfPush(Run, round, device).SpanId)).Order(),
            trace["push"].Select(span => span.Ids.Item2).Order());
        Assert.All(trace["push"], push => Assert.Equal(("dcc-coordinator", Hex(ids.SpanId)), (push.Service, push.Parent)));
        foreach (var push in trace["push"])
        {
            var learn = trace["learn"].Single(span => span.Parent == push.Ids.Item2);
            Assert.Equal("edge", learn.Service);
            Assert.Equal("edge", trace["evaluate"].Single(span => span.Parent == learn.Ids.Item2).Service);
            Assert.Equal("edge", trace["report"].Single(span => span.Parent == push.Ids.Item2).Service);
        }
    }

    private static async Task<Ended> Play(
        IReadOnlyDictionary<string, string> ofCoordinator, IReadOnlyDictionary<string, string> ofAgent, params string[] more)
    {
        var address = $"http://127.0.0.1:{Tool.FreePort()}";
        using var coordinator = Tool.StartService(
            "Dcc.Coordinator", ofCoordinator,
            [
                "--listen", address, "--http", "none", "--store", "memory", "--run", Run, "--devices", $"{Devices}", "--rounds", $"{Rounds}",
                "--steps", "2000", .. more,
            ]);
        var listening = await Tool.Says(coordinator, "Listening on");
        using var agent = Tool.StartService("Dcc.Agent", ofAgent, ["--coordinator", address, "--run", Run, "--devices", "0-1", .. more]);
        var output = agent.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await agent.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, agent.ExitCode);
        var (exitCode, rest) = await Tool.Stop(coordinator);
        Assert.Equal(0, exitCode);
        return new Ended(listening + "\n" + rest, await output);
    }

    private static string Hex(ByteString bytes) => Convert.ToHexStringLower(bytes.Span);

    private static string Hex(ActivityTraceId id) => id.ToHexString();

    private static string Hex(ActivitySpanId id) => id.ToHexString();
}
