using System.Net;
using System.Net.Sockets;
using Dcc.Links.Ledger;

namespace Dcc.Links.Tests.Ledger;

/// <summary>Forwards connections one after another and notes what crosses the device's socket.</summary>
internal sealed class CapturingPump : IDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly TaskCompletionSource reportOfRound2 = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<Piece> pieces = [];
    private readonly Task accepting;
    private readonly int target;
    private readonly List<Task> connections = [];
    private Socket? device;

    internal CapturingPump(int target)
    {
        this.target = target;
        Ledger = LedgerFeed.New(Conversation.Meaning, (direction, moment, message) =>
        {
            if (moment == TapMoment.Delivered && message is { Kind: MessageKind.Report, Round: 2 })
            {
                reportOfRound2.TrySetResult();
            }
        });
        listener.Start();
        accepting = Accept();
    }

    internal DeviceLedger Ledger { get; }

    internal string Address => $"http://{listener.LocalEndpoint}";

    /// <summary>Resets the connection once the report of round 2 is through.</summary>
    internal async Task Reset()
    {
        await reportOfRound2.Task.WaitAsync(TestContext.Current.CancellationToken);
        device!.Close(0);
        await connections[0];
    }

    internal async Task<List<Piece>> Finish()
    {
        listener.Stop();
        await accepting;
        await Task.WhenAll(connections);
        return pieces;
    }

    public void Dispose() => listener.Dispose();

    private async Task Accept()
    {
        try
        {
            while (true)
            {
                device = await listener.AcceptSocketAsync(TestContext.Current.CancellationToken);
                connections.Add(Forward(connections.Count, device));
            }
        }
        catch (SocketException)
        {
            // Stopped.
        }
    }

    private async Task Forward(int connection, Socket from)
    {
        var tap = Ledger.Opened();
        using var to = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await to.ConnectAsync(IPAddress.Loopback, target);
        await Task.WhenAll(Pump(connection, tap, LinkDirection.Up, from, to), Pump(connection, tap, LinkDirection.Down, to, from));
        lock (pieces)
        {
            pieces.Add(new Piece(connection, LinkDirection.Up, null));
            tap.Closed(null);
        }
    }

    private async Task Pump(int connection, IConnectionTap tap, LinkDirection direction, Socket from, Socket to)
    {
        var buffer = new byte[16 * 1024];
        try
        {
            int read;
            while ((read = await from.ReceiveAsync(buffer)) > 0)
            {
                // Before it is passed on, so that what it causes is noted behind it.
                lock (pieces)
                {
                    pieces.Add(new Piece(connection, direction, buffer[..read]));
                    NoteAtTheDevice(tap, direction, buffer.AsSpan(0, read));
                }

                await to.SendAsync(buffer.AsMemory(0, read));
                NoteAtTheCoordinator(tap, direction, buffer.AsSpan(0, read));
            }

            to.Shutdown(SocketShutdown.Send);
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            from.Close(0);
            to.Close(0);
        }
    }

    private static void NoteAtTheDevice(IConnectionTap tap, LinkDirection direction, ReadOnlySpan<byte> bytes)
    {
        if (direction == LinkDirection.Up)
        {
            tap.Sent(direction, bytes);
        }
        else
        {
            tap.Delivered(direction, bytes);
        }
    }

    private static void NoteAtTheCoordinator(IConnectionTap tap, LinkDirection direction, ReadOnlySpan<byte> bytes)
    {
        if (direction == LinkDirection.Up)
        {
            tap.Delivered(direction, bytes);
        }
        else
        {
            tap.Sent(direction, bytes);
        }
    }
}
