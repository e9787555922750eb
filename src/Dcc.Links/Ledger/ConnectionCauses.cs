namespace Dcc.Links.Ledger;

/// <summary>
/// Why the bytes of a connection were sent. Up is set up to the end of its hello; down until it carries a message that is neither welcome nor
/// replay, and again from each further hello.
/// <list type="bullet">
/// <item>Hello, welcome, replay and SETTINGS are set-up: joining on the device's first connection up to a second hello, retry after that.</item>
/// <item>The first push and the first report of a round are the algorithm's, later ones retry; the first end is joining, later ones retry.</item>
/// <item>HEADERS, RST_STREAM, GOAWAY and what no message or frame completes (half-close, cut-off bytes, what is not gRPC): joining behind the
/// run's end, which for up is when the coordinator has sent it; before it part of set-up while their direction is set up, otherwise retry, because
/// only a fault opens or ends a stream in the middle of a run.</item>
/// <item>Other frames (PING, WINDOW_UPDATE, PRIORITY, unknown ones), and messages of unknown kind: part of set-up while their direction is set up;
/// then they take the cause of the last message on the connection, either way.</item>
/// </list>
/// The round is the message's own for a push or report, the last push's for all else. "Last" is in the order of the calls: a tap is told that bytes
/// were delivered after the fact, so what the device answers at once may be booked first. Only the last item, and the round of what is no push or
/// report, depend on that order between the directions.
/// </summary>
internal sealed class ConnectionCauses
{
    private readonly DeviceHistory history;
    private readonly bool[] isSettingUp = [true, true];
    private readonly bool[] hasEnded = new bool[2];
    private LedgerCause setUp;
    private LedgerCause last;
    private bool hasHello;

    internal ConnectionCauses(DeviceHistory history)
    {
        this.history = history;
        setUp = last = history.Connect();
    }

    internal (LedgerCause Cause, int Round) OfMessage(LinkDirection direction, MessageInfo message) => message.Kind switch
    {
        MessageKind.Hello => (Enter(), history.Round),
        MessageKind.Welcome or MessageKind.Replay => (setUp, history.Round),
        MessageKind.Push => (Leave(direction, history.Push(message.Round)), message.Round),
        MessageKind.Report => (Leave(direction, history.Report(message.Round)), message.Round),
        MessageKind.Heartbeat => (Leave(direction, LedgerCause.Heartbeat), history.Round),
        MessageKind.End => (Leave(direction, End()), history.Round),
        _ => (OfFlow(direction), history.Round),
    };

    internal (LedgerCause Cause, int Round) OfFrame(LinkDirection direction, FrameType type) => type switch
    {
        FrameType.Settings => (setUp, history.Round),
        FrameType.Headers or FrameType.PushPromise or FrameType.Continuation or FrameType.ResetStream or FrameType.GoAway => OfRest(direction),
        _ => (OfFlow(direction), history.Round),
    };

    internal (LedgerCause Cause, int Round) OfRest(LinkDirection direction) =>
        (hasEnded[(int)direction] ? LedgerCause.Joining : isSettingUp[(int)direction] ? setUp : LedgerCause.Retry, history.Round);

    /// <summary>The coordinator has sent the run's end: known before the device can answer it.</summary>
    internal void AnnounceEnd() => hasEnded[(int)LinkDirection.Up] = true;

    private LedgerCause Enter()
    {
        setUp = hasHello ? LedgerCause.Retry : setUp;
        hasHello = true;
        hasEnded.AsSpan().Clear();
        isSettingUp[(int)LinkDirection.Down] = true;
        return Leave(LinkDirection.Up, setUp);
    }

    private LedgerCause End()
    {
        hasEnded.AsSpan().Fill(true);
        return history.End();
    }

    private LedgerCause Leave(LinkDirection direction, LedgerCause cause)
    {
        isSettingUp[(int)direction] = false;
        return last = cause;
    }

    private LedgerCause OfFlow(LinkDirection direction) => isSettingUp[(int)direction] ? setUp : last;
}
