using Dcc.Core.Randomness;

namespace Dcc.Links.Model;

/// <summary>
/// One direction of one link, shared by the connections that cross it: what happens to each transmission of a segment. No clock and no socket:
/// time is an argument, measured from the link's start, so real sockets and a virtual-time simulator use the same model.
/// <code>
/// LinkFlow (one per connection)  |           LinkModel (one per direction)
/// bytes > segments of 1448 > transmit > bottleneck > loss, partition > delay > arrival
///                              ^                         |
///                              +-- retransmission timer -+
/// </code>
/// Not safe for concurrent use.
/// </summary>
public sealed class LinkModel
{
    /// <summary>Bytes of payload in a full segment on an Ethernet path: 1500 less 20 of IPv4 and 32 of TCP with timestamps.</summary>
    public const int SegmentBytes = 1448;

    // tcp_rto_min of Linux. RFC 6298 says one second, which no current system uses after the handshake.
    private static readonly TimeSpan LeastVariance = TimeSpan.FromMilliseconds(200);

    private readonly LinkDirection direction;
    private readonly Bottleneck bottleneck = new();
    private RandomStream stream;
    private LossProcess loss;
    private JitterProcess jitter;

    /// <summary>A link at time zero.</summary>
    /// <param name="settings">Both directions: the round trip sets the retransmission timeout.</param>
    /// <param name="direction">The one that this models.</param>
    /// <param name="seed">The run's seed.</param>
    /// <param name="link">Index of the link, 0-based: the device's. Links with different indices draw independently.</param>
    public LinkModel(LinkSettings settings, LinkDirection direction, ulong seed, int link)
    {
        this.direction = direction;
        stream = RandomStream.For(seed, StreamPurpose.Link, link, round: 0, evaluation: (int)direction);
        Settings = settings[direction];
        Change(settings);
    }

    /// <summary>What this direction does to bytes.</summary>
    public DirectionSettings Settings { get; private set; }

    /// <summary>
    /// Whether every transmission is lost. A connection survives it unless it lasts beyond <see cref="DirectionSettings.ResetAfter"/>; after it
    /// bytes come through at the next retransmission, not at once.
    /// </summary>
    public bool Partitioned { get; set; }

    /// <summary>Round trip of a small segment on the idle link, mean variation included, serialisation not.</summary>
    public TimeSpan RoundTrip { get; private set; }

    /// <summary>
    /// First retransmission timeout of a segment: the round trip plus max(200 ms, 4 x its deviation), as Linux computes RFC 6298's
    /// SRTT + max(G, 4 RTTVAR) once it has measured the link; the deviation is taken as the sum of both jitters.
    /// </summary>
    public TimeSpan RetransmissionTimeout { get; private set; }

    /// <summary>Changes the link for transmissions from now on; what was taken on keeps the time it had.</summary>
    /// <param name="settings">Both directions.</param>
    public void Change(LinkSettings settings)
    {
        if (Settings.Trace != settings[direction].Trace)
        {
            bottleneck.Retrace();
        }

        Settings = settings[direction];
        RoundTrip = MeanDelay(settings.Up) + MeanDelay(settings.Down);
        var deviation = 4 * (settings.Up.Jitter + settings.Down.Jitter);
        RetransmissionTimeout = RoundTrip + (deviation > LeastVariance ? deviation : LeastVariance);
    }

    /// <summary>Bytes that wait for their turn, of all connections; <see cref="DirectionSettings.QueueBytes"/> bounds them.</summary>
    public int QueuedBytes(TimeSpan now) => bottleneck.QueuedBytes(now);

    /// <summary>When no more than so many bytes wait for their turn, if nothing else is sent.</summary>
    public TimeSpan DrainsTo(TimeSpan now, int bytes) => bottleneck.DrainsTo(now, bytes);

    /// <summary>One transmission of one segment.</summary>
    /// <param name="now">When it joins the queue.</param>
    /// <param name="bytes">Its payload, 0 for a bare segment.</param>
    /// <param name="departure">When it has left the bottleneck.</param>
    /// <returns>When it arrives; null if it is lost.</returns>
    internal TimeSpan? Transmit(TimeSpan now, int bytes, out TimeSpan departure)
    {
        if (Partitioned)
        {
            departure = now;
            return null;
        }

        departure = bottleneck.Take(now, bytes, Settings);
        if (loss.Next(Settings, ref stream))
        {
            return null;
        }

        var delay = Settings.Latency + jitter.Next(Settings, ref stream);
        return departure + (delay > TimeSpan.Zero ? delay : TimeSpan.Zero);
    }

    // Only Pareto variations have a mean that is not zero.
    private static TimeSpan MeanDelay(DirectionSettings settings) =>
        settings.Latency + (settings.JitterDistribution == JitterDistribution.Pareto ? settings.Jitter : TimeSpan.Zero);
}
