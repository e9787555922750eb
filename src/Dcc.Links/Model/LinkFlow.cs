namespace Dcc.Links.Model;

/// <summary>What arrived at the far end of a flow, in order.</summary>
/// <param name="Bytes">Payload bytes.</param>
/// <param name="Bare">Segments without payload that were sent as such: SYN, FIN and the like.</param>
public readonly record struct Arrival(int Bytes, int Bare);

/// <summary>
/// The bytes of one connection in one direction of a link, as TCP shows loss to an application: later, never missing, never out of order.
/// <para>
/// Bytes are cut into segments of 1448. A lost segment is sent again when its timer ends (<see cref="LinkModel.RetransmissionTimeout"/> after it
/// left), and each further loss of the same segment doubles the timer up to <see cref="LongestTimeout"/> (RFC 6298, 5.5). When three later
/// segments of the flow got through, the first retransmission comes one round trip after the third of them left, if that is sooner (fast
/// retransmit, RFC 5681, 3.2), and the timer starts anew from there. Everything behind a lost segment waits for it. A segment that has not got
/// through <see cref="DirectionSettings.ResetAfter"/> after it first left resets the connection.
/// </para>
/// <para>
/// Not modelled: the congestion window (a flow sends as fast as the link takes bytes), loss and delay of acknowledgements, selective
/// acknowledgements and early probes (RFC 8985), one timer for the whole connection (each segment has its own, so after a partition the first
/// stalled one, which has backed off longest, holds the rest).
/// </para>
/// A state machine without a clock: call <see cref="Advance"/> at <see cref="NextEvent"/>, and no later than the next change to the link.
/// Times passed in never go back.
/// </summary>
/// <param name="link">The direction that the bytes cross.</param>
public sealed class LinkFlow(LinkModel link)
{
    /// <summary>Bytes under way, sent and not arrived, above which the sender is held back: a receive window. 20 Mbit/s over 6 s.</summary>
    public const int WindowBytes = 16 * 1024 * 1024;

    /// <summary>No retransmission timer is longer: 60 s, the least upper bound that RFC 6298 (2.5) allows.</summary>
    public static readonly TimeSpan LongestTimeout = TimeSpan.FromSeconds(60);

    private const int DuplicatesForFastRetransmit = 3;

    private Segment[] ring = new Segment[4];
    private int head;
    private int count;
    private long first;

    // Sequence numbers of segments that did not get through yet, ascending.
    private readonly List<long> lost = [];
    private TimeSpan nextTimer = TimeSpan.MaxValue;
    private TimeSpan lastDelivery;

    /// <summary>Payload bytes that were sent and have not arrived.</summary>
    public int PendingBytes { get; private set; }

    /// <summary>Whether nothing is under way.</summary>
    public bool Idle => count == 0;

    /// <summary>Whether the connection was given up; nothing more arrives.</summary>
    public bool Reset { get; private set; }

    /// <summary>Whether something is under way that cannot arrive before the link is healed.</summary>
    public bool Stalled => link.Partitioned && lost.Count > 0 && lost[0] == first;

    /// <summary>Delay of all arrived segments together, each from <see cref="Send"/> to its arrival in order.</summary>
    public TimeSpan TotalDelay { get; private set; }

    /// <summary>Transmissions that were lost so far.</summary>
    public long Losses { get; private set; }

    /// <summary>When <see cref="Advance"/> has something to do next; null when nothing is under way.</summary>
    public TimeSpan? NextEvent
    {
        get
        {
            var next = count > 0 && ring[head].Arrival < nextTimer ? ring[head].Arrival : nextTimer;
            return next == TimeSpan.MaxValue ? null : next;
        }
    }

    /// <summary>
    /// Bytes that the link takes on now before the sender must be held back: room in the queue of the bottleneck (in a partition: in the queue
    /// before it, which then holds all that is under way) and in the window.
    /// </summary>
    public int Room(TimeSpan now) => link.Partitioned
        ? Math.Max(0, link.Settings.QueueBytes - PendingBytes)
        : Math.Max(0, Math.Min(link.Settings.QueueBytes - link.QueuedBytes(now), WindowBytes - PendingBytes));

    /// <summary>Sends bytes, or a bare segment.</summary>
    /// <param name="now">Time since the link's start.</param>
    /// <param name="bytes">Payload bytes, 0 for a segment without: SYN, FIN.</param>
    /// <param name="firstTimeout">First retransmission timeout, null for that of an established connection. A SYN has one second (RFC 6298, 2.1).</param>
    public void Send(TimeSpan now, int bytes, TimeSpan? firstTimeout = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        RunTimers(now);
        PendingBytes += bytes;
        do
        {
            var size = Math.Min(bytes, LinkModel.SegmentBytes);
            TransmitFirst(now, size, firstTimeout ?? link.RetransmissionTimeout);
            bytes -= size;
        }
        while (bytes > 0);
    }

    /// <summary>Lets time pass: retransmits what is due and hands over what arrived.</summary>
    /// <param name="now">Time since the link's start.</param>
    public Arrival Advance(TimeSpan now)
    {
        RunTimers(now);
        int bytes = 0, bare = 0;
        while (count > 0 && ring[head].Arrival <= now)
        {
            ref readonly var segment = ref ring[head];
            lastDelivery = segment.Arrival > lastDelivery ? segment.Arrival : lastDelivery;
            TotalDelay += lastDelivery - segment.Sent;
            bytes += segment.Bytes;
            bare += segment.Bytes == 0 ? 1 : 0;
            head = (head + 1) & (ring.Length - 1);
            count--;
            first++;
        }

        PendingBytes -= bytes;
        return new Arrival(bytes, bare);
    }

    private void TransmitFirst(TimeSpan now, int bytes, TimeSpan timeout)
    {
        if (count == ring.Length)
        {
            Grow();
        }

        ref var segment = ref ring[(head + count) & (ring.Length - 1)];
        var number = first + count++;
        var arrival = link.Transmit(now, bytes, out var departure);
        segment = new Segment { Bytes = bytes, Sent = now, FirstDeparture = departure, Arrival = arrival ?? TimeSpan.MaxValue };
        if (arrival is not null)
        {
            NoteDuplicate(number, departure);
            return;
        }

        Losses++;
        segment.Timeout = timeout;
        segment.RetransmitAt = departure + timeout;
        lost.Add(number);
        Await(segment);
    }

    // A segment got through: one more duplicate acknowledgement for the lost ones before it. Earlier ones have at least as many.
    private void NoteDuplicate(long number, TimeSpan departure)
    {
        for (var i = lost.Count - 1; i >= 0; i--)
        {
            if (lost[i] > number)
            {
                continue;
            }

            ref var segment = ref At(lost[i]);
            if (segment.Duplicates >= DuplicatesForFastRetransmit)
            {
                return;
            }

            if (++segment.Duplicates == DuplicatesForFastRetransmit && segment.Retransmissions == 0 &&
                departure + link.RoundTrip < segment.RetransmitAt)
            {
                segment.RetransmitAt = departure + link.RoundTrip;
                segment.Fast = true;
                Await(segment);
            }
        }
    }

    private void RunTimers(TimeSpan now)
    {
        while (nextTimer <= now)
        {
            nextTimer = TimeSpan.MaxValue;
            for (var i = 0; i < lost.Count; i++)
            {
                ref var segment = ref At(lost[i]);
                if (segment.RetransmitAt <= now && segment.RetransmitAt < ResetTime(segment) && Retransmit(ref segment))
                {
                    NoteDuplicate(lost[i], segment.RetransmitAt);
                    lost.RemoveAt(i--);
                    continue;
                }

                if (ResetTime(segment) <= now)
                {
                    GiveUp();
                    return;
                }

                Await(segment);
            }
        }
    }

    private bool Retransmit(ref Segment segment)
    {
        segment.Retransmissions++;
        if (link.Transmit(segment.RetransmitAt, segment.Bytes, out var departure) is { } arrival)
        {
            segment.Arrival = arrival;
            return true;
        }

        Losses++;
        segment.Timeout = segment.Fast ? segment.Timeout : 2 * segment.Timeout < LongestTimeout ? 2 * segment.Timeout : LongestTimeout;
        segment.Fast = false;
        segment.RetransmitAt = departure + segment.Timeout;
        return false;
    }

    private TimeSpan ResetTime(in Segment segment) => segment.FirstDeparture + link.Settings.ResetAfter;

    private void Await(in Segment segment)
    {
        var reset = ResetTime(segment);
        var due = segment.RetransmitAt < reset ? segment.RetransmitAt : reset;
        nextTimer = due < nextTimer ? due : nextTimer;
    }

    private void GiveUp()
    {
        Reset = true;
        lost.Clear();
        count = 0;
        PendingBytes = 0;
        nextTimer = TimeSpan.MaxValue;
    }

    private ref Segment At(long number) => ref ring[(head + (int)(number - first)) & (ring.Length - 1)];

    private void Grow()
    {
        var larger = new Segment[2 * ring.Length];
        for (var i = 0; i < count; i++)
        {
            larger[i] = ring[(head + i) & (ring.Length - 1)];
        }

        (ring, head) = (larger, 0);
    }

    private struct Segment
    {
        internal int Bytes;
        internal int Duplicates;
        internal int Retransmissions;
        internal bool Fast;
        internal TimeSpan Sent;
        internal TimeSpan FirstDeparture;
        internal TimeSpan RetransmitAt;
        internal TimeSpan Timeout;

        // The maximum while the segment has not got through.
        internal TimeSpan Arrival;
    }
}
