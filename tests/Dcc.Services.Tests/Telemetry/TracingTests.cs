using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Dcc.Agent;
using Dcc.Agent.Telemetry;
using Dcc.Cli.Emulation;
using Dcc.Coordinator.Telemetry;
using Dcc.Hosting.Security;
using Dcc.Links;
using Dcc.Links.Ledger;
using Dcc.Links.Proxy;
using Dcc.Protocol;
using Dcc.Protocol.V1;
using Grpc.Net.Client;
using Microsoft.Extensions.Logging.Abstractions;

namespace Dcc.Services.Tests.Telemetry;

public class TracingTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public void RoundTraceIds_AreTheHashesThatTheirDocumentationNames()
    {
        var round = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes("round\0häfen\0" + "3")));
        var push = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes("push\0häfen\0" + "3\0" + "12")));
        Assert.Equal((round[..32], round[32..48]), Ids(RoundTraceIds.OfRound("häfen", 3)));
        Assert.Equal((round[..32], push[..16]), Ids(RoundTraceIds.OfPush("häfen", 3, 12)));
    }

    // One and two blocks and every length of the padding between.
    [Fact]
    public void RoundTraceIds_OfNamesOfAnyLength_AreSha256() => Assert.All(Enumerable.Range(0, 140), length =>
    {
        var run = new string('n', length);
        var expected = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"round\0{run}\0{length}")));
        Assert.Equal((expected[..32], expected[32..48]), Ids(RoundTraceIds.OfRound(run, length)));
    });

    // Breaks where a runtime renames the private field, or keeps the id anywhere else.
    [Fact]
    public void DerivedSpanId_GivenToASpan_IsItsIdEverywhere()
    {
        using var source = new ActivitySource("derived");
        var ended = new List<Activity>();
        using var listener = Listen(source.Name, ended.Add);
        var ids = RoundTraceIds.OfPush("run", 1, 2);
        using (var span = source.StartActivity("push", ActivityKind.Client, RoundTraceIds.OfRound("run", 1)))
        {
            DerivedSpanId.Give(span!, ids.SpanId);
            Assert.Equal((ids.TraceId, ids.SpanId), (span!.TraceId, span.SpanId));
            Assert.Equal(ids.SpanId, span.Context.SpanId);
            Assert.Equal($"00-{ids.TraceId}-{ids.SpanId}-01", span.Id);
            using var child = source.StartActivity("child");
            Assert.Equal((ids.TraceId, ids.SpanId), (child!.TraceId, child.ParentSpanId));
        }

        Assert.Equal(ids.SpanId, ended[^1].SpanId);
    }

    [Fact]
    public async Task Spans_OfARun_AreOneTreePerRound()
    {
        var run = $"traced-{Guid.NewGuid()}";
        var spans = new ConcurrentQueue<Activity>();
        using var coordinator = Listen(RoundTracing.SourceName, spans.Enqueue);
        using var agent = Listen(DeviceTelemetry.SourceName, spans.Enqueue);
        await using var host = await CoordinatorHost.Start(("Run:Name", run), ("Run:Solver", "q-learning"), ("Run:Steps", "2000"));
        using var learning = new SemaphoreSlim(2);
        Assert.All(await Task.WhenAll(Enumerable.Range(0, CoordinatorHost.Devices).Select(device => Worker(host, run, device, learning))), code => Assert.Equal(0, code));
        for (var round = 0; round <= CoordinatorHost.Rounds; round++)
        {
            var ids = RoundTraceIds.OfRound(run, round);
            var trace = spans.Where(span => span.TraceId == ids.TraceId).ToLookup(span => span.OperationName);
            var root = trace["round"].Single();
            Assert.Equal((ids.SpanId, default(ActivitySpanId)), (root.SpanId, root.ParentSpanId));
            Assert.Equal(ids.SpanId, trace["commit"].Single().ParentSpanId);
            for (var device = 0; device < CoordinatorHost.Devices; device++)
            {
                var push = trace["push"].Single(span => (int)span.GetTagItem("dcc.device")! == device);
                Assert.Equal((RoundTraceIds.OfPush(run, round, device).SpanId, ids.SpanId), (push.SpanId, push.ParentSpanId));
                Assert.Equal(1, push.GetTagItem("dcc.pushes"));
                var learn = trace["learn"].Single(span => (int)span.GetTagItem("dcc.device")! == device);
                Assert.Equal((push.SpanId, true), (learn.ParentSpanId, learn.HasRemoteParent));
                Assert.Equal(push.SpanId, trace["report"].Single(span => (int)span.GetTagItem("dcc.device")! == device).ParentSpanId);

                // In the last round the perturbations are zero, so there is nothing to evaluate but the point itself.
                Assert.Equal(
                    round < CoordinatorHost.Rounds ? ["others", "own", "reference"] : ["reference"],
                    trace["evaluate"].Where(span => span.ParentSpanId == learn.SpanId).Select(span => (string)span.GetTagItem("dcc.evaluation")!).Order());
            }
        }
    }

    [Fact]
    public async Task Push_SentAgainOnANewStream_IsOneSpanFromTheFirst()
    {
        var run = $"traced-{Guid.NewGuid()}";
        var spans = new ConcurrentQueue<Activity>();
        using var listener = Listen(RoundTracing.SourceName, spans.Enqueue);
        await using var host = await CoordinatorHost.Start(("Run:Name", run), ("Run:Devices", "1"));
        using (var lost = Talker.Open(host))
        {
            await lost.Say(Talker.Hello(0, run: run));
            await lost.Next();
            Assert.Equal(0u, (await lost.Next()).Push.Round);
        }

        RunStatus status;
        do
        {
            status = await host.Operation.GetRunAsync(new RunRequest { Run = run }, cancellationToken: Cancellation);
        }
        while (status.Connected > 0);

        using var device = Talker.Open(host);
        await device.Say(Talker.Hello(0, run: run));
        await device.Next();
        await device.Next();
        await device.Say(Talker.Report(0));
        Assert.Equal(1u, (await device.Next()).Push.Round);
        var push = Assert.Single(spans, span => span.OperationName == "push" && span.TraceId == RoundTraceIds.OfRound(run, 0).TraceId);
        Assert.Equal(2, push.GetTagItem("dcc.pushes"));
    }

    // Trace ids are derived on both sides: nothing may be added to a stream, whatever is being traced.
    [Fact]
    public async Task Stream_WhileTracing_HasTheSameHeaders()
    {
        await using var host = await CoordinatorHost.Start();
        var ledger = new DeviceLedger(0, EmulatedNetwork.Meaning);
        await using var link = LinkProxy.Start(
            new IPEndPoint(IPAddress.Loopback, 0), IPEndPoint.Parse(new Uri(host.Address).Authority), LinkSettings.None, seed: 1, index: 0, ledger);
        var untraced = await Join(0, Open);
        using var listener = Listen(name: null, _ => { });
        using var source = new ActivitySource("anybody");
        using var around = source.StartActivity("around");
        Assert.NotNull(Activity.Current);
        Assert.Equal(untraced, await Join(1, Open));

        // What the platform would do by itself.
        Assert.True((await Join(2, OpenAsIs)).Up > untraced.Up);

        async Task<(long Up, long Down)> Join(uint device, Func<Dictionary<string, GrpcChannel>, string, Coordination.CoordinationClient> open)
        {
            var before = ledger.Totals();
            var channels = new Dictionary<string, GrpcChannel>();
            using var call = open(channels, $"http://{link.Address}").Participate(cancellationToken: Cancellation);
            await call.RequestStream.WriteAsync(Talker.Hello(device), Cancellation);
            Assert.True(await call.ResponseStream.MoveNext(Cancellation));
            var after = ledger.Totals();
            while (Headers(after, LinkDirection.Up) == Headers(before, LinkDirection.Up) || Headers(after, LinkDirection.Down) == Headers(before, LinkDirection.Down))
            {
                // A link may count just after it delivers.
                await Task.Delay(1, Cancellation);
                after = ledger.Totals();
            }

            channels.Values.Single().Dispose();
            return (Headers(after, LinkDirection.Up) - Headers(before, LinkDirection.Up), Headers(after, LinkDirection.Down) - Headers(before, LinkDirection.Down));
        }
    }

    private static Coordination.CoordinationClient Open(Dictionary<string, GrpcChannel> channels, string address) =>
        new(channels[address] = CoordinatorChannels.Create(address, new ClientSecurity()));

    private static Coordination.CoordinationClient OpenAsIs(Dictionary<string, GrpcChannel> channels, string address) =>
        new(channels[address] = GrpcChannel.ForAddress(address));

    private static long Headers(LedgerTotals totals, LinkDirection direction) => totals.Bytes(direction, LedgerLayer.HeadersFrames);

    private static (string, string) Ids(ActivityContext context) => (context.TraceId.ToHexString(), context.SpanId.ToHexString());

    private static async Task<int> Worker(CoordinatorHost host, string run, int device, SemaphoreSlim learning) => await new DeviceWorker(
        device, new AgentOptions { Coordinator = host.Address, Run = run }, null, host.Coordination, learning, host.Instruments, TimeProvider.System,
        NullLogger.Instance).Run(Cancellation);

    private static ActivityListener Listen(string? name, Action<Activity> stopped)
    {
        var listener = new ActivityListener
        {
            ShouldListenTo = source => name is null || source.Name == name,
            Sample = (ref _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = stopped,
        };
        ActivitySource.AddActivityListener(listener);
        return listener;
    }
}
