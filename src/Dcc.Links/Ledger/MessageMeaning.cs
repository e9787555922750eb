namespace Dcc.Links.Ledger;

/// <summary>What a message is for.</summary>
public enum MessageKind
{
    /// <summary>Nothing known: it takes the cause of the message before it.</summary>
    Other,

    /// <summary>A device's first message of a session.</summary>
    Hello,

    /// <summary>The answer to a hello.</summary>
    Welcome,

    /// <summary>Missed rounds, after a welcome.</summary>
    Replay,

    /// <summary>A round's scalars to a device.</summary>
    Push,

    /// <summary>A round's scalars from a device.</summary>
    Report,

    /// <summary>A sign of life.</summary>
    Heartbeat,

    /// <summary>The run is over.</summary>
    End,
}

/// <summary>A message's kind and round.</summary>
/// <param name="Kind">What it is for.</param>
/// <param name="Round">Round of a push or report; without meaning for the other kinds.</param>
public readonly record struct MessageInfo(MessageKind Kind, int Round);

/// <summary>Tells what a message is for. Called for every message, from several threads; it should not allocate, and must not throw.</summary>
/// <param name="direction">Which way it travels.</param>
/// <param name="message">The message without its prefix; of a message longer than 64 KiB, the first 64 KiB.</param>
public delegate MessageInfo MessageMeaning(LinkDirection direction, ReadOnlySpan<byte> message);

/// <summary>Where on its way a message was seen.</summary>
public enum TapMoment
{
    /// <summary>Read from the sender's socket; the link has not taken it on.</summary>
    Sent,

    /// <summary>Written to the receiver's socket.</summary>
    Delivered,
}

/// <summary>
/// Sees every whole message at both moments, in order: the protocol points at which faults are injected. Called within the tap's call for the bytes
/// that completed the message, without any lock held; so the link can be reset before it takes these bytes on.
/// </summary>
/// <param name="direction">Which way it travels.</param>
/// <param name="moment">Where it was seen.</param>
/// <param name="message">What it is for.</param>
public delegate void MessageObserver(LinkDirection direction, TapMoment moment, MessageInfo message);
