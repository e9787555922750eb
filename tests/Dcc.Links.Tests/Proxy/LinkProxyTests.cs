using System.Diagnostics;
using System.Net.Sockets;

namespace Dcc.Links.Tests.Proxy;

public sealed class LinkProxyTests
{
    [Fact]
    public async Task Echo_BothWays_SameBytesNoEarlierThanTheLatency()
    {
        await using var wire = new Wire(Wire.Latency(30));
        var start = Stopwatch.GetTimestamp();
        var (device, server) = await wire.ConnectAsync();
        Assert.True(Stopwatch.GetElapsedTime(start).TotalMilliseconds >= 90, "SYN, SYN-ACK and ACK each cross the link");

        var sent = Wire.Bytes(Wire.Length);
        start = Stopwatch.GetTimestamp();
        await Wire.SendAsync(device, sent);
        Assert.Equal(sent, await Wire.ReadAsync(server, sent.Length));
        Assert.True(Stopwatch.GetElapsedTime(start).TotalMilliseconds >= 30);
        await Wire.SendAsync(server, sent);
        Assert.Equal(sent, await Wire.ReadAsync(device, sent.Length));
        Assert.True(Stopwatch.GetElapsedTime(start).TotalMilliseconds >= 60);
    }

    [Fact]
    public async Task HalfClose_Up_ServerReadsTheEndAndStillAnswers()
    {
        await using var wire = new Wire(Wire.Latency(5));
        var (device, server) = await wire.ConnectAsync();
        var sent = Wire.Bytes(100_000);
        await Wire.SendAsync(device, sent);
        device.Shutdown(SocketShutdown.Send);
        Assert.Equal(sent, await Wire.ReadAllAsync(server));
        await Wire.SendAsync(server, sent);
        server.Shutdown(SocketShutdown.Send);
        Assert.Equal(sent, await Wire.ReadAllAsync(device));
    }

    [Fact]
    public async Task SlowClose_OpenConnection_EndsForTheServerAndLaterForTheDevice()
    {
        await using var wire = new Wire(LinkSettings.None);
        var (device, server) = await wire.ConnectAsync();
        await Wire.SendAsync(device, Wire.Bytes(10));
        Assert.Equal(Wire.Bytes(10), await Wire.ReadAsync(server, 10));

        var start = Stopwatch.GetTimestamp();
        wire.Proxy.SlowClose(TimeSpan.FromMilliseconds(200));
        Assert.Empty(await Wire.ReadAllAsync(server));
        await Wire.SendAsync(device, Wire.Bytes(10));
        await Wire.SendAsync(server, Wire.Bytes(10));
        Assert.Empty(await Wire.ReadAllAsync(device));

        Assert.True(Stopwatch.GetElapsedTime(start).TotalMilliseconds >= 200);
        Assert.Equal(0, wire.Proxy.Counts.Resets);
        var (again, served) = await wire.ConnectAsync();
        await Wire.SendAsync(again, Wire.Bytes(10));
        Assert.Equal(Wire.Bytes(10), await Wire.ReadAsync(served, 10));
    }

    [Fact]
    public async Task Upstream_Unreachable_DeviceIsResetAndTheNextAttemptTriedAnew()
    {
        await using var wire = new Wire(Wire.Latency(5));
        wire.StopListening();
        for (var attempt = 0; attempt < 2; attempt++)
        {
            var device = await wire.DialAsync();
            Assert.Equal(SocketError.ConnectionReset, await Wire.FailureAsync(() => Wire.ReadAsync(device, 1)));
        }

        Assert.Equal(2, wire.Proxy.Counts.Resets);
    }

    [Fact]
    public async Task AbortiveClose_OfTheServer_ReachesTheDeviceAsResetAfterItsBytes()
    {
        await using var wire = new Wire(Wire.Latency(20));
        var (device, server) = await wire.ConnectAsync();
        var sent = Wire.Bytes(Wire.Length);

        // A reset within microseconds of the connect is one of the connect itself.
        await Wire.SendAsync(device, sent);
        await Wire.ReadAsync(server, sent.Length);
        await Wire.SendAsync(server, sent);
        server.LingerState = new LingerOption(true, 0);
        server.Close();
        Assert.Equal(sent, await Wire.ReadAsync(device, sent.Length));
        Assert.Equal(SocketError.ConnectionReset, await Wire.FailureAsync(() => Wire.ReadAsync(device, 1)));
    }

    [Fact]
    public async Task LargeTransfer_BothWaysAtOnce_ArrivesWhole()
    {
        await using var wire = new Wire(Wire.Latency(3));
        var (device, server) = await wire.ConnectAsync();
        var sent = Wire.Bytes(8 * 1024 * 1024);
        var sending = Task.WhenAll(Wire.SendAsync(device, sent), Wire.SendAsync(server, sent));
        var received = await Task.WhenAll(Wire.ReadAsync(server, sent.Length), Wire.ReadAsync(device, sent.Length));
        await sending;
        Assert.True(sent.AsSpan().SequenceEqual(received[0]));
        Assert.True(sent.AsSpan().SequenceEqual(received[1]));
    }

    [Fact]
    public async Task Bandwidth_OneMegabyte_TakesAtLeastItsSerialisation()
    {
        var slow = new DirectionSettings { BandwidthBytesPerSecond = 2_500_000, Latency = TimeSpan.FromMilliseconds(300) };
        await using var wire = new Wire(new LinkSettings(slow, slow));
        var (device, server) = await wire.ConnectAsync();
        var sent = Wire.Bytes(2_500_000);
        var start = Stopwatch.GetTimestamp();
        var sending = Wire.SendAsync(device, sent);
        Assert.Equal(sent, await Wire.ReadAsync(server, sent.Length));
        await sending;
        Assert.True(Stopwatch.GetElapsedTime(start).TotalSeconds >= 1.3);
    }

    [Fact]
    public async Task Receiver_ThatDoesNotRead_HoldsTheSenderBackAndLosesNothing()
    {
        await using var wire = new Wire(LinkSettings.None);
        var (device, server) = await wire.ConnectAsync();
        var sent = Wire.Bytes(40 * 1024 * 1024);
        var sending = Wire.SendAsync(device, sent);
        await Wire.ReadAsync(server, 1);
        Assert.False(sending.IsCompleted);
        var rest = await Wire.ReadAsync(server, sent.Length - 1);
        await sending;
        Assert.True(sent.AsSpan(1).SequenceEqual(rest));
    }
}
