using System.Net;
using System.Text;
using Dcc.Agent;
using Dcc.Cli.Emulation;
using Dcc.Hosting.Telemetry;
using Dcc.Links;
using Dcc.Links.Ledger;
using Dcc.Links.Proxy;
using Dcc.Protocol.V1;
using Grpc.Net.Client;
using Microsoft.Extensions.Logging.Abstractions;

namespace Dcc.Services.Tests.Telemetry;

public class LinkMetricsTests
{
    [Fact]
    public async Task BytesOfLinksAndCoordinator_AreTheSameBytes()
    {
        using var instruments = new LinkInstruments();
        using var bridge = new PrometheusBridge(instruments.Meter);
        await using var host = await CoordinatorHost.Start(("Coordinator:Http", "http://127.0.0.1:0"));
        var ledgers = Enumerable.Range(0, CoordinatorHost.Devices).Select(device => new DeviceLedger(device, EmulatedNetwork.Meaning)).ToArray();
        var links = ledgers.Select(ledger => LinkProxy.Start(
            new IPEndPoint(IPAddress.Loopback, 0), IPEndPoint.Parse(new Uri(host.Address).Authority), LinkSettings.None, seed: 1, ledger.Device, ledger,
            instruments)).ToArray();
        using var learning = new SemaphoreSlim(2);
        Assert.All(await Task.WhenAll(links.Select((link, device) => Run(host, device, $"http://{link.Address}", learning))), code => Assert.Equal(0, code));
        await Task.WhenAll(links.Select(link => link.DisposeAsync().AsTask()));

        var scrape = await Scrape(bridge);
        long Carried(string direction) => (long)scrape.Of("dcc_link_io_bytes_total")
            .Where(series => series.Key.Contains($"direction=\"{direction}\"", StringComparison.Ordinal)).Sum(series => series.Value);
        Assert.Equal(ledgers.Sum(ledger => ledger.Totals().RawBytes(LinkDirection.Up)), Carried("up"));
        Assert.Equal(ledgers.Sum(ledger => ledger.Totals().RawBytes(LinkDirection.Down)), Carried("down"));
        Assert.True(scrape["""dcc_link_io_bytes_total{direction="up",layer="payload"}"""] > 0);
        Assert.True(scrape["dcc_link_delay_seconds_count"] > 0);
        Assert.Equal(0, scrape["dcc_link_connections"]);

        // Nobody else has spoken to the coordinator: what it counted are the links' bytes, once it has seen the connections' ends.
        await Tool.Until(async () =>
        {
            var coordinator = await Telemetry.Scrape.At(host.Http.OriginalString);
            return coordinator["""dcc_coordinator_io_bytes_total{direction="receive"}"""] >= links.Sum(link => link.Counts.UpBytes);
        });
        var counted = await Telemetry.Scrape.At(host.Http.OriginalString);
        Assert.Equal(links.Sum(link => link.Counts.UpBytes), counted["""dcc_coordinator_io_bytes_total{direction="receive"}"""]);
        Assert.InRange(counted["""dcc_coordinator_io_bytes_total{direction="transmit"}"""], links.Sum(link => link.Counts.DownBytes), double.MaxValue);
    }

    private static async Task<int> Run(CoordinatorHost host, int device, string address, SemaphoreSlim learning)
    {
        using var channel = GrpcChannel.ForAddress(address);
        return await new DeviceWorker(
            device, new AgentOptions { Coordinator = address, Run = CoordinatorHost.Run }, null, new Coordination.CoordinationClient(channel), learning,
            host.Instruments, TimeProvider.System, NullLogger.Instance).Run(TestContext.Current.CancellationToken);
    }

    private static async Task<Scrape> Scrape(PrometheusBridge bridge)
    {
        using var text = new MemoryStream();
        await bridge.Registry.CollectAndExportAsTextAsync(text, TestContext.Current.CancellationToken);
        return new Scrape(Encoding.UTF8.GetString(text.ToArray()));
    }
}
