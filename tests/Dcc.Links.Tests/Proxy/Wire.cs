using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Dcc.Links.Proxy;

namespace Dcc.Links.Tests.Proxy;

/// <summary>A coordinator's listener, a link before it, and sockets to talk over them.</summary>
internal sealed class Wire : IAsyncDisposable
{
    internal const int Length = 80;

    private readonly Socket listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly ConcurrentBag<Socket> sockets = [];

    internal Wire(LinkSettings settings, ILinkTap? tap = null)
    {
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        Proxy = LinkProxy.Start(new IPEndPoint(IPAddress.Loopback, 0), listener.LocalEndPoint!, settings, seed: 1, index: 0, tap);
    }

    internal LinkProxy Proxy { get; }

    internal static LinkSettings Latency(double milliseconds) => new(Delayed(milliseconds), Delayed(milliseconds));

    internal static DirectionSettings Delayed(double milliseconds) => new() { Latency = TimeSpan.FromMilliseconds(milliseconds) };

    /// <summary>A device that has connected, and the coordinator's side of it.</summary>
    internal async Task<(Socket Device, Socket Server)> ConnectAsync()
    {
        var device = await DialAsync();
        var server = await listener.AcceptAsync(TestContext.Current.CancellationToken);
        server.NoDelay = true;
        sockets.Add(server);
        return (device, server);
    }

    internal async Task<Socket> DialAsync()
    {
        var device = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        sockets.Add(device);
        await device.ConnectAsync(Proxy.Address, TestContext.Current.CancellationToken);
        return device;
    }

    internal void StopListening() => listener.Dispose();

    internal static async Task<byte[]> ReadAsync(Socket socket, int count)
    {
        var bytes = new byte[count];
        for (var read = 0; read < count;)
        {
            var more = await socket.ReceiveAsync(bytes.AsMemory(read), TestContext.Current.CancellationToken);
            Assert.True(more > 0, $"the stream ended after {read} of {count} bytes");
            read += more;
        }

        return bytes;
    }

    /// <summary>Everything until the end of the stream.</summary>
    internal static async Task<byte[]> ReadAllAsync(Socket socket)
    {
        using var all = new MemoryStream();
        var buffer = new byte[64 * 1024];
        while (await socket.ReceiveAsync(buffer, TestContext.Current.CancellationToken) is var read && read > 0)
        {
            all.Write(buffer, 0, read);
        }

        return all.ToArray();
    }

    internal static async Task SendAsync(Socket socket, ReadOnlyMemory<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            bytes = bytes[await socket.SendAsync(bytes, TestContext.Current.CancellationToken)..];
        }
    }

    internal static async Task<SocketError> FailureAsync(Func<Task> act) => (await Assert.ThrowsAsync<SocketException>(act)).SocketErrorCode;

    internal static byte[] Bytes(int count) => [.. Enumerable.Range(0, count).Select(i => (byte)((i * 31) + (i >> 8)))];

    public async ValueTask DisposeAsync()
    {
        await Proxy.DisposeAsync();
        listener.Dispose();
        foreach (var socket in sockets)
        {
            socket.Dispose();
        }
    }
}
