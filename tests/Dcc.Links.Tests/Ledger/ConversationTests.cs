using CsCheck;
using Dcc.Links.Ledger;
using Google.Protobuf;
using static Dcc.Links.LinkDirection;

namespace Dcc.Links.Tests.Ledger;

public class ConversationTests(ConversationFixture fixture) : IClassFixture<ConversationFixture>
{
    private const int Prefix = 5;

    private readonly Conversation conversation = fixture.Conversation;

    [Fact]
    public void RealConversation_Layers_AddUpToTheBytesCrossed()
    {
        var ledger = Whole();

        ledger.AssertAddsUp(conversation.Bytes(Up), conversation.Bytes(Down));
        Assert.Equal(0, ledger.Sum(Up, LedgerLayer.Other) + ledger.Sum(Down, LedgerLayer.Other));
        Assert.True(ledger.Sum(Up, LedgerLayer.HeadersFrames) > 0);
        Assert.True(ledger.Sum(Down, LedgerLayer.ControlFrames) > 0);
    }

    [Fact]
    public void RealConversation_PayloadAndPrefixes_AreThoseOfTheMessages()
    {
        var ledger = Whole();
        IMessage[] up =
        [
            Conversation.Hello(0), .. Reports(0, 3), Conversation.Hello(2), .. Reports(2, Conversation.Rounds), Conversation.Heartbeat,
        ];
        IMessage[] down =
        [
            Conversation.Welcome, .. Pushes(0, 3), Conversation.Welcome, Conversation.Replay,
            .. Pushes(2, Conversation.Rounds), Conversation.End,
        ];

        Assert.Equal(up.Sum(message => message.CalculateSize()), ledger.Sum(Up, LedgerLayer.Payload));
        Assert.Equal(down.Sum(message => message.CalculateSize()), ledger.Sum(Down, LedgerLayer.Payload));
        Assert.Equal(Prefix * up.Length, ledger.Sum(Up, LedgerLayer.MessagePrefix));
        Assert.Equal(Prefix * down.Length, ledger.Sum(Down, LedgerLayer.MessagePrefix));
    }

    [Fact]
    public void RealConversation_Causes_AreThoseOfTheStory()
    {
        var ledger = Whole();
        var totals = ledger.Totals();

        Assert.Equal(Conversation.Rounds, totals.DeviceRounds);
        Assert.Equal(Conversation.Rounds, totals.Messages(Up, LedgerCause.Algorithm));
        Assert.Equal(Conversation.Rounds, totals.Messages(Down, LedgerCause.Algorithm));
        Assert.Equal(1, totals.Messages(Up, LedgerCause.Joining));
        Assert.Equal(2, totals.Messages(Up, LedgerCause.Retry));
        Assert.Equal(1, totals.Messages(Up, LedgerCause.Heartbeat));
        Assert.Equal(2, totals.Messages(Down, LedgerCause.Joining));
        Assert.Equal(3, totals.Messages(Down, LedgerCause.Retry));

        // The first push may share the welcome's DATA frame; all later messages have their own. Control frames of the round aside.
        for (var round = 1; round < Conversation.Rounds; round++)
        {
            var report = Cells(ledger, Up, round, LedgerLayer.Payload, LedgerLayer.MessagePrefix, LedgerLayer.DataFrameHeaders);
            var push = Cells(ledger, Down, round, LedgerLayer.Payload, LedgerLayer.MessagePrefix, LedgerLayer.DataFrameHeaders);
            Assert.Equal(Conversation.Report((uint)round).CalculateSize() + Prefix + 9, report);
            Assert.Equal(Conversation.Push((uint)round).CalculateSize() + Prefix + 9, push);
        }
    }

    [Fact]
    public void RealConversation_BookedWhileItRan_GivesTheSameTable() => Assert.Equal(Whole().Rows(), conversation.Live.Rows());

    [Fact]
    public void RealConversation_CutAnyOtherWay_GivesTheSameTable()
    {
        var expected = Whole().Rows();

        Assert.Equal(expected, LedgerFeed.Of(conversation.Pieces, Conversation.Meaning, _ => 1).Rows());
        Gen.Int[1, 40].Array[1, 50].Sample(
            lengths =>
            {
                var next = 0;
                var ledger = LedgerFeed.Of(conversation.Pieces, Conversation.Meaning, _ => lengths[next++ % lengths.Length]);
                Assert.Equal(expected, ledger.Rows());
            },
            iter: 200);
    }

    [Fact]
    public void RealConversation_CutOffAnywhere_StillAddsUp()
    {
        var length = conversation.Pieces.Sum(piece => piece.Bytes?.Length ?? 0);
        for (var offset = 0; offset <= length; offset++)
        {
            var kept = UpTo(offset);
            LedgerFeed.Of(kept, Conversation.Meaning, rest => rest).AssertAddsUp(
                kept.Where(piece => piece.Direction == Up).Sum(piece => piece.Bytes?.Length ?? 0),
                kept.Where(piece => piece.Direction == Down).Sum(piece => piece.Bytes?.Length ?? 0));
        }
    }

    [Fact]
    public void RealConversation_WithAByteFlipped_StillAddsUp()
    {
        var length = conversation.Pieces.Sum(piece => piece.Bytes?.Length ?? 0);
        Gen.Select(Gen.Int[0, length - 1], Gen.Byte[1, 255]).Sample(
            (offset, mask) =>
            {
                var pieces = conversation.Pieces.Select(piece => piece with { Bytes = piece.Bytes?.ToArray() }).ToList();
                foreach (var piece in pieces.Where(piece => piece.Bytes is not null))
                {
                    if (offset < piece.Bytes!.Length)
                    {
                        piece.Bytes[offset] ^= mask;
                        break;
                    }

                    offset -= piece.Bytes.Length;
                }

                LedgerFeed.Of(pieces, Conversation.Meaning, rest => rest).AssertAddsUp(conversation.Bytes(Up), conversation.Bytes(Down));
            },
            iter: 2000);
    }

    [Fact]
    public void Garbage_WithAndWithoutAPreface_AddsUp() =>
        Gen.Select(Gen.Bool, Gen.Byte.Array[0, 2000], Gen.Byte[0, 10].Array[0, 2000], Gen.Int[1, 100]).Sample(
            (hasPreface, anything, smallNumbers, cut) =>
            {
                byte[] start = hasPreface ? Frames.Join(Frames.Preface, Frames.Settings) : [];
                byte[] up = [.. start, .. smallNumbers, .. anything];
                byte[] down = [.. hasPreface ? Frames.Settings : [], .. smallNumbers, .. anything];
                LedgerFeed.Of([new Piece(0, Up, up), new Piece(0, Down, down)], Conversation.Meaning, _ => cut).AssertAddsUp(up.Length, down.Length);
            },
            iter: 2000);

    private DeviceLedger Whole() => LedgerFeed.Of(conversation.Pieces, Conversation.Meaning, rest => rest);

    private static IEnumerable<IMessage> Reports(int first, int end) =>
        Enumerable.Range(first, end - first).Select(round => Conversation.Report((uint)round));

    private static IEnumerable<IMessage> Pushes(int first, int end) =>
        Enumerable.Range(first, end - first).Select(round => Conversation.Push((uint)round));

    private static long Cells(DeviceLedger ledger, LinkDirection direction, int round, params LedgerLayer[] layers) => ledger.Rows()
        .Where(row => row.Direction == direction && row.Round == round && row.Cause == LedgerCause.Algorithm && layers.Contains(row.Layer))
        .Sum(row => row.Bytes);

    private List<Piece> UpTo(int bytes)
    {
        var kept = new List<Piece>();
        foreach (var piece in conversation.Pieces)
        {
            if (piece.Bytes is null)
            {
                kept.Add(piece);
                continue;
            }

            kept.Add(piece with { Bytes = piece.Bytes[..Math.Min(bytes, piece.Bytes.Length)] });
            bytes -= kept[^1].Bytes!.Length;
            if (bytes == 0)
            {
                break;
            }
        }

        return kept;
    }
}
