using Dcc.Core.Learning;

namespace Dcc.Core.Engine;

/// <summary>What happened to the engine.</summary>
public enum RoundEventKind
{
    /// <summary>A device said hello on a new stream.</summary>
    Joined,

    /// <summary>A device's stream ended.</summary>
    Left,

    /// <summary>A report came.</summary>
    Reported,

    /// <summary>A device leaves the run on purpose.</summary>
    Withdrew,

    /// <summary>The time that a round waits for everybody is over.</summary>
    DeadlineReached,
}

/// <summary>One input of the engine. A value, so that a report costs no allocation.</summary>
/// <param name="Kind">What happened.</param>
/// <param name="Device">Device index as the peer states it; the engine checks it.</param>
/// <param name="Incarnation">Number of the device's stream: each new stream of a device has a larger one.</param>
/// <param name="Round">Joined: the last round the device holds, -1 for none. Reported: the report's round. DeadlineReached: whose deadline it is.</param>
/// <param name="Report">Reported: the scalars.</param>
/// <param name="ProcessStarted">Joined: when the device's process started, by its own clock; the later process has the device. 0 where not stated.</param>
public readonly record struct RoundEvent(
    RoundEventKind Kind, int Device, long Incarnation, int Round, Report Report = default, long ProcessStarted = 0)
{
    /// <summary>A device said hello.</summary>
    public static RoundEvent Joined(int device, long incarnation, int lastRoundHeld, long processStarted = 0) =>
        new(RoundEventKind.Joined, device, incarnation, lastRoundHeld, ProcessStarted: processStarted);

    /// <summary>A stream ended.</summary>
    public static RoundEvent Left(int device, long incarnation) => new(RoundEventKind.Left, device, incarnation, -1);

    /// <summary>A report came.</summary>
    public static RoundEvent Reported(int device, long incarnation, int round, Report report) =>
        new(RoundEventKind.Reported, device, incarnation, round, report);

    /// <summary>A device leaves the run on purpose.</summary>
    public static RoundEvent Withdrew(int device, long incarnation) => new(RoundEventKind.Withdrew, device, incarnation, -1);

    /// <summary>A round has waited long enough.</summary>
    public static RoundEvent DeadlineReached(int round) => new(RoundEventKind.DeadlineReached, -1, 0, round);
}
