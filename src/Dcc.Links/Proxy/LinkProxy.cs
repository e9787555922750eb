using System.Net;
using System.Net.Sockets;
using Dcc.Core.Validation;
using Dcc.Links.Ledger;

namespace Dcc.Links.Proxy;

/// <summary>
/// One device's link over real sockets: a port that the device connects to instead of its coordinator. What goes in comes out on the other
/// side, as late as <see cref="Model.LinkModel"/> says. Bytes are not looked at, so TLS passes through. All proxies of a process share one
/// timing thread.
/// <para>
/// Faults may be called at any time from any thread, a tap's included. They have taken effect when the call returns, for bytes not yet taken on.
/// </para>
/// </summary>
public sealed class LinkProxy : IAsyncDisposable
{
    private static readonly TimeSpan AcceptRetry = TimeSpan.FromMilliseconds(50);

    private readonly Link link;
    private readonly LinkScheduler scheduler;
    private readonly Socket reservation;
    private readonly EndPoint upstream;
    private readonly Lock listening = new();
    private readonly List<Task> ended = [];
    private Socket? listener;
    private Task accepting = Task.CompletedTask;
    private bool disposed;

    private LinkProxy(
        IPEndPoint listen, EndPoint upstream, LinkSettings settings, ulong seed, int index, ILinkTap? tap, LinkInstruments? instruments)
    {
        this.upstream = upstream;
        reservation = TcpSockets.Bind(listen);
        Address = (IPEndPoint)reservation.LocalEndPoint!;
        scheduler = LinkScheduler.Acquire();
        link = new Link(settings, seed, index, tap, instruments, scheduler);
    }

    /// <summary>Where the device connects to.</summary>
    public IPEndPoint Address { get; }

    /// <summary>What the link does now, faults not counted.</summary>
    public LinkSettings Settings
    {
        get
        {
            lock (link.Gate)
            {
                return link.Settings;
            }
        }
    }

    /// <summary>What it did so far.</summary>
    public LinkCounts Counts
    {
        get
        {
            lock (link.Gate)
            {
                return link.Totals.Read(link.Connections.Count);
            }
        }
    }

    /// <summary>TCP segments between device and proxy so far, of all connections, open ones included; null where the platform does not tell.</summary>
    public SegmentCounts? Segments
    {
        get
        {
            if (!OperatingSystem.IsLinux())
            {
                return null;
            }

            lock (link.Gate)
            {
                return link.Connections.Aggregate(link.Totals.Segments, (sum, connection) => sum.Plus(connection.Segments ?? default));
            }
        }
    }

    /// <summary>Opens a link.</summary>
    /// <param name="listen">Address for the device, usually on loopback; port 0 takes a free one.</param>
    /// <param name="upstream">The coordinator. It need not be there yet: a connection made before is reset, and the next one tries again.</param>
    /// <param name="settings">What the link does.</param>
    /// <param name="seed">Seeds loss and jitter.</param>
    /// <param name="index">Index of the link, the device's; links with different indices draw independently.</param>
    /// <param name="tap">Sees all bytes, on the thread that moves them: it must be quick, and must not throw. Null for none.</param>
    /// <param name="instruments">Shows the link in metrics, its bytes by layer where the tap is a <see cref="DeviceLedger"/>; null for nobody.</param>
    /// <exception cref="InvalidInputException">The settings are out of range.</exception>
    /// <exception cref="SocketException">The address cannot be bound.</exception>
    public static LinkProxy Start(
        IPEndPoint listen, EndPoint upstream, LinkSettings settings, ulong seed, int index, ILinkTap? tap, LinkInstruments? instruments = null)
    {
        Check(settings);
        var proxy = new LinkProxy(listen, upstream, settings, seed, index, tap, instruments);
        instruments?.Add(proxy, tap as DeviceLedger);
        proxy.Refuse(false);
        return proxy;
    }

    /// <summary>Changes the link, for bytes taken on from now on; those under way keep the time they had.</summary>
    /// <exception cref="InvalidInputException">The settings are out of range.</exception>
    public void Change(LinkSettings settings) => Change(_ => settings);

    /// <summary>Changes the link from what it is to something else, without another change in between.</summary>
    /// <exception cref="InvalidInputException">The settings are out of range.</exception>
    public void Change(Func<LinkSettings, LinkSettings> change) => Apply(() =>
    {
        var settings = change(link.Settings);
        Check(settings);
        link.Change(settings);
    });

    /// <summary>Stalls bytes without closing connections. Those under way still arrive. Replaces any earlier partition.</summary>
    /// <param name="up">From the device.</param>
    /// <param name="down">To the device.</param>
    public void Partition(bool up, bool down) => Apply(() => (link.Up.Partitioned, link.Down.Partitioned) = (up, down));

    /// <summary>Ends a partition; stalled bytes arrive with their next retransmission.</summary>
    public void Heal() => Partition(up: false, down: false);

    /// <summary>Resets all connections, both sides.</summary>
    public void Reset()
    {
        foreach (var connection in Connections())
        {
            connection.Abort();
        }
    }

    /// <summary>Whether new connections are refused by the kernel, as if nobody listened. Open ones stay.</summary>
    public void Refuse(bool refuse)
    {
        lock (listening)
        {
            ObjectDisposedException.ThrowIf(disposed, this);
            if (refuse)
            {
                listener?.Dispose();
                listener = null;
            }
            else if (listener is null)
            {
                listener = TcpSockets.Listen(Address);
                ended.RemoveAll(task => task.IsCompletedSuccessfully);
                ended.Add(accepting);
                accepting = AcceptAsync(listener);
            }
        }
    }

    /// <summary>Resets a connection once so many further bytes were delivered, all of them; then connections live again.</summary>
    /// <param name="direction">Whose bytes count.</param>
    /// <param name="bytes">At least 1.</param>
    public void LimitBytes(LinkDirection direction, long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bytes, 1);
        Apply(() => link.Limit(direction, bytes));
    }

    /// <summary>
    /// Closes all connections: behind what is under way the coordinator sees the end of the stream, and the device does so a while later. What
    /// either sends in between is lost.
    /// </summary>
    /// <param name="delay">How much later the device hears of it, at least zero.</param>
    public void SlowClose(TimeSpan delay)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(delay, TimeSpan.Zero);
        Apply(() =>
        {
            foreach (var connection in link.Connections)
            {
                connection.CloseSlowly(delay);
            }
        });
    }

    /// <summary>Resets all connections and frees the port. Every tap has been told of its connection's end when it returns.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (listening)
        {
            if (disposed)
            {
                return;
            }

            disposed = true;
            listener?.Dispose();
            ended.Add(accepting);
        }

        await Task.WhenAll(ended).ConfigureAwait(false);
        Reset();
        await Task.WhenAll(Connections().Select(connection => connection.Completion)).ConfigureAwait(false);
        reservation.Dispose();
        scheduler.Dispose();
    }

    private async Task AcceptAsync(Socket from)
    {
        while (true)
        {
            Socket device;
            try
            {
                device = await from.AcceptAsync().ConfigureAwait(false);
            }
            catch (Exception closed) when (closed is ObjectDisposedException or SocketException { SocketErrorCode: SocketError.OperationAborted })
            {
                return;
            }
            catch (SocketException)
            {
                // The device has gone again, or the process is out of descriptors: the next may fare better.
                await Task.Delay(AcceptRetry).ConfigureAwait(false);
                continue;
            }

            var connection = new LinkConnection(link, device, upstream);
            lock (link.Gate)
            {
                link.Connections.Add(connection);
                link.Totals.Connections++;
            }

            connection.Start();
        }
    }

    private LinkConnection[] Connections()
    {
        lock (link.Gate)
        {
            return [.. link.Connections];
        }
    }

    // A change may give room or move the time of the next event.
    private void Apply(Action change)
    {
        lock (link.Gate)
        {
            change();
            foreach (var connection in link.Connections)
            {
                connection.Reschedule();
            }
        }
    }

    private static void Check(LinkSettings settings)
    {
        var faults = new List<InputFault>();
        settings.Up.Validate("up", faults);
        settings.Down.Validate("down", faults);
        if (faults.Count > 0)
        {
            throw new InvalidInputException(faults);
        }
    }
}
