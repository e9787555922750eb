using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Dcc.Links.Model;

namespace Dcc.Links.Proxy;

/// <summary>Sockets as the proxy needs them, and what Linux tells about them.</summary>
internal static class TcpSockets
{
    // What the kernel queues beside the model's own queue (it doubles the value). A loopback path needs no more for 10 Gbit/s, and autotuned
    // buffers of several MB would hide from the sender that the link is slow.
    private const int ReceiveBufferBytes = 64 * 1024;

    private const int SolSocket = 1;
    private const int SoReusePort = 15;
    private const int IpProtoTcp = 6;
    private const int TcpMaxSegment = 2;
    private const int TcpInfo = 11;
    private const int TimestampOptionBytes = 12;
    private const int TcpInfoBytes = 160;

    // States of linux/tcp_states.h in which the peer's FIN has come.
    private const byte TimeWait = 6;
    private const byte CloseWait = 8;
    private const byte LastAck = 9;
    private const byte Closing = 11;

    /// <summary>
    /// A socket that is bound and nothing more. Several may share a port, so that one that never listens keeps it while no listener is there;
    /// connecting to it is refused by the kernel.
    /// </summary>
    internal static Socket Bind(IPEndPoint address)
    {
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        if (OperatingSystem.IsLinux())
        {
            socket.SetRawSocketOption(SolSocket, SoReusePort, MemoryMarshal.AsBytes<int>([1]));
        }

        socket.Bind(address);
        return socket;
    }

    internal static Socket Listen(IPEndPoint address)
    {
        var socket = Bind(address);
        socket.ReceiveBufferSize = ReceiveBufferBytes;
        if (OperatingSystem.IsLinux())
        {
            // Accepted sockets inherit it. Segments then carry at most 1448 bytes both ways, as on Ethernet; loopback's own would be 64 KB.
            socket.SetRawSocketOption(IpProtoTcp, TcpMaxSegment, MemoryMarshal.AsBytes<int>([LinkModel.SegmentBytes + TimestampOptionBytes]));
        }

        socket.Listen(512);
        return socket;
    }

    /// <summary>Sends at once, and never blocks in synchronous calls.</summary>
    internal static Socket Prepare(Socket socket)
    {
        // Not a TCP option where the upstream is a Unix domain socket.
        if (socket.ProtocolType == ProtocolType.Tcp)
        {
            socket.NoDelay = true;
        }

        socket.Blocking = false;
        return socket;
    }

    /// <summary>A socket to connect upstream.</summary>
    internal static Socket Create(EndPoint upstream)
    {
        // Without a family given a socket takes IPv4, IPv6, IPv4 mapped into IPv6, and names.
        var socket = upstream.AddressFamily switch
        {
            AddressFamily.Unix => new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified),
            AddressFamily.InterNetwork => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp),
            _ => new Socket(SocketType.Stream, ProtocolType.Tcp),
        };
        socket.ReceiveBufferSize = ReceiveBufferBytes;
        return Prepare(socket);
    }

    /// <summary>Ends a connection by RST.</summary>
    internal static void Abort(Socket socket)
    {
        // A closed socket has no options; the second of two resets has nothing to do.
        try
        {
            socket.LingerState = new LingerOption(enable: true, 0);
        }
        catch (Exception gone) when (gone is SocketException or ObjectDisposedException)
        {
        }

        socket.Close(0);
    }

    /// <summary>
    /// The kernel's counts of the device's connection (struct tcp_info of linux/tcp.h), null where there are none. On the accepting side a SYN
    /// counts as a segment but not as a byte; a FIN counts as a byte received and as one acknowledged, and is subtracted here (tested).
    /// </summary>
    /// <param name="device">The accepted socket.</param>
    /// <param name="finishRead">Whether the device's stream was read to its end.</param>
    /// <param name="written">Bytes written to the device.</param>
    internal static SegmentCounts? Count(Socket device, bool finishRead, long written)
    {
        if (!OperatingSystem.IsLinux())
        {
            return null;
        }

        Span<byte> info = stackalloc byte[TcpInfoBytes];
        try
        {
            if (device.GetRawSocketOption(IpProtoTcp, TcpInfo, info) < TcpInfoBytes)
            {
                return null;
            }
        }
        catch (Exception gone) when (gone is SocketException or ObjectDisposedException)
        {
            return null;
        }

        var acked = MemoryMarshal.Read<long>(info[120..]);
        var received = MemoryMarshal.Read<long>(info[128..]);
        long sent = MemoryMarshal.Read<uint>(info[136..]);
        long got = MemoryMarshal.Read<uint>(info[140..]);
        long dataIn = MemoryMarshal.Read<uint>(info[152..]);
        long dataOut = MemoryMarshal.Read<uint>(info[156..]);
        var finished = finishRead || info[0] is TimeWait or CloseWait or LastAck or Closing;
        return new SegmentCounts(
            dataIn, got - dataIn, dataOut, sent - dataOut, finished ? received - 1 : received, acked == written + 1 ? written : acked);
    }
}
