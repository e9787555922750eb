using System.Buffers;
using System.Net.Sockets;
using Dcc.Links.Model;

namespace Dcc.Links.Proxy;

/// <summary>How a stream ends.</summary>
internal enum StreamEnd
{
    /// <summary>It has not.</summary>
    None,

    /// <summary>By FIN.</summary>
    Finish,

    /// <summary>By RST.</summary>
    Reset,
}

/// <summary>
/// One direction of one connection: takes on bytes as far as the link has room, and writes to the receiver's socket what the model says has
/// arrived. Writes are made by the scheduler's thread, and by a task only while the receiver does not read.
/// </summary>
internal sealed class LinkPump(LinkConnection connection, Link link, LinkDirection direction, IConnectionTap? tap) : Scheduled
{
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
    private StreamEnd end;
    private TimeSpan endDelay;

    // Closed by a fault: what the sender still sends is read, so that it sees an end and not a reset, and goes nowhere.
    private bool discarding;
    private TimeSpan? endDue;
    private TimeSpan lastWrite;
    private long lossesTold;

    /// <summary>Bytes written to the receiver.</summary>
    internal long DeliveredBytes { get; private set; }

    /// <summary>Whether the sender's stream ended in order.</summary>
    internal bool FinishRead { get; private set; }

    private int RoomThreshold => Math.Max(1, Math.Min(link[direction].Settings.QueueBytes, 2 * LinkReader.ReadBytes) / 2);

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

    /// <summary>The receiver's side of the connection broke: the sender hears of it after the way back.</summary>
    internal bool SendReset()
    {
        lock (link.Gate)
        {
            if (stopped)
            {
                return false;
            }

            (end, endDue) = (StreamEnd.Reset, null);
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

    /// <summary>How many bytes the link takes on, once it does; 0 when the connection is over.</summary>
    internal ValueTask<int> RoomAsync()
    {
        lock (link.Gate)
        {
            var room = discarding ? LinkReader.ReadBytes : stopped ? 0 : flow.Room(link.Now);
            if (discarding || stopped || room >= RoomThreshold)
            {
                return new ValueTask<int>(room);
            }

            roomWanted = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
            Reschedule();
            return new ValueTask<int>(roomWanted.Task);
        }
    }

    /// <summary>Takes on bytes that were read, in a rented buffer.</summary>
    /// <returns>Whether the connection still lives.</returns>
    internal bool TakeOn(byte[] buffer, int length)
    {
        tap?.Sent(direction, buffer.AsSpan(0, length));
        lock (link.Gate)
        {
            if (stopped || discarding)
            {
                ArrayPool<byte>.Shared.Return(buffer);
                return discarding;
            }

            var now = link.Now;
            queue.Append(buffer, length, now);
            flow.Send(now, length);
            Reschedule();
            return true;
        }
    }

    /// <summary>The sender's stream has ended: passed on behind its bytes.</summary>
    internal void SendEnd(StreamEnd how)
    {
        lock (link.Gate)
        {
            if (!stopped && end == StreamEnd.None)
            {
                end = how;
                FinishRead = how == StreamEnd.Finish;
                flow.Send(link.Now, 0);
                Reschedule();
            }
        }
    }

    /// <summary>Ends the stream behind what is under way, whether or not its sender has; the receiver hears of it so much later. Under the link's lock.</summary>
    internal void CloseBehind(TimeSpan delay)
    {
        if (!stopped && end == StreamEnd.None)
        {
            (end, endDelay, discarding) = (StreamEnd.Finish, delay, true);
            roomWanted?.TrySetResult(LinkReader.ReadBytes);
            roomWanted = null;
            flow.Send(link.Now, 0);
            Reschedule();
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

            var error = Write(due.Span, out var sent);
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

    private SocketError Write(ReadOnlySpan<byte> due, out int sent)
    {
        try
        {
            sent = receiver!.Send(due, SocketFlags.None, out var error);
            return error;
        }
        catch (ObjectDisposedException)
        {
            // Aborted by another thread since these bytes were taken.
            sent = 0;
            return SocketError.OperationAborted;
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

            if (arrivedBytes == 0 && flow.Idle && end != StreamEnd.None)
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
        if (end == StreamEnd.Reset)
        {
            return connection.Abort;
        }

        endDue ??= now + endDelay;
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
        TimeSpan? delay = null;
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
                delay = since is null ? TimeSpan.Zero : lastWrite - since.Value;
                link.Totals.Delivered(direction, written, delay.Value);
            }

            if (stopped || sent is null)
            {
                Stop();
            }
        }

        if (delay is { } imposed)
        {
            link.Instruments?.Delayed(imposed);
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
