using System.Diagnostics;
using System.Net.Sockets;
using Dcc.Links.Model;

namespace Dcc.Links.Tests.Proxy;

public sealed class CountingTests
{
    private const int Segment = LinkModel.SegmentBytes;

    [Theory]
    [InlineData(80)]
    [InlineData(10 * Segment)]
    [InlineData(1_000_000)]
    public async Task Segments_GracefulClose_PayloadEqualsTheBytesMoved(int count)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "TCP_INFO is Linux's");
        var tap = new RecordingTap();
        await using var wire = new Wire(Wire.Latency(2), tap);
        var (device, server) = await wire.ConnectAsync();
        var sent = Wire.Bytes(count);
        var sending = Wire.SendAsync(device, sent);
        Assert.Equal(sent, await Wire.ReadAsync(server, count));
        await sending;
        await Wire.SendAsync(server, sent.AsMemory(0, count / 2));
        await Wire.ReadAsync(device, count / 2);

        var live = wire.Proxy.Segments!.Value;
        Assert.Equal((count, count / 2), (live.UpBytes, live.DownBytes));
        device.Shutdown(SocketShutdown.Send);
        Assert.Empty(await Wire.ReadAllAsync(server));
        server.Shutdown(SocketShutdown.Send);
        Assert.Empty(await Wire.ReadAllAsync(device));

        var segments = (await tap.Ended.Task)!.Value;
        Assert.Equal((count, count / 2), (segments.UpBytes, segments.DownBytes));
        Assert.True(segments.UpData >= (count + Segment - 1) / Segment, $"{segments} carries more than {Segment} bytes a segment");
        Assert.True(segments.DownData >= ((count / 2) + Segment - 1) / Segment, $"{segments}");
        Assert.True(segments.UpBare >= 3, "SYN, acknowledgements, FIN");
        Assert.Equal(segments, wire.Proxy.Segments);
    }

    [Fact]
    public async Task Tap_WholeConnection_SeesEveryByteInOrderTwice()
    {
        var tap = new RecordingTap();
        var way = Wire.Delayed(1) with { Loss = 0.05, BandwidthBytesPerSecond = 2e6 };
        await using var wire = new Wire(new LinkSettings(way, way), tap);
        var (device, server) = await wire.ConnectAsync();
        var sent = Wire.Bytes(50_000);
        await Wire.SendAsync(device, sent);
        device.Shutdown(SocketShutdown.Send);
        Assert.Equal(sent, await Wire.ReadAllAsync(server));
        server.Shutdown(SocketShutdown.Send);
        await Wire.ReadAllAsync(device);
        await tap.Ended.Task;
        Assert.Equal(sent, tap.Seen[0].ToArray());
        Assert.Equal(sent, tap.Seen[2].ToArray());
        Assert.Equal(sent.Length, wire.Proxy.Counts.UpBytes);
    }

    [Fact]
    public async Task Counts_OneExchange_DelayImposedIsAtLeastTheLatency()
    {
        await using var wire = new Wire(Wire.Latency(20));
        var (device, server) = await wire.ConnectAsync();
        await Wire.SendAsync(device, Wire.Bytes(10));
        await Wire.ReadAsync(server, 10);
        await wire.Proxy.DisposeAsync();
        var counts = wire.Proxy.Counts;
        Assert.Equal((1, 0, 10, 0), (counts.Connections, counts.Open, counts.UpBytes, counts.DownBytes));
        Assert.True(counts.UpDelay.TotalMilliseconds >= 20);
    }

    [Fact]
    public async Task Connections_TwoHundredInTurn_LeaveNoSocket()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "reads /proc");
        await ConverseAsync(10);
        var before = OwnSockets();
        await ConverseAsync(200);

        // A leak would be 400; other tests open a few at the same time.
        Assert.InRange(OwnSockets(), 0, before + 100);

        async Task ConverseAsync(int times)
        {
            var tap = new RecordingTap();
            await using var wire = new Wire(LinkSettings.None, tap);
            for (var i = 0; i < times; i++)
            {
                var (device, server) = await wire.ConnectAsync();
                await Wire.SendAsync(device, Wire.Bytes(10));
                await Wire.ReadAsync(server, 10);
                device.Dispose();
                await Wire.ReadAllAsync(server);
                server.Dispose();
            }

            await wire.Proxy.DisposeAsync();
            Assert.Equal(times, tap.Closings);
            Assert.Equal((times, 0), (wire.Proxy.Counts.Connections, wire.Proxy.Counts.Open));
        }
    }

    private static int OwnSockets() => Directory.GetFiles("/proc/self/fd").Count(file =>
    {
        try
        {
            return File.ResolveLinkTarget(file, false)?.Name.StartsWith("socket:", StringComparison.Ordinal) == true;
        }
        catch (IOException)
        {
            // Closed since it was listed.
            return false;
        }
    });

    private sealed class RecordingTap : ILinkTap, IConnectionTap
    {
        private int closings;

        internal int Closings => closings;

        /// <summary>Sent up, sent down, delivered up, delivered down.</summary>
        internal MemoryStream[] Seen { get; } = [new(), new(), new(), new()];

        internal TaskCompletionSource<SegmentCounts?> Ended { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public IConnectionTap Opened() => this;

        public void Sent(LinkDirection direction, ReadOnlySpan<byte> bytes) => Seen[(int)direction].Write(bytes);

        public void Delivered(LinkDirection direction, ReadOnlySpan<byte> bytes) => Seen[2 + (int)direction].Write(bytes);

        public void Closed(SegmentCounts? segments)
        {
            Interlocked.Increment(ref closings);
            Ended.TrySetResult(segments);
        }
    }
}
