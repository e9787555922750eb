using System.Buffers;
using System.Net.Sockets;
using Dcc.Links.Model;

namespace Dcc.Links.Proxy;

/// <summary>
/// One direction of one connection: reads the sender's socket as far as the link has room, and writes to the receiver's socket what the model
/// says has arrived. The read loop is a task; writes are made by the scheduler's thread, and by a task only while the receiver does not read.
/// </summary>
internal sealed class LinkPump(LinkConnection connection, Link link, LinkDirection direction, IConnectionTap? tap) : Scheduled
{
    private enum End
    {
        None,
        Finish,
        Reset,
    }

    private const int ReadBytes = 64 * 1024;
    private const int WouldBlock = -1;

    // In a bulk transfer segments are due every few microseconds; waking for each would cost a core. Isolated ones are not held up.
    private static readonly TimeSpan Coalescing = TimeSpan.FromMicroseconds(250);

    private readonly LinkFlow flow = new(link[direction]);
    private readonly ByteQueue queue = new();
    private readonly TaskCompletionSource finished = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task slowWrite = Task.CompletedTask;
    private TaskCompletionSource<int>? roomWanted;
    private Socket? receiver;
    private int arrivedBytes;
    private bool writing;
    private bool stopped;
    private End end;
    private TimeSpan? endDue;
    private TimeSpan lastWrite;
    private long lossesTold;

    /// <summary>Bytes written to the receiver.</summary>
    internal long DeliveredBytes { get; private set; }

    /// <summary>Whether the sender's stream ended in order.</summary>
    internal bool FinishRead { get; private set; }

    private int RoomThreshold => Math.Max(1, Math.Min(link[direction].Settings.QueueBytes, 2 * ReadBytes) / 2);

    /// <summary>Sends a SYN, SYN-ACK or ACK. Under the link's lock.</summary>
    internal void SendBare(TimeSpan? firstTimeout)
    {
        flow.Send(link.Now, 0, firstTimeout);
        Reschedule();
    }

    /// <summary>Something about the link changed. Under the link's lock.</summary>
    internal void Reschedule()
    {
        if (stopped || writing)
        {
            return;
        }

        var due = flow.NextEvent ?? TimeSpan.MaxValue;
        due = endDue is { } ending && ending < due ? ending : due;
        if (roomWanted is not null)
        {
            var now = link.Now;
            var model = link[direction];
            var drained = model.Settings.QueueBytes - RoomThreshold;
            var room = flow.Room(now) >= RoomThreshold ? now : model.QueuedBytes(now) > drained ? model.DrainsTo(now, drained) : TimeSpan.MaxValue;
            due = room < due ? room : due;
        }

        var earliest = lastWrite + Coalescing;
        link.Schedule(this, due == TimeSpan.MaxValue ? null : due > earliest ? due : earliest);
    }

    /// <summary>Where arrived bytes go from now on.</summary>
    internal void Connect(Socket socket)
    {
        lock (link.Gate)
        {
            receiver = socket;
        }

        Deliver();
    }

    /// <summary>Ends when nothing will be written any more and no tap is being called.</summary>
    internal async Task FinishedAsync()
    {
        await finished.Task.ConfigureAwait(false);
        await slowWrite.ConfigureAwait(false);
    }

    /// <summary>Reads until the sender's stream ends or the connection is stopped.</summary>
    internal async Task ReadAsync(Socket sender)
    {
        var how = End.Finish;
        try
        {
            while (true)
            {
                how = await ReadableAsync(sender, how).ConfigureAwait(false);
                var room = await RoomAsync().ConfigureAwait(false);
                var read = room == 0 ? 0 : Read(sender, room);
                if (read == 0 || (read == WouldBlock && how == End.Reset))
                {
                    break;
                }
            }
        }
        catch (Exception broken) when (broken is SocketException or ObjectDisposedException)
        {
            how = End.Reset;
        }

        SendEnd(how);
    }

    // Completes when there is something to read; only then is a buffer rented.
    private static async ValueTask<End> ReadableAsync(Socket sender, End how)
    {
        try
        {
            if (how != End.Reset)
            {
                await sender.ReceiveAsync(Memory<byte>.Empty, SocketFlags.None).ConfigureAwait(false);
            }

            return how;
        }
        catch (SocketException)
        {
            // What came before the reset can still be read.
            return End.Reset;
        }
    }

    /// <summary>The receiver's side of the connection broke: the sender hears of it after the way back.</summary>
    internal bool SendReset()
    {
        lock (link.Gate)
        {
            if (stopped)
            {
                return false;
            }

            (end, endDue) = (End.Reset, null);
            flow.Send(link.Now, 0);
            Reschedule();
            return true;
        }
    }

    /// <summary>Nothing more is taken on or written. Under the link's lock.</summary>
    internal void Stop()
    {
        stopped = true;
        link.Schedule(this, null);
        roomWanted?.TrySetResult(0);
        roomWanted = null;
        TellLosses();
        if (!writing)
        {
            queue.Clear();
            finished.TrySetResult();
        }
    }

    internal override void Fire(TimeSpan now) => Deliver();

    // Bytes read, 0 at the end of the stream or of the connection.
    private int Read(Socket sender, int room)
    {
        var wanted = Math.Min(room, Math.Clamp(sender.Available, 1, ReadBytes));
        var buffer = ArrayPool<byte>.Shared.Rent(wanted);
        var read = sender.Receive(buffer.AsSpan(0, Math.Min(room, buffer.Length)), SocketFlags.None, out var error);
        if (error != SocketError.Success || read == 0)
        {
            ArrayPool<byte>.Shared.Return(buffer);
            return error switch
            {
                SocketError.Success => 0,
                SocketError.WouldBlock => WouldBlock,
                _ => throw new SocketException((int)error),
            };
        }

        tap?.Sent(direction, buffer.AsSpan(0, read));
        lock (link.Gate)
        {
            if (stopped)
            {
                ArrayPool<byte>.Shared.Return(buffer);
                return 0;
            }

            var now = link.Now;
            queue.Append(buffer, read, now);
            flow.Send(now, read);
            Reschedule();
        }

        return read;
    }

    private ValueTask<int> RoomAsync()
    {
        lock (link.Gate)
        {
            var room = stopped ? 0 : flow.Room(link.Now);
            if (stopped || room >= RoomThreshold)
            {
                return new ValueTask<int>(room);
            }

            roomWanted = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
            Reschedule();
            return new ValueTask<int>(roomWanted.Task);
        }
    }

    private void SendEnd(End how)
    {
        lock (link.Gate)
        {
            if (!stopped && end == End.None)
            {
                end = how;
                FinishRead = how == End.Finish;
                flow.Send(link.Now, 0);
                Reschedule();
            }
        }
    }

    // Writes all that has arrived; at most one thread at a time is past the first lock.
    private void Deliver()
    {
        while (TakeArrived(out var due, out var after))
        {
            if (after is not null)
            {
                after();
                return;
            }

            var sent = receiver!.Send(due.Span, SocketFlags.None, out var error);
            if (error == SocketError.WouldBlock)
            {
                slowWrite = WriteSlowlyAsync(due);
                return;
            }

            if (!Written(due, error == SocketError.Success ? sent : null))
            {
                return;
            }
        }
    }

    // The receiver does not read: wait for it off the scheduler's thread.
    private async Task WriteSlowlyAsync(ReadOnlyMemory<byte> due)
    {
        int? sent = null;
        try
        {
            sent = await receiver!.SendAsync(due, SocketFlags.None).ConfigureAwait(false);
        }
        catch (Exception broken) when (broken is SocketException or ObjectDisposedException)
        {
        }

        if (Written(due, sent))
        {
            Deliver();
        }
    }

    private bool TakeArrived(out ReadOnlyMemory<byte> due, out Action? after)
    {
        (due, after) = (default, null);
        lock (link.Gate)
        {
            if (stopped || writing)
            {
                return false;
            }

            var now = link.Now;
            var arrival = flow.Advance(now);
            arrivedBytes += arrival.Bytes;
            TellLosses();
            for (var i = 0; i < arrival.Bare; i++)
            {
                connection.BareArrived(direction);
            }

            if (flow.Reset)
            {
                after = connection.Abort;
                return true;
            }

            GiveRoom(now);
            if (arrivedBytes > 0 && receiver is not null)
            {
                due = queue.Peek(arrivedBytes);
                due = due[..link.Reserve(direction, due.Length)];
                writing = due.Length > 0;
                after = writing ? null : connection.Abort;
                return true;
            }

            if (arrivedBytes == 0 && flow.Idle && end != End.None)
            {
                after = EndAt(now);
                return after is not null;
            }

            if (receiver is not null || arrivedBytes == 0)
            {
                Reschedule();
            }

            return false;
        }
    }

    private Action? EndAt(TimeSpan now)
    {
        if (end == End.Reset)
        {
            return connection.Abort;
        }

        endDue ??= now + link.SlowClose;
        if (now < endDue)
        {
            Reschedule();
            return null;
        }

        writing = true;
        return Finish;
    }

    private void Finish()
    {
        try
        {
            receiver?.Shutdown(SocketShutdown.Send);
        }
        catch (Exception gone) when (gone is SocketException or ObjectDisposedException)
        {
            // The receiver has gone first; the other direction hears of it.
        }

        lock (link.Gate)
        {
            writing = false;
            Stop();
        }
    }

    // The end of a write; null where the receiver is gone. False ends the delivery.
    private bool Written(ReadOnlyMemory<byte> due, int? sent)
    {
        if (sent is { } bytes)
        {
            tap?.Delivered(direction, due.Span[..bytes]);
        }

        bool limited;
        lock (link.Gate)
        {
            writing = false;
            limited = link.Settle(direction, due.Length - (sent ?? 0));
            if (sent is { } written)
            {
                lastWrite = link.Now;
                arrivedBytes -= written;
                DeliveredBytes += written;
                var since = queue.Consume(written);
                link.Totals.Delivered(direction, written, since is null ? TimeSpan.Zero : lastWrite - since.Value);
            }

            if (stopped || sent is null)
            {
                Stop();
            }
        }

        if (sent is null)
        {
            connection.ReceiverGone(direction);
        }
        else if (limited)
        {
            connection.Abort();
        }

        return sent is not null && !limited;
    }

    private void GiveRoom(TimeSpan now)
    {
        if (roomWanted is not null && flow.Room(now) is var room && room >= RoomThreshold)
        {
            roomWanted.TrySetResult(room);
            roomWanted = null;
        }
    }

    private void TellLosses()
    {
        link.Totals.Lost(direction, flow.Losses - lossesTold);
        lossesTold = flow.Losses;
    }
}
