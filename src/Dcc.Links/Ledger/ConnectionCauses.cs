namespace Dcc.Links.Ledger;

/// <summary>
/// Why the bytes of a connection were sent. A connection is set up from its first byte, and again from each further hello, until a message comes
/// that is neither hello, welcome nor replay.
/// <list type="bullet">
/// <item>Set-up is joining on the device's first connection up to a second hello, retry after that.</item>
/// <item>The first push and the first report of a round are the algorithm's, later ones retry; the first end is joining, later ones retry.</item>
/// <item>HEADERS, RST_STREAM, GOAWAY and what no message or frame completes: part of set-up during it; after it joining where the connection has
/// seen the run's end, otherwise retry, because only a fault ends or opens a stream in the middle of a run. HEADERS with which the device opens a
/// stream after the hello of another are never part of that one's set-up.</item>
/// <item>Other frames (SETTINGS and its acknowledgement, PING, WINDOW_UPDATE, PRIORITY, unknown ones), and messages of unknown kind: part of set-up
/// during it; after it they take the cause of the last message on the connection, either way.</item>
/// </list>
/// The round is the message's own for a push or report, the last push's for all else. "Last" is in the order of the bytes at the device's socket.
/// </summary>
internal sealed class ConnectionCauses(DeviceHistory history)
{
    private LedgerCause setUp = history.Connect();
    private LedgerCause last;
    private bool isSettingUp = true;
    private bool hasHello;
    private bool hasEnd;

    internal (LedgerCause Cause, int Round) OfMessage(MessageInfo message)
    {
        switch (message.Kind)
        {
            case MessageKind.Hello:
                setUp = hasHello ? LedgerCause.Retry : setUp;
                hasHello = true;
                isSettingUp = true;
                break;
            case MessageKind.Welcome or MessageKind.Replay:
                break;
            case MessageKind.Push:
                Leave(history.Push(message.Round));
                return (last, message.Round);
            case MessageKind.Report:
                Leave(history.Report(message.Round));
                return (last, message.Round);
            case MessageKind.Heartbeat:
                Leave(LedgerCause.Heartbeat);
                break;
            case MessageKind.End:
                hasEnd = true;
                Leave(history.End());
                break;
            default:
                return (OfFlow(), history.Round);
        }

        return (message.Kind is MessageKind.Heartbeat or MessageKind.End ? last : setUp, history.Round);
    }

    internal (LedgerCause Cause, int Round) OfFrame(LinkDirection direction, FrameType type) => type switch
    {
        FrameType.Headers when direction == LinkDirection.Up && hasHello => (OfEnding(), history.Round),
        FrameType.Headers or FrameType.PushPromise or FrameType.Continuation or FrameType.ResetStream or FrameType.GoAway => OfRest(),
        _ => (OfFlow(), history.Round),
    };

    internal (LedgerCause Cause, int Round) OfRest() => (isSettingUp ? setUp : OfEnding(), history.Round);

    private LedgerCause OfFlow() => isSettingUp ? setUp : last;

    private LedgerCause OfEnding() => hasEnd ? LedgerCause.Joining : LedgerCause.Retry;

    private void Leave(LedgerCause cause)
    {
        isSettingUp = false;
        last = cause;
    }
}
