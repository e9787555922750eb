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
}

/// <summary>One input of the engine. A value, so that a report costs no allocation.</summary>
/// <param name="Kind">What happened.</param>
/// <param name="Device">Device index as the peer states it; the engine checks it.</param>
/// <param name="Incarnation">Number of the device's stream: each new stream of a device has a larger one.</param>
/// <param name="Round">Joined: the last round the device holds, -1 for none. Reported: the report's round.</param>
/// <param name="Report">Reported: the scalars.</param>
public readonly record struct RoundEvent(RoundEventKind Kind, int Device, long Incarnation, int Round, Report Report)
{
    /// <summary>A device said hello.</summary>
    public static RoundEvent Joined(int device, long incarnation, int lastRoundHeld) =>
        new(RoundEventKind.Joined, device, incarnation, lastRoundHeld, default);

    /// <summary>A stream ended.</summary>
    public static RoundEvent Left(int device, long incarnation) => new(RoundEventKind.Left, device, incarnation, -1, default);

    /// <summary>A report came.</summary>
    public static RoundEvent Reported(int device, long incarnation, int round, Report report) =>
        new(RoundEventKind.Reported, device, incarnation, round, report);
}
