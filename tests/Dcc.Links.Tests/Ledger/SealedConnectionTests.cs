using Dcc.Links.Ledger;

namespace Dcc.Links.Tests.Ledger;

/// <summary>Connections whose bytes are sealed, told by the server at their other end what was inside.</summary>
public class SealedConnectionTests
{
    private const int Handshake = 1000;
    private const int Overhead = 22;
    private const LinkDirection Up = LinkDirection.Up;
    private const LinkDirection Down = LinkDirection.Down;

    private static readonly byte[] Opening = Frames.Join(Frames.Preface, Frames.Settings, Frames.Headers(1), Message(MessageKind.Hello));
    private static readonly byte[] Answer = Frames.Join(Frames.Settings, Frames.Headers(1), Message(MessageKind.Welcome));

    private readonly SealedConnections contents = new();
    private readonly DeviceLedger ledger;

    public SealedConnectionTests() => ledger = new DeviceLedger(3, Frames.Meaning, observer: null, contents);

    [Fact]
    public void Content_OfWholeRecords_IsBookedAsInPlain()
    {
        var tap = ledger.Opened();
        tap.Connected(7);
        Cross(tap, Up, new byte[Handshake]);
        Cross(tap, Down, new byte[Handshake]);
        long up = Handshake, down = Handshake;
        Carry(tap, Up, Opening, ref up);
        Carry(tap, Down, Answer, ref down);
        for (byte round = 0; round < 5; round++)
        {
            Carry(tap, Down, Message(MessageKind.Push, round), ref down);
            Carry(tap, Up, Message(MessageKind.Report, round), ref up);
        }

        tap.Closed(null);
        contents.Settle();
        ledger.AssertAddsUp(up, down);
        Assert.Equal(Handshake + (6 * Overhead), ledger.Sum(Up, LedgerLayer.Tls));
        Assert.Equal(Handshake + (6 * Overhead), ledger.Sum(Down, LedgerLayer.Tls));

        // What plain connections of the same messages are booked as.
        var plain = LedgerFeed.New();
        var open = plain.Opened();
        open.Up(Opening);
        open.Down(Answer);
        for (byte round = 0; round < 5; round++)
        {
            open.Down(Message(MessageKind.Push, round));
            open.Up(Message(MessageKind.Report, round));
        }

        open.Closed(null);
        Assert.Equal(plain.Rows(), ledger.Rows().Where(row => row.Layer != LedgerLayer.Tls));
        Assert.All(Enumerable.Range(0, 5), round => Assert.Equal(
            [Overhead, Overhead], ledger.Rows().Where(row => row.Round == round && row.Layer == LedgerLayer.Tls).Select(row => row.Bytes)));
    }

    // What the server wrote and a reset lost, what the device sent and the server never read, and a server that was killed before it told.
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Content_CutOffAnywhere_AddsUpToWhatCrossedTheSocket(int seed)
    {
        var random = new Random(seed);
        long allUp = 0, allDown = 0;
        for (var port = 1; port <= 50; port++)
        {
            var tap = ledger.Opened();
            tap.Connected(port);
            long up = Handshake, down = Handshake;
            var (crossedUp, crossedDown) = (random.Next(3 * Handshake), random.Next(3 * Handshake));
            var told = contents.At(port)!;
            for (var records = random.Next(40); records > 0; records--)
            {
                var content = records % 3 == 0 ? new byte[random.Next(1, 300)] : Message(MessageKind.Report, (byte)records);
                random.NextBytes(records % 5 == 0 ? content : []);
                if (random.Next(2) == 0 && up + content.Length + Overhead <= crossedUp)
                {
                    told(Up, content, up += content.Length + Overhead);
                }
                else
                {
                    told(Down, content, down += content.Length + Overhead);
                }
            }

            // The link tells in pieces, and later than the server.
            Cross(tap, Up, new byte[crossedUp]);
            Cross(tap, Down, new byte[crossedDown / 2]);
            Cross(tap, Down, new byte[crossedDown - (crossedDown / 2)]);
            tap.Closed(null);
            allUp += crossedUp;
            allDown += crossedDown;
        }

        contents.Settle();
        ledger.AssertAddsUp(allUp, allDown);
        Assert.True(ledger.Sum(Down, LedgerLayer.Tls) < allDown, $"seed {seed}: nothing was taken for content");
    }

    [Fact]
    public void Content_NobodyTells_IsTls()
    {
        var tap = ledger.Opened();
        Cross(tap, Up, new byte[123]);
        Cross(tap, Down, new byte[45]);
        tap.Closed(null);
        contents.Settle();
        ledger.AssertAddsUp(123, 45);
        Assert.Equal(123, ledger.Sum(Up, LedgerLayer.Tls));
        Assert.Null(contents.At(9));
    }

    private void Carry(IConnectionTap tap, LinkDirection direction, byte[] content, ref long carried)
    {
        carried += content.Length + Overhead;
        contents.At(7)!(direction, content, carried);
        Cross(tap, direction, new byte[content.Length + Overhead]);
    }

    private static void Cross(IConnectionTap tap, LinkDirection direction, byte[] bytes) => tap.Cross(direction, bytes);

    private static byte[] Message(MessageKind kind, byte round = 0) => Frames.Data(1, Frames.Message(kind, round));
}
