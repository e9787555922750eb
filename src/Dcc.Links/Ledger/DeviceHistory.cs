namespace Dcc.Links.Ledger;

/// <summary>
/// What a device's connections have in common: which rounds it was pushed and has reported. Both ascend, so the highest tells what is repeated.
/// </summary>
internal sealed class DeviceHistory
{
    private int pushed = -1;
    private int reported = -1;
    private bool hasConnected;
    private bool hasEnded;

    /// <summary>Round of the last push, -1 before any.</summary>
    internal int Round { get; private set; } = -1;

    /// <summary>The cause of setting a connection up.</summary>
    internal LedgerCause Connect()
    {
        var cause = hasConnected ? LedgerCause.Retry : LedgerCause.Joining;
        hasConnected = true;
        return cause;
    }

    internal LedgerCause Push(int round)
    {
        Round = round;
        return First(ref pushed, round);
    }

    internal LedgerCause Report(int round) => First(ref reported, round);

    internal LedgerCause End()
    {
        var cause = hasEnded ? LedgerCause.Retry : LedgerCause.Joining;
        hasEnded = true;
        return cause;
    }

    private static LedgerCause First(ref int highest, int round)
    {
        if (round <= highest)
        {
            return LedgerCause.Retry;
        }

        highest = round;
        return LedgerCause.Algorithm;
    }
}
