using Dcc.Links.Ledger;
using static Dcc.Links.LinkDirection;

namespace Dcc.Links.Tests.Ledger;

public class CausesTests
{
    private const int MessageFrame = 9 + 5 + 10;

    private static readonly byte[] Hello = Data(MessageKind.Hello);
    private static readonly byte[] Welcome = Data(MessageKind.Welcome);
    private static readonly byte[] Replay = Data(MessageKind.Replay);
    private static readonly byte[] Heartbeat = Data(MessageKind.Heartbeat);
    private static readonly byte[] End = Data(MessageKind.End);
    private static readonly byte[] Trailers = Frames.Headers(1, 20, Frames.EndHeaders | Frames.EndStream);
    private static readonly byte[] HalfClose = Frames.Of(FrameType.Data, 1, Frames.EndStream);

    private readonly DeviceLedger ledger = LedgerFeed.New();

    [Fact]
    public void FirstSession_ToItsEnd_IsJoiningAndAlgorithm()
    {
        var tap = Join();
        var joining = Bytes(Up, LedgerCause.Joining);
        Exchange(tap, 0);
        Exchange(tap, 1);
        tap.Down(End, Trailers);
        tap.Up(HalfClose);
        tap.Closed(null);

        Assert.Equal(2 * MessageFrame, Bytes(Up, LedgerCause.Algorithm));
        Assert.Equal(2 * MessageFrame, Bytes(Down, LedgerCause.Algorithm));
        Assert.Equal(joining + 9, Bytes(Up, LedgerCause.Joining));
        Assert.Equal(0, Bytes(Up, LedgerCause.Retry) + Bytes(Down, LedgerCause.Retry));
        Assert.Equal(MessageFrame, Round(0, Up, LedgerCause.Algorithm));
        Assert.Equal(MessageFrame, Round(1, Down, LedgerCause.Algorithm));
        Assert.Equal(joining, Round(-1, Up, LedgerCause.Joining));
        Assert.Equal(2, ledger.Totals().DeviceRounds);
        Assert.True(ledger.Totals().AddsUp);
    }

    [Fact]
    public void SecondConnection_SetUpReplayAndRepeats_AreRetry()
    {
        var tap = Join();
        Exchange(tap, 0);
        tap.Closed(null);

        tap = Join();
        tap.Down(Replay, Push(0));
        tap.Up(Report(0));
        Assert.Equal(MessageFrame, Bytes(Up, LedgerCause.Algorithm));
        Assert.Equal(Bytes(Up, LedgerCause.Joining) + MessageFrame, Bytes(Up, LedgerCause.Retry));
        Assert.Equal(Bytes(Down, LedgerCause.Joining) + (2 * MessageFrame), Bytes(Down, LedgerCause.Retry));

        Exchange(tap, 1);
        tap.Down(End, Trailers);
        Assert.Equal(2 * MessageFrame, Bytes(Up, LedgerCause.Algorithm));
        Assert.Equal(MessageFrame + 29, Round(1, Down, LedgerCause.Joining));
        Assert.Equal(2, ledger.Totals().DeviceRounds);
    }

    [Fact]
    public void SecondStreamOfAConnection_IsRetry()
    {
        var tap = Join();
        Exchange(tap, 0);
        tap.Down(Trailers);
        tap.Up(Frames.Headers(3), Frames.Data(3, Frames.Message(MessageKind.Hello)));
        tap.Down(Frames.Headers(3), Frames.Data(3, Frames.Message(MessageKind.Welcome)));

        Assert.Equal(29 + MessageFrame, Bytes(Up, LedgerCause.Retry));
        Assert.Equal(29 + 29 + MessageFrame, Bytes(Down, LedgerCause.Retry));
        Assert.Equal(29 + MessageFrame, Round(0, Up, LedgerCause.Retry));
    }

    [Fact]
    public void SecondStreamBeforeTheFirstIsWelcomed_IsRetry()
    {
        var tap = ledger.Opened();
        tap.Up(Frames.Preface, Frames.Settings, Frames.Headers(1), Hello);
        var joining = Bytes(Up, LedgerCause.Joining);
        tap.Up(Frames.Headers(3), Frames.Data(3, Frames.Message(MessageKind.Hello)));

        Assert.Equal(joining, Bytes(Up, LedgerCause.Joining));
        Assert.Equal(29 + MessageFrame, Bytes(Up, LedgerCause.Retry));
    }

    [Fact]
    public void ControlFrames_TakeTheCauseOfTheLastMessage()
    {
        var tap = Join();
        tap.Up(Frames.SettingsAck);
        Assert.Equal(24 + 9 + 9, ledger.Totals().Bytes(Up, LedgerCause.Joining, LedgerLayer.ControlFrames));

        tap.Down(Push(0));
        tap.Up(Frames.Ping);
        Assert.Equal(17, ledger.Totals().Bytes(Up, LedgerCause.Algorithm, LedgerLayer.ControlFrames));

        tap.Down(Heartbeat);
        tap.Up(Frames.Ping, Frames.Ping);
        Assert.Equal(34, ledger.Totals().Bytes(Up, LedgerCause.Heartbeat, LedgerLayer.ControlFrames));
        Assert.Equal(34, Round(0, Up, LedgerCause.Heartbeat));
    }

    [Fact]
    public void ReportCutOffByAReset_IsRetry_AndItsRepeatTheAlgorithm()
    {
        var tap = Join();
        tap.Down(Push(0));
        tap.Up(Report(0)[..15]);
        tap.Closed(null);
        Assert.Equal(15, Bytes(Up, LedgerCause.Retry));
        Assert.Equal(0, ledger.Totals().DeviceRounds);

        Join().Up(Report(0));
        Assert.Equal(MessageFrame, Bytes(Up, LedgerCause.Algorithm));
        Assert.Equal(1, ledger.Totals().DeviceRounds);
    }

    /// <summary>The device may answer before the proxy has told that it wrote; then nothing may look like a fault.</summary>
    [Fact]
    public void FirstSession_DeliveriesToldLate_HasNoRetries()
    {
        var tap = ledger.Opened();
        byte[][] down =
        [
            Frames.Join(Frames.Settings, Frames.SettingsAck, Frames.Headers(1), Welcome, Push(0)), Frames.Join(Push(1), End, Trailers),
        ];
        tap.Up(Frames.Preface, Frames.Settings, Frames.Headers(1), Hello);
        tap.Sent(Down, down[0]);
        tap.Up(Frames.SettingsAck, Report(0));
        tap.Delivered(Down, down[0]);
        tap.Sent(Down, down[1]);
        tap.Up(Report(1), HalfClose, Frames.Of(FrameType.GoAway, 0, 0, new byte[8]));
        tap.Delivered(Down, down[1]);
        tap.Closed(null);

        Assert.Equal(0, Bytes(Up, LedgerCause.Retry) + Bytes(Down, LedgerCause.Retry));
        Assert.Equal(2 * MessageFrame, Bytes(Up, LedgerCause.Algorithm));
        Assert.Equal(2 * MessageFrame, Bytes(Down, LedgerCause.Algorithm));
        Assert.True(ledger.Totals().AddsUp);
    }

    [Fact]
    public void EndOnALaterConnection_IsJoiningOnce()
    {
        var tap = Join();
        Exchange(tap, 0);
        tap.Closed(null);
        tap = Join();
        tap.Down(End, Trailers);
        tap.Up(HalfClose);
        tap.Closed(null);
        Assert.Equal(MessageFrame + 29, Round(0, Down, LedgerCause.Joining));
        Assert.Equal(9, Round(0, Up, LedgerCause.Joining));

        tap = Join();
        tap.Down(End);
        Assert.Equal(MessageFrame + 29, Round(0, Down, LedgerCause.Joining));
    }

    [Fact]
    public void EndSentBeforeTheSetUpIsDelivered_LeavesTheSetUpARetry()
    {
        Join().Closed(null);
        var joining = Bytes(Down, LedgerCause.Joining);
        var tap = ledger.Opened();
        tap.Up(Frames.Preface, Frames.Settings, Frames.Headers(1), Hello);
        tap.Down(Frames.Settings, Frames.Headers(1), Welcome, End, Trailers);

        Assert.Equal(joining + MessageFrame + 29, Bytes(Down, LedgerCause.Joining));
        Assert.Equal(9 + 29 + MessageFrame, Bytes(Down, LedgerCause.Retry));
    }

    [Fact]
    public void Observer_SeesEveryMessageAtBothMoments_AndMayCloseTheConnection()
    {
        var seen = new List<string>();
        IConnectionTap? tap = null;
        var observed = LedgerFeed.New(observer: (direction, moment, message) =>
        {
            seen.Add($"{direction} {moment} {message.Kind} {message.Round}");
            if (message is { Kind: MessageKind.Report, Round: 1 } && moment == TapMoment.Sent)
            {
                // Another thread must get the ledger's lock while the observer runs.
                Task.Run(() => tap!.Closed(null), TestContext.Current.CancellationToken).Wait(TestContext.Current.CancellationToken);
            }
        });
        tap = observed.Opened();
        var up = Frames.Join(Frames.Preface, Frames.Settings, Frames.Headers(1), Hello);
        tap.Sent(Up, up);
        Assert.Equal(["Up Sent Hello 0"], seen);
        tap.Delivered(Up, up);
        var down = Frames.Join(Frames.Settings, Frames.Headers(1), Welcome, Push(1));
        tap.Sent(Down, down);
        tap.Delivered(Down, down.AsSpan(..^1));
        tap.Delivered(Down, down.AsSpan(^1..));
        tap.Sent(Up, Report(1));

        Assert.Equal(
            [
                "Up Sent Hello 0", "Up Delivered Hello 0", "Down Sent Welcome 0", "Down Sent Push 1", "Down Delivered Welcome 0",
                "Down Delivered Push 1", "Up Sent Report 1",
            ],
            seen);
        Assert.True(observed.Totals().AddsUp);
    }

    [Fact]
    public void IpBytesPerDeviceRound_OneSegmentEach_IsBytesAndTwoHeaders()
    {
        var tap = Join();
        for (byte round = 0; round < 10; round++)
        {
            Exchange(tap, round);
        }

        tap.Up(Heartbeat);
        tap.Closed(new SegmentCounts(12, 20, 11, 15, 1, 2));
        var totals = ledger.Totals();

        // Up: 1 chunk of set-up, 10 reports, 1 heartbeat; down: 1 of set-up, 10 pushes.
        Assert.Equal((2 * MessageFrame) + (2 * 52), totals.IpBytesPerDeviceRound!.Value, 9);
        Assert.Equal(12 * 52, totals.DataSegmentHeaderBytes(Up));
        Assert.Equal(15 * 52, totals.BareSegmentHeaderBytes(Down));
        Assert.Equal(0, totals.ConnectionsWithoutSegments);
        Assert.Equal(2, totals.KernelBytes(Down));
    }

    [Fact]
    public void IpBytesPerDeviceRound_UnknownSegments_CountsReadsAndWrites()
    {
        var tap = Join();
        Exchange(tap, 0);
        tap.Down(Push(1)[..10]);
        tap.Down(Push(1)[10..]);
        tap.Closed(null);
        var totals = ledger.Totals();

        Assert.Equal(1, totals.ConnectionsWithoutSegments);
        Assert.Equal(2, totals.DataSegments(Up));
        Assert.Equal((3 * MessageFrame) + (4 * 52), totals.IpBytesPerDeviceRound!.Value, 9);
        Assert.Null(LedgerTotals.Sum([]).IpBytesPerDeviceRound);
        Assert.Equal(2 * totals.TotalBytes(Down), LedgerTotals.Sum([totals, totals]).TotalBytes(Down));
        Assert.Equal(2, LedgerTotals.Sum([totals, totals]).DeviceRounds);
    }

    private static byte[] Data(MessageKind kind, byte round = 0) => Frames.Data(1, Frames.Message(kind, round));

    private static byte[] Push(byte round) => Data(MessageKind.Push, round);

    private static byte[] Report(byte round) => Data(MessageKind.Report, round);

    private static void Exchange(IConnectionTap tap, byte round)
    {
        tap.Down(Push(round));
        tap.Up(Report(round));
    }

    private IConnectionTap Join()
    {
        var tap = ledger.Opened();
        tap.Up(Frames.Preface, Frames.Settings, Frames.Headers(1), Hello);
        tap.Down(Frames.Settings, Frames.SettingsAck, Frames.Headers(1), Welcome);
        return tap;
    }

    private long Bytes(LinkDirection direction, LedgerCause cause) => ledger.Totals().Bytes(direction, cause);

    private long Round(int round, LinkDirection direction, LedgerCause cause) =>
        ledger.Rows().Where(row => row.Round == round && row.Direction == direction && row.Cause == cause).Sum(row => row.Bytes);
}
