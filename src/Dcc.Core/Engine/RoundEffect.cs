using Dcc.Core.Learning;

namespace Dcc.Core.Engine;

/// <summary>What the engine wants done.</summary>
public enum RoundEffectKind
{
    /// <summary>Make <see cref="RoundEffect.Record"/> durable before any later effect.</summary>
    Persist,

    /// <summary>Send the pushes of committed rounds <see cref="RoundEffect.Round"/>..<see cref="RoundEffect.LastRound"/> from the journal, for the device to learn without reporting.</summary>
    Replay,

    /// <summary>Send <see cref="RoundEffect.Push"/> and expect a report.</summary>
    Push,

    /// <summary>Send the end of the run with the device's final theta, <see cref="RoundEffect.Push"/>.Theta.</summary>
    End,

    /// <summary>End the stream for <see cref="RoundEffect.Refusal"/>.</summary>
    Disconnect,

    /// <summary>End the stream in peace: the device has left, and that is durable.</summary>
    Farewell,

    /// <summary>Say <see cref="RoundEventKind.DeadlineReached"/> of <see cref="RoundEffect.Round"/> when the run's round deadline has passed from now.</summary>
    AwaitDeadline,

    /// <summary>Tell observers that <see cref="RoundEffect.Committed"/> was committed.</summary>
    Publish,
}

/// <summary>Why a stream is ended.</summary>
public enum Refusal
{
    /// <summary>Not refused.</summary>
    None,

    /// <summary>No such device in this run.</summary>
    UnknownDevice,

    /// <summary>Another process, or a later stream of the same one, has the device now.</summary>
    Replaced,

    /// <summary>Another process that started later has the device; should that one go, the next attempt succeeds.</summary>
    OlderProcess,

    /// <summary>The device holds rounds that this run never committed: it belongs to another run, or the journal was lost.</summary>
    AheadOfRun,

    /// <summary>A report for a round that was not pushed yet.</summary>
    WrongRound,

    /// <summary>A report with NaN or an infinity.</summary>
    NotFinite,

    /// <summary>A report with a number beyond the run's limit.</summary>
    Implausible,

    /// <summary>A second report for the open round, with other scalars than the first.</summary>
    ConflictingReport,

    /// <summary>An operator cancelled the run.</summary>
    RunCancelled,

    /// <summary>A device that wants to leave a run that waits for everybody.</summary>
    CannotLeave,
}

/// <summary>One output of the engine, to be executed in order.</summary>
public readonly record struct RoundEffect(
    RoundEffectKind Kind, int Device = -1, long Incarnation = 0, int Round = -1, int LastRound = -1, Push Push = default,
    Refusal Refusal = Refusal.None, JournalRecord? Record = null, CommittedRound? Committed = null);

/// <summary>How many inputs the engine took or turned away, by outcome.</summary>
public sealed class EngineCounters
{
    /// <summary>Reports counted into a round.</summary>
    public long Accepted { get; internal set; }

    /// <summary>Equal repetitions of a report for the open round.</summary>
    public long Duplicate { get; internal set; }

    /// <summary>Reports for a round that was committed before.</summary>
    public long Stale { get; internal set; }

    /// <summary>Reports from a stream that was replaced or refused.</summary>
    public long Fenced { get; internal set; }

    /// <summary>Reports whose pull on the others was clipped; they count as accepted too.</summary>
    public long Clipped { get; internal set; }

    /// <summary>Inputs refused, by reason.</summary>
    public long Refused(Refusal refusal) => refused[(int)refusal];

    private readonly long[] refused = new long[Enum.GetValues<Refusal>().Length];

    internal void Refuse(Refusal refusal) => refused[(int)refusal]++;
}
