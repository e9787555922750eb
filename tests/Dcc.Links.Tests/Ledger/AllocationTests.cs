using Dcc.Links.Ledger;

namespace Dcc.Links.Tests.Ledger;

public class AllocationTests
{
    private const int Exchanges = 1000;

    [Theory]
    [InlineData(int.MaxValue)]
    [InlineData(7)]
    public void PushesAndReports_OfRoundsThatHaveTheirRows_AllocateNothing(int cut)
    {
        var observed = 0;
        var ledger = LedgerFeed.New(Conversation.Meaning, (_, _, _) => observed++);
        var tap = ledger.Opened();
        tap.Up(Frames.Preface, Frames.Settings, Frames.Headers(1));
        tap.Down(Frames.Settings, Frames.Headers(1));
        var push = Frames.Data(1, Prefixed(Conversation.Push(1)));
        var report = Frames.Data(1, Prefixed(Conversation.Report(1)));
        Exchange(tap, push, report, cut);

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < Exchanges; i++)
        {
            Exchange(tap, push, report, cut);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(4 * (Exchanges + 1), observed);
    }

    [Fact]
    public void Rounds_EachWithItsRows_TakeLessThanHalfAKilobyte()
    {
        const int Rounds = 10_000;
        var ledger = LedgerFeed.New(Conversation.Meaning);
        var tap = ledger.Opened();
        tap.Up(Frames.Preface, Frames.Settings, Frames.Headers(1));
        tap.Down(Frames.Settings, Frames.Headers(1));
        var frames = Enumerable.Range(0, Rounds).Select(round =>
            (Frames.Data(1, Prefixed(Conversation.Push((uint)round))), Frames.Data(1, Prefixed(Conversation.Report((uint)round))))).ToArray();

        var before = GC.GetAllocatedBytesForCurrentThread();
        foreach (var (push, report) in frames)
        {
            Exchange(tap, push, report, int.MaxValue);
        }

        // A dictionary that doubles has allocated up to twice what it holds.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, Rounds * 1024L);
        Assert.Equal(Rounds, ledger.Totals().DeviceRounds);
    }

    private static void Exchange(IConnectionTap tap, byte[] push, byte[] report, int cut)
    {
        Cross(tap, LinkDirection.Down, push, cut);
        Cross(tap, LinkDirection.Up, report, cut);
    }

    private static void Cross(IConnectionTap tap, LinkDirection direction, ReadOnlySpan<byte> bytes, int cut)
    {
        while (!bytes.IsEmpty)
        {
            var part = bytes[..Math.Min(cut, bytes.Length)];
            tap.Cross(direction, part);
            bytes = bytes[part.Length..];
        }
    }

    private static byte[] Prefixed(Google.Protobuf.IMessage message)
    {
        var bytes = Google.Protobuf.MessageExtensions.ToByteArray(message);
        return [0, 0, 0, 0, (byte)bytes.Length, .. bytes];
    }
}
