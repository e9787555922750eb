using System.Net;
using System.Net.Sockets;

namespace Dcc.Links.Proxy;

/// <summary>
/// One connection of a device, from its acceptance to its end.
/// <para>
/// The kernel accepts it at once, so the handshake that the device would wait for is played before its first bytes are read: SYN up, SYN-ACK
/// down, ACK up, each a bare segment that may be lost (timeout one second, RFC 6298, 2.1). Bytes are read after the second; the upstream
/// connection is opened when the third arrives, as a server accepts then. The first bytes so arrive a round trip plus one way after the connect.
/// </para>
/// </summary>
internal sealed class LinkConnection
{
    private static readonly TimeSpan HandshakeTimeout = TimeSpan.FromSeconds(1);

    private readonly Link link;
    private readonly Socket device;
    private readonly EndPoint upstream;
    private readonly IConnectionTap? tap;
    private readonly LinkPump up;
    private readonly LinkPump down;
    private readonly TaskCompletionSource<bool> established = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<bool> accepted = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Socket? server;
    private int upBare;
    private bool aborted;
    private SegmentCounts? segments;

    internal LinkConnection(Link link, Socket device, EndPoint upstream)
    {
        (this.link, this.device, this.upstream) = (link, TcpSockets.Prepare(device), upstream);
        tap = link.Tap?.Opened();
        up = new LinkPump(this, link, LinkDirection.Up, tap);
        down = new LinkPump(this, link, LinkDirection.Down, tap);
    }

    /// <summary>The connection's life; ends after its tap was told.</summary>
    internal Task Completion { get; private set; } = Task.CompletedTask;

    internal void Start() => Completion = RunAsync();

    // Whatever fails on the way, a tap included, ends this connection: it must not stay open for a device to wait on.
    private async Task RunAsync()
    {
        try
        {
            await CarryAsync().ConfigureAwait(false);
        }
        catch
        {
            Abort();
            throw;
        }
        finally
        {
            Close();
        }
    }

    private async Task CarryAsync()
    {
        lock (link.Gate)
        {
            down.Connect(device);
            up.SendBare(HandshakeTimeout);
        }

        if (await established.Task.ConfigureAwait(false))
        {
            var upReading = ReadAsync(device, up);
            var downReading = await accepted.Task.ConfigureAwait(false) && await ConnectAsync().ConfigureAwait(false)
                ? ReadAsync(server!, down)
                : Task.CompletedTask;
            await Task.WhenAll(upReading, downReading).ConfigureAwait(false);
        }

        await up.FinishedAsync().ConfigureAwait(false);
        await down.FinishedAsync().ConfigureAwait(false);
    }

    /// <summary>Counts so far, or at the end.</summary>
    internal SegmentCounts? Segments => aborted ? segments : Count();

    /// <summary>Ends both sides in order, the device's after a further delay. Under the link's lock.</summary>
    internal void CloseSlowly(TimeSpan delay)
    {
        up.CloseBehind(TimeSpan.Zero);
        down.CloseBehind(delay);
    }

    /// <summary>Resets both sides; what is under way is lost. Nothing happens if the connection is over.</summary>
    internal void Abort()
    {
        lock (link.Gate)
        {
            if (aborted)
            {
                return;
            }

            segments = Count();
            aborted = true;
            link.Totals.Resets++;
            up.Stop();
            down.Stop();
            established.TrySetResult(false);
            accepted.TrySetResult(false);
        }

        TcpSockets.Abort(device);
        if (server is not null)
        {
            TcpSockets.Abort(server);
        }
    }

    /// <summary>The link was changed or healed. Under the link's lock.</summary>
    internal void Reschedule()
    {
        up.Reschedule();
        down.Reschedule();
    }

    /// <summary>A bare segment arrived. Under the link's lock.</summary>
    internal void BareArrived(LinkDirection direction)
    {
        if (direction == LinkDirection.Down)
        {
            if (established.TrySetResult(true))
            {
                up.SendBare(firstTimeout: null);
            }
        }
        else if (++upBare == 1)
        {
            down.SendBare(HandshakeTimeout);
        }
        else
        {
            accepted.TrySetResult(true);
        }
    }

    /// <summary>Bytes could not be written: the other end hears of it, after the way back if there still is one.</summary>
    internal void ReceiverGone(LinkDirection direction)
    {
        if (!(direction == LinkDirection.Up ? down : up).SendReset())
        {
            Abort();
        }
    }

    private async Task ReadAsync(Socket sender, LinkPump pump)
    {
        try
        {
            await LinkReader.ReadAsync(sender, pump).ConfigureAwait(false);
        }
        catch
        {
            // The other direction would read on.
            Abort();
            throw;
        }
    }

    private async Task<bool> ConnectAsync()
    {
        var socket = TcpSockets.Create(upstream);
        lock (link.Gate)
        {
            if (aborted)
            {
                socket.Dispose();
                return false;
            }

            server = socket;
        }

        try
        {
            await socket.ConnectAsync(upstream).ConfigureAwait(false);
            tap?.Connected(((IPEndPoint)socket.LocalEndPoint!).Port);
        }
        catch (Exception refused) when (refused is SocketException or ObjectDisposedException)
        {
            Abort();
            socket.Dispose();
            return false;
        }

        if (aborted)
        {
            TcpSockets.Abort(socket);
            return false;
        }

        up.Connect(socket);
        return true;
    }

    private SegmentCounts? Count() => TcpSockets.Count(device, up.FinishRead, down.DeliveredBytes);

    private void Close()
    {
        lock (link.Gate)
        {
            if (!aborted)
            {
                segments = Count();
                aborted = true;
            }

            link.Closed(this, segments);
        }

        device.Dispose();
        server?.Dispose();
        tap?.Closed(segments);
    }
}
