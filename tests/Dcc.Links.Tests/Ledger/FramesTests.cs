using Dcc.Links.Ledger;
using static Dcc.Links.LinkDirection;

namespace Dcc.Links.Tests.Ledger;

public class FramesTests
{
    private static readonly byte[] Report = Frames.Message(MessageKind.Report);

    [Fact]
    public void Up_OneMessageInOneFrame_EachLayerHasItsBytes()
    {
        var ledger = Conversation(out var bytes, Frames.Headers(1), Frames.Data(1, Report), Frames.Ping);

        AssertLayers(ledger, payload: 10, prefix: 5, dataHeaders: 9, headers: 29, control: 24 + 9 + 17);
        ledger.AssertAddsUp(bytes, 0);
    }

    [Fact]
    public void Up_PaddedData_PaddingCountsAsDataFrameHeader()
    {
        byte[] padded = [4, .. Report, 0, 0, 0, 0];
        var ledger = Conversation(out var bytes, Frames.Headers(1), Frames.Of(FrameType.Data, 1, Frames.Padded, padded));

        AssertLayers(ledger, payload: 10, prefix: 5, dataHeaders: 9 + 1 + 4, headers: 29, control: 33);
        ledger.AssertAddsUp(bytes, 0);
    }

    [Fact]
    public void Up_NothingButPadding_IsWhole()
    {
        var ledger = Conversation(
            out var bytes, Frames.Headers(1), Frames.Of(FrameType.Data, 1, Frames.Padded, 0), Frames.Of(FrameType.Data, 1, Frames.Padded, 2, 0, 0),
            Frames.Data(1, Report));

        AssertLayers(ledger, payload: 10, prefix: 5, dataHeaders: 10 + 12 + 9, headers: 29, control: 33);
        ledger.AssertAddsUp(bytes, 0);
    }

    [Fact]
    public void Up_Continuation_IsHeaders()
    {
        var ledger = Conversation(
            out var bytes, Frames.Headers(1, flags: 0), Frames.Of(FrameType.Continuation, 1, 0, 7), Frames.Of(FrameType.Continuation, 1, Frames.EndHeaders, 7, 7),
            Frames.Data(1, Report));

        AssertLayers(ledger, payload: 10, prefix: 5, dataHeaders: 9, headers: 29 + 10 + 11, control: 33);
        ledger.AssertAddsUp(bytes, 0);
    }

    [Fact]
    public void Up_SeveralMessagesInAFrame_AreCountedOneByOne()
    {
        var ledger = Conversation(
            out var bytes, Frames.Headers(1),
            Frames.Data(1, Frames.Join(Frames.Message(MessageKind.Report, 0), Frames.Message(MessageKind.Report, 1), Frames.Message(MessageKind.Heartbeat))));

        AssertLayers(ledger, payload: 30, prefix: 15, dataHeaders: 9, headers: 29, control: 33);
        Assert.Equal(2, ledger.Totals().Messages(Up, LedgerCause.Algorithm));
        Assert.Equal(1, ledger.Totals().Messages(Up, LedgerCause.Heartbeat));
        Assert.Equal(9 + 15, ledger.Rows().Where(row => row is { Round: 0, Cause: LedgerCause.Algorithm }).Sum(row => row.Bytes));
        Assert.Equal(15, ledger.Rows().Where(row => row is { Round: 1, Cause: LedgerCause.Algorithm }).Sum(row => row.Bytes));
        ledger.AssertAddsUp(bytes, 0);
    }

    [Fact]
    public void Up_MessageOverSeveralFrames_TakesAllTheirHeaders()
    {
        var message = Frames.Message(MessageKind.Report, 7, 1000);
        var ledger = Conversation(
            out var bytes, Frames.Headers(1), Frames.Data(1, message[..3]), Frames.Ping, Frames.Data(1), Frames.Data(1, message[3..400]),
            Frames.Data(1, message[400..]));

        AssertLayers(ledger, payload: 1000, prefix: 5, dataHeaders: 36, headers: 29, control: 33 + 17);
        Assert.Equal(1041, ledger.Rows().Where(row => row is { Round: 7, Cause: LedgerCause.Algorithm }).Sum(row => row.Bytes));
        ledger.AssertAddsUp(bytes, 0);
    }

    [Fact]
    public void Up_InterleavedStreams_AreReadApart()
    {
        var first = Frames.Message(MessageKind.Report, 1, 100);
        var second = Frames.Message(MessageKind.Heartbeat, 0, 200);
        var ledger = Conversation(
            out var bytes, Frames.Headers(1), Frames.Headers(3), Frames.Data(1, first[..50]), Frames.Data(3, second[..4]), Frames.Data(1, first[50..]),
            Frames.Of(FrameType.Data, 3, Frames.EndStream, second[4..]));

        AssertLayers(ledger, payload: 300, prefix: 10, dataHeaders: 36, headers: 58, control: 33);
        Assert.Equal(123, ledger.Totals().Bytes(Up, LedgerCause.Algorithm));
        Assert.Equal(223, ledger.Totals().Bytes(Up, LedgerCause.Heartbeat));
        ledger.AssertAddsUp(bytes, 0);
    }

    [Fact]
    public void Up_UnknownAndOtherFrames_AreControl()
    {
        var ledger = Conversation(
            out var bytes, Frames.Of((FrameType)0x42, 9, 0xff, 1, 2, 3), Frames.Of(FrameType.Priority, 1, 0, new byte[5]), Frames.Headers(1),
            Frames.Of(FrameType.WindowUpdate, 0, 0, new byte[4]), Frames.Of(FrameType.ResetStream, 1, 0, new byte[4]),
            Frames.Of(FrameType.GoAway, 0, 0, new byte[8]));

        AssertLayers(ledger, payload: 0, prefix: 0, dataHeaders: 0, headers: 29, control: 33 + 12 + 14 + 13 + 13 + 17);
        ledger.AssertAddsUp(bytes, 0);
    }

    [Fact]
    public void Up_EmptyMessage_IsAMessage()
    {
        var ledger = Conversation(out var bytes, Frames.Headers(1), Frames.Data(1, new byte[5]), Frames.Of(FrameType.Data, 1, Frames.EndStream));

        AssertLayers(ledger, payload: 0, prefix: 5, dataHeaders: 18, headers: 29, control: 33);
        Assert.Equal(1, ledger.Totals().Messages(Up, LedgerCause.Joining));
        ledger.AssertAddsUp(bytes, 0);
    }

    [Fact]
    public void Up_MessageBeyondWhatIsGathered_IsToldByItsHead()
    {
        var message = Frames.Message(MessageKind.Push, 5, 200_000);
        var frames = message.Chunk(16_000).Select(part => Frames.Data(1, part)).ToArray();
        var longest = 0;
        var ledger = LedgerFeed.New((direction, bytes) =>
        {
            longest = bytes.Length;
            return Frames.Meaning(direction, bytes);
        });
        var tap = ledger.Opened();
        tap.Up([Frames.Preface, Frames.Settings, Frames.Headers(1), .. frames]);
        tap.Closed(null);

        Assert.Equal(64 * 1024, longest);
        Assert.Equal(200_000 + 5 + (9 * frames.Length), ledger.Totals().Bytes(Up, LedgerCause.Algorithm));
    }

    [Fact]
    public void Up_CompressedMessage_IsOfUnknownKind()
    {
        var message = Frames.Message(MessageKind.Report);
        message[0] = 1;
        var ledger = Conversation(out var bytes, Frames.Headers(1), Frames.Data(1, message));

        Assert.Equal(bytes, ledger.Totals().Bytes(Up, LedgerCause.Joining));
    }

    [Fact]
    public void Up_DataThatIsNotGrpc_IsOther()
    {
        var ledger = Conversation(out var bytes, Frames.Headers(1), Frames.Data(1, [.. "text"u8]), Frames.Headers(3), Frames.Data(3, Report));

        AssertLayers(ledger, payload: 10, prefix: 5, dataHeaders: 18, headers: 58, control: 33, other: 4);
        ledger.AssertAddsUp(bytes, 0);
    }

    [Fact]
    public void Connection_NotHttp2_IsOther()
    {
        var ledger = LedgerFeed.New();
        var tap = ledger.Opened();
        tap.Up([.. "PRI * HTTP/1.1\r\n"u8]);
        tap.Down([.. "HTTP/1.1 400 Bad Request\r\n"u8]);
        tap.Closed(null);

        Assert.Equal(16, ledger.Sum(Up, LedgerLayer.Other));
        Assert.Equal(26, ledger.Sum(Down, LedgerLayer.Other));
        ledger.AssertAddsUp(16, 26);
    }

    [Fact]
    public void Connection_Tls_IsTls()
    {
        var ledger = LedgerFeed.New();
        var tap = ledger.Opened();
        tap.Up([0x16], [3, 1, 0, 200, 1, 2, 3]);
        tap.Down([0x16, 3, 3, 0, 100]);
        tap.Closed(null);

        Assert.Equal(8, ledger.Sum(Up, LedgerLayer.Tls));
        Assert.Equal(5, ledger.Sum(Down, LedgerLayer.Tls));
    }

    public static TheoryData<string, byte[]> Impossible => new()
    {
        { "data on stream 0", Frames.Data(0, 1, 2) },
        { "ping of 7 bytes", Frames.Of(FrameType.Ping, 0, 0, new byte[7]) },
        { "continuation of nothing", Frames.Of(FrameType.Continuation, 1, 4) },
        { "settings of 5 bytes", Frames.Of(FrameType.Settings, 0, 0, new byte[5]) },
        { "headers that are not continued", Frames.Join(Frames.Headers(1, 0, 0), Frames.Ping) },
    };

    [Theory]
    [MemberData(nameof(Impossible))]
    public void Up_ImpossibleFrame_EndsTheParsing(string _, byte[] frame)
    {
        var ledger = Conversation(out var bytes, frame, Frames.Headers(1), Frames.Data(1, Report));

        Assert.Equal(0, ledger.Sum(Up, LedgerLayer.Payload));
        Assert.True(ledger.Sum(Up, LedgerLayer.Other) >= 9);
        ledger.AssertAddsUp(bytes, 0);
    }

    [Fact]
    public void Up_MoreStreamsThanAreFollowed_StillAddsUp()
    {
        var open = Enumerable.Range(0, 1000).Select(i => Frames.Data((2 * i) + 1, Report[..7])).ToArray();
        var ledger = Conversation(out var bytes, open);

        ledger.AssertAddsUp(bytes, 0);
    }

    private static DeviceLedger Conversation(out long bytes, params byte[][] frames)
    {
        var ledger = LedgerFeed.New();
        var tap = ledger.Opened();
        var all = Frames.Join([Frames.Preface, Frames.Settings, .. frames]);
        bytes = all.Length;
        tap.Up(all);
        tap.Closed(null);
        return ledger;
    }

    private static void AssertLayers(DeviceLedger ledger, long payload, long prefix, long dataHeaders, long headers, long control, long other = 0) =>
        Assert.Equal(
            [payload, prefix, dataHeaders, headers, control, 0, other],
            Enum.GetValues<LedgerLayer>().Select(layer => ledger.Sum(Up, layer)));
}
