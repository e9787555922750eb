using System.Threading.Channels;
using Dcc.Protocol;
using Dcc.Protocol.V1;
using Grpc.Core;

namespace Dcc.Coordinator.Runs;

/// <summary>
/// The coordinator's end of one device's stream: an outbox with one writer loop, heartbeats when it is idle, and a watchdog for a peer that fell
/// silent. Sending a push allocates nothing: messages are filled again and again.
/// </summary>
internal sealed class DeviceStream : IDisposable
{
    // A healthy device is sent one push, then nothing until it reports; whoever does not take this many is not reading.
    private const int OutboxCapacity = 16;
    private const int SilentIntervals = 3;

    private readonly Channel<Outgoing> outbox = Channel.CreateBounded<Outgoing>(
        new BoundedChannelOptions(OutboxCapacity) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait });

    private readonly CoordinatorMessage pushMessage = new() { Push = new Protocol.V1.Push() };
    private readonly CoordinatorMessage heartbeatMessage = new() { Heartbeat = new Heartbeat() };
    private readonly CancellationTokenSource aborted = new();
    private readonly ITimer timer;
    private readonly TimeSpan heartbeat;
    private volatile bool sentSinceTick;
    private volatile bool heartbeatQueued;
    private bool opened;
    private int silentTicks;
    private EndReason? end;

    internal DeviceStream(int device, long incarnation, TimeSpan heartbeat, TimeProvider time)
    {
        Device = device;
        Incarnation = incarnation;
        this.heartbeat = heartbeat;
        timer = time.CreateTimer(_ => Tick(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    private enum OutgoingKind
    {
        Message,
        Push,
        Missed,
        Heartbeat,
    }

    private sealed record EndReason(Status? Status);

    private readonly record struct Outgoing(
        OutgoingKind Kind, int Round = 0, Core.Learning.Push Push = default, CoordinatorMessage? Message = null, Core.Learning.Push[]? Missed = null);

    internal int Device { get; }

    internal long Incarnation { get; }

    /// <summary>Cancelled when the peer is taken for dead: nothing more can be written to it.</summary>
    internal CancellationToken Aborted => aborted.Token;

    /// <summary>Why the stream was closed from this side; null for a normal end.</summary>
    internal Status? End => end?.Status;

    internal void Send(CoordinatorMessage message) => Enqueue(new Outgoing(OutgoingKind.Message, Message: message));

    internal void SendPush(int round, in Core.Learning.Push push) => Enqueue(new Outgoing(OutgoingKind.Push, round, push));

    internal void SendMissed(int firstRound, Core.Learning.Push[] pushes) =>
        Enqueue(new Outgoing(OutgoingKind.Missed, firstRound, Missed: pushes));

    /// <summary>Notes that the peer was heard.</summary>
    internal void Heard() => Interlocked.Exchange(ref silentTicks, 0);

    /// <summary>Closes the stream once what is enqueued is written; the first reason given is the one the peer is told.</summary>
    internal void Close(Status? status)
    {
        // The reason is set before the outbox is completed: whoever sees the end of the one must find the other.
        if (Interlocked.CompareExchange(ref end, new EndReason(status), null) is null)
        {
            outbox.Writer.TryComplete();
        }
    }

    /// <summary>Writes what is enqueued until the stream is closed.</summary>
    internal async Task Pump(IServerStreamWriter<CoordinatorMessage> responses, CancellationToken cancellation)
    {
        // Closing the outbox ends the loop; waiting on it with a token would allocate at every wait.
        await foreach (var outgoing in outbox.Reader.ReadAllAsync(CancellationToken.None).ConfigureAwait(false))
        {
            sentSinceTick = true;
            heartbeatQueued &= outgoing.Kind != OutgoingKind.Heartbeat;
            switch (outgoing.Kind)
            {
                case OutgoingKind.Message:
                    await responses.WriteAsync(outgoing.Message!, cancellation).ConfigureAwait(false);
                    break;
                case OutgoingKind.Push:
                    Wire.Fill(pushMessage.Push, outgoing.Round, outgoing.Push);
                    await responses.WriteAsync(pushMessage, cancellation).ConfigureAwait(false);
                    break;
                case OutgoingKind.Missed:
                    foreach (var replay in Wire.ToReplays(outgoing.Round, outgoing.Missed!))
                    {
                        await responses.WriteAsync(new CoordinatorMessage { Replay = replay }, cancellation).ConfigureAwait(false);
                        sentSinceTick = true;
                    }

                    break;
                default:
                    await responses.WriteAsync(heartbeatMessage, cancellation).ConfigureAwait(false);
                    break;
            }
        }
    }

    // The token source stays: a tick may be about to cancel it, and it holds nothing that needs releasing.
#pragma warning disable CA2213
    public void Dispose() => timer.Dispose();
#pragma warning restore CA2213

    private void Enqueue(in Outgoing outgoing)
    {
        if (!opened)
        {
            // The welcome comes first: no heartbeat before it.
            opened = true;
            timer.Change(heartbeat, heartbeat);
        }

        // A stream that is closing still writes what it has, and takes nothing more.
        if (!outbox.Writer.TryWrite(outgoing) && end is null)
        {
            Abort(new Status(StatusCode.ResourceExhausted, "stream: expected a peer that reads, got one with a full outbox"));
        }
    }

    private void Abort(Status status)
    {
        Close(status);
        aborted.Cancel();
    }

    private void Tick()
    {
        if (Interlocked.Increment(ref silentTicks) > SilentIntervals)
        {
            Abort(new Status(StatusCode.Unavailable, "stream: expected a heartbeat, got silence"));
        }
        else if (!sentSinceTick && !heartbeatQueued)
        {
            heartbeatQueued = true;
            Enqueue(new Outgoing(OutgoingKind.Heartbeat));
        }

        sentSinceTick = false;
    }
}
