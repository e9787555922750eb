using Dcc.Core.Validation;

namespace Dcc.Links;

/// <summary>Which way bytes travel on a device's link.</summary>
public enum LinkDirection
{
    /// <summary>From the device to the coordinator.</summary>
    Up,

    /// <summary>From the coordinator to the device.</summary>
    Down,
}

/// <summary>How the one-way delay varies from segment to segment.</summary>
public enum JitterDistribution
{
    /// <summary>Uniform within plus or minus the jitter.</summary>
    Uniform,

    /// <summary>Normal; the jitter is the standard deviation.</summary>
    Normal,

    /// <summary>Pareto of shape 3, shifted to start at zero; the jitter is its mean. A long tail of late segments, never an early one.</summary>
    Pareto,
}

/// <summary>
/// Losses in bursts, a Gilbert-Elliott channel: a two-state Markov chain that moves once per segment, with a loss probability in each state.
/// </summary>
/// <param name="ToBad">Probability of moving from the good to the bad state, in [0, 1].</param>
/// <param name="ToGood">Probability of moving from the bad to the good state, in (0, 1].</param>
/// <param name="LossInBad">Probability of losing a segment in the bad state, in [0, 1].</param>
public sealed record BurstLoss(double ToBad, double ToGood, double LossInBad);

/// <summary>What one direction of a link does to bytes. The default is a link that does nothing.</summary>
public sealed record DirectionSettings
{
    /// <summary>Default of <see cref="QueueBytes"/>.</summary>
    public const int DefaultQueueBytes = 256 * 1024;

    /// <summary>One-way delay of a segment on an idle link, at least zero.</summary>
    public TimeSpan Latency { get; init; }

    /// <summary>Variation of the delay, at least zero; what it measures depends on the distribution. Never reorders bytes.</summary>
    public TimeSpan Jitter { get; init; }

    /// <summary>Distribution of the variation.</summary>
    public JitterDistribution JitterDistribution { get; init; } = JitterDistribution.Normal;

    /// <summary>Correlation of successive variations, in [0, 1): 0 draws each anew.</summary>
    public double JitterCorrelation { get; init; }

    /// <summary>Bytes per second, headers not counted, at least 1; null for unlimited.</summary>
    public double? BandwidthBytesPerSecond { get; init; }

    /// <summary>Bytes that may wait for their turn on the link before the sender is held back, at least one segment of 1448.</summary>
    public int QueueBytes { get; init; } = DefaultQueueBytes;

    /// <summary>How long a segment may fail to get through before the connection is reset, 1 ms to 1 hour.</summary>
    public TimeSpan ResetAfter { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Probability that a segment is lost (in the good state, with <see cref="Burst"/>), in [0, 1). Under TCP a loss is a delay.</summary>
    public double Loss { get; init; }

    /// <summary>Losses in bursts; null for independent ones only.</summary>
    public BurstLoss? Burst { get; init; }

    /// <summary>
    /// Delivery opportunities of 1500 bytes each, in milliseconds since the start, repeated for ever: a Mahimahi packet-delivery trace. Replaces
    /// <see cref="BandwidthBytesPerSecond"/>; null for none.
    /// </summary>
    public PacketTrace? Trace { get; init; }

    /// <summary>Notes every value out of range.</summary>
    /// <param name="path">Field the names start with.</param>
    /// <param name="faults">Receives the faults.</param>
    public void Validate(string path, List<InputFault> faults)
    {
        Check(Latency >= TimeSpan.Zero && Latency <= MaxDelay, path, "latency", "0 s to 10 minutes", $"{Latency.TotalMilliseconds} ms", faults);
        Check(Jitter >= TimeSpan.Zero && Jitter <= MaxDelay, path, "jitter", "0 s to 10 minutes", $"{Jitter.TotalMilliseconds} ms", faults);
        Check(JitterCorrelation is >= 0 and < 1, path, "jitterCorrelation", "a number in [0, 1)", $"{JitterCorrelation}", faults);
        Check(BandwidthBytesPerSecond is null or (>= 1 and <= 1e12), path, "bandwidth", "1 byte/s to 1 TB/s", $"{BandwidthBytesPerSecond}", faults);
        Check(QueueBytes >= 1448, path, "queueBytes", "at least 1448", $"{QueueBytes}", faults);
        Check(
            ResetAfter >= TimeSpan.FromMilliseconds(1) && ResetAfter <= TimeSpan.FromHours(1), path, "resetAfter", "1 ms to 1 hour",
            $"{ResetAfter.TotalMilliseconds} ms", faults);
        Check(Loss is >= 0 and < 1, path, "loss", "a probability in [0, 1)", $"{Loss}", faults);
        Check(Burst is null or { ToBad: >= 0 and <= 1 }, path, "burst.toBad", "a probability in [0, 1]", $"{Burst?.ToBad}", faults);
        Check(Burst is null or { ToGood: > 0 and <= 1 }, path, "burst.toGood", "a probability in (0, 1]", $"{Burst?.ToGood}", faults);
        Check(Burst is null or { LossInBad: >= 0 and <= 1 }, path, "burst.lossInBad", "a probability in [0, 1]", $"{Burst?.LossInBad}", faults);
        Check(Trace is null || BandwidthBytesPerSecond is null, path, "trace", "no bandwidth beside it", "both", faults);
    }

    private static readonly TimeSpan MaxDelay = TimeSpan.FromMinutes(10);

    private static void Check(bool holds, string path, string field, string expected, string actual, List<InputFault> faults)
    {
        if (!holds)
        {
            faults.Add(new InputFault($"{path}.{field}", expected, actual));
        }
    }
}

/// <summary>A device's link, both ways.</summary>
/// <param name="Up">From the device.</param>
/// <param name="Down">To the device.</param>
public sealed record LinkSettings(DirectionSettings Up, DirectionSettings Down)
{
    /// <summary>A link that does nothing.</summary>
    public static LinkSettings None { get; } = new(new DirectionSettings(), new DirectionSettings());

    /// <summary>One direction's settings.</summary>
    public DirectionSettings this[LinkDirection direction] => direction == LinkDirection.Up ? Up : Down;
}
