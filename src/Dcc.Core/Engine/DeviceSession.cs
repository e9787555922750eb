using Dcc.Core.Learning;

namespace Dcc.Core.Engine;

/// <summary>What a device did with a push.</summary>
public enum PushOutcome
{
    /// <summary>It was the next round: learned; <see cref="DeviceSession.LastReport"/> is its report.</summary>
    Learned,

    /// <summary>It was the round held last, sent again after a reconnection: send <see cref="DeviceSession.LastReport"/> again.</summary>
    Repeated,

    /// <summary>An older round: nothing to do.</summary>
    Stale,

    /// <summary>Rounds in between are missing: reconnect with <see cref="DeviceSession.LastRoundHeld"/> and be replayed.</summary>
    Gap,

    /// <summary>The same round with other scalars than those learned from: the coordinator is not the one this device learned with.</summary>
    Conflict,
}

/// <summary>
/// The device's mirror of <see cref="RoundEngine"/>, without I/O: learns each push once and in order, so its state is a pure function of the
/// pushes it was given, and answers a repeated push with the same report.
/// </summary>
public sealed class DeviceSession(ILocalSolver solver)
{
    private Push lastPush;

    /// <summary>The last round learned, -1 for none: what the hello of a new stream says.</summary>
    public int LastRoundHeld { get; private set; } = -1;

    /// <summary>The report of the last round learned.</summary>
    public Report LastReport { get; private set; }

    /// <summary>The policy to deploy.</summary>
    public Policies.PolicyMixture Policy => solver.Policy;

    /// <summary>J, f and lambda of the last round learned; zeros before the first.</summary>
    public Policies.CurvePoint LastPoint => solver.LastPoint;

    /// <summary>Takes a push, replayed or live; learning happens inside this call.</summary>
    public PushOutcome Handle(int round, Push push)
    {
        if (round == LastRoundHeld)
        {
            return push == lastPush ? PushOutcome.Repeated : PushOutcome.Conflict;
        }

        if (round < LastRoundHeld)
        {
            return PushOutcome.Stale;
        }

        if (round > LastRoundHeld + 1)
        {
            return PushOutcome.Gap;
        }

        LastReport = solver.Solve(round, push);
        lastPush = push;
        LastRoundHeld = round;
        return PushOutcome.Learned;
    }
}
