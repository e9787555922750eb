using System.Diagnostics;
using System.Net.Sockets;
using Dcc.Core.Validation;

namespace Dcc.Links.Tests.Proxy;

public sealed class FaultTests
{
    private static readonly byte[] Message = Wire.Bytes(Wire.Length);

    [Fact]
    public async Task Reset_OpenConnection_BothSidesSeeConnectionReset()
    {
        await using var wire = new Wire(Wire.Latency(10));
        var (device, server) = await wire.ConnectAsync();
        wire.Proxy.Reset();
        Assert.Equal(SocketError.ConnectionReset, await Wire.FailureAsync(() => Wire.ReadAsync(device, 1)));
        Assert.Equal(SocketError.ConnectionReset, await Wire.FailureAsync(() => Wire.ReadAsync(server, 1)));
        await EchoAsync(wire);
    }

    [Fact]
    public async Task Refuse_NewConnections_AreRefusedUntilAllowedOnTheSamePort()
    {
        await using var wire = new Wire(LinkSettings.None);
        var (device, server) = await wire.ConnectAsync();
        for (var time = 0; time < 3; time++)
        {
            wire.Proxy.Refuse(true);
            Assert.Equal(SocketError.ConnectionRefused, await Wire.FailureAsync(() => wire.DialAsync()));
            await Wire.SendAsync(device, Message);
            Assert.Equal(Message, await Wire.ReadAsync(server, Message.Length));
            wire.Proxy.Refuse(false);
            await EchoAsync(wire);
        }
    }

    [Theory]
    [InlineData(LinkDirection.Up)]
    [InlineData(LinkDirection.Down)]
    public async Task LimitBytes_LongerTransfer_DeliversExactlySoManyThenResets(LinkDirection direction)
    {
        const int Limit = 10_000;
        await using var wire = new Wire(Wire.Latency(2));
        var (device, server) = await wire.ConnectAsync();
        wire.Proxy.LimitBytes(direction, Limit);
        var (sender, receiver) = direction == LinkDirection.Up ? (device, server) : (server, device);
        var sent = Wire.Bytes(50_000);
        await Wire.SendAsync(sender, sent);
        Assert.Equal(sent[..Limit], await Wire.ReadAsync(receiver, Limit));
        Assert.Equal(SocketError.ConnectionReset, await Wire.FailureAsync(() => Wire.ReadAsync(receiver, 1)));
        await EchoAsync(wire);
    }

    [Fact]
    public async Task Partition_Up_StallsThatWayOnlyAndHealsAtARetransmission()
    {
        await using var wire = new Wire(Wire.Latency(1));
        var (device, server) = await wire.ConnectAsync();
        wire.Proxy.Partition(up: true, down: false);
        var start = Stopwatch.GetTimestamp();
        await Wire.SendAsync(device, Message);
        var stalled = Wire.ReadAsync(server, Message.Length);
        await Wire.SendAsync(server, Message);
        Assert.Equal(Message, await Wire.ReadAsync(device, Message.Length));
        await Task.Delay(300, TestContext.Current.CancellationToken);
        Assert.False(stalled.IsCompleted);
        wire.Proxy.Heal();
        Assert.Equal(Message, await stalled);

        // Retransmissions 202 ms and 606 ms after the first transmission; the first one fell into the partition.
        Assert.True(Stopwatch.GetElapsedTime(start).TotalMilliseconds >= 606);
    }

    [Fact]
    public async Task Partition_BeyondTheLimit_ResetsTheConnection()
    {
        var way = Wire.Delayed(1) with { ResetAfter = TimeSpan.FromMilliseconds(500) };
        await using var wire = new Wire(new LinkSettings(way, way));
        var (device, server) = await wire.ConnectAsync();
        wire.Proxy.Partition(up: true, down: true);
        var start = Stopwatch.GetTimestamp();
        await Wire.SendAsync(device, Message);
        Assert.Equal(SocketError.ConnectionReset, await Wire.FailureAsync(() => Wire.ReadAsync(device, 1)));
        Assert.True(Stopwatch.GetElapsedTime(start).TotalMilliseconds >= 500);
        Assert.Equal(SocketError.ConnectionReset, await Wire.FailureAsync(() => Wire.ReadAsync(server, 1)));
    }

    [Fact]
    public async Task Partition_LongTransfer_SenderIsHeldBack()
    {
        var way = new DirectionSettings { QueueBytes = 100_000 };
        await using var wire = new Wire(new LinkSettings(way, way));
        var (device, server) = await wire.ConnectAsync();
        wire.Proxy.Partition(up: true, down: true);
        var sent = Wire.Bytes(20 * 1024 * 1024);
        var sending = Wire.SendAsync(device, sent);
        await Task.Delay(100, TestContext.Current.CancellationToken);
        Assert.False(sending.IsCompleted);
        wire.Proxy.Heal();
        Assert.Equal(sent, await Wire.ReadAsync(server, sent.Length));
        await sending;
    }

    [Fact]
    public async Task Partition_BeforeTheConnection_HoldsItUpToTheHealing()
    {
        await using var wire = new Wire(LinkSettings.None);
        wire.Proxy.Partition(up: false, down: true);
        var start = Stopwatch.GetTimestamp();
        var connecting = wire.ConnectAsync();
        await Task.Delay(200, TestContext.Current.CancellationToken);
        Assert.False(connecting.IsCompleted);
        wire.Proxy.Heal();
        await connecting;
        Assert.True(Stopwatch.GetElapsedTime(start).TotalSeconds >= 1, "the SYN-ACK is sent again after a second");
    }

    [Fact]
    public async Task Change_AtRunTime_HitsBytesFromThenOn()
    {
        await using var wire = new Wire(LinkSettings.None);
        var (device, server) = await wire.ConnectAsync();
        wire.Proxy.Change(Wire.Latency(150));
        var start = Stopwatch.GetTimestamp();
        await Wire.SendAsync(device, Message);
        Assert.Equal(Message, await Wire.ReadAsync(server, Message.Length));
        Assert.True(Stopwatch.GetElapsedTime(start).TotalMilliseconds >= 150);
        Assert.Equal(Wire.Latency(150), wire.Proxy.Settings);
    }

    [Fact]
    public async Task Change_OutOfRange_NamesEveryFault()
    {
        await using var wire = new Wire(LinkSettings.None);
        var wrong = new LinkSettings(new DirectionSettings { Loss = 1 }, new DirectionSettings { QueueBytes = 1 });
        var refusal = Assert.Throws<InvalidInputException>(() => wire.Proxy.Change(wrong));
        Assert.Equal(["up.loss", "down.queueBytes"], refusal.Faults.Select(fault => fault.Field));
    }

    [Fact]
    public async Task Tap_FaultMadeWhenBytesAreSeen_HitsThoseBytes()
    {
        var tap = new CuttingTap();
        await using var wire = new Wire(Wire.Latency(5), tap);
        tap.Proxy = wire.Proxy;
        var (device, server) = await wire.ConnectAsync();
        await Wire.SendAsync(device, Message);
        Assert.Equal(SocketError.ConnectionReset, await Wire.FailureAsync(() => Wire.ReadAsync(device, 1)));
        Assert.Equal(SocketError.ConnectionReset, await Wire.FailureAsync(() => Wire.ReadAsync(server, 1)));
        Assert.Equal(0, wire.Proxy.Counts.UpBytes);
    }

    private static async Task EchoAsync(Wire wire)
    {
        var (device, server) = await wire.ConnectAsync();
        await Wire.SendAsync(device, Message);
        Assert.Equal(Message, await Wire.ReadAsync(server, Message.Length));
    }

    private sealed class CuttingTap : ILinkTap, IConnectionTap
    {
        internal Links.Proxy.LinkProxy? Proxy { get; set; }

        public IConnectionTap Opened() => this;

        public void Sent(LinkDirection direction, ReadOnlySpan<byte> bytes) => Proxy!.Reset();

        public void Delivered(LinkDirection direction, ReadOnlySpan<byte> bytes)
        {
        }

        public void Closed(SegmentCounts? segments)
        {
        }
    }
}
