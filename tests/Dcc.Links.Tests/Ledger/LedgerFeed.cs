using Dcc.Links.Ledger;

namespace Dcc.Links.Tests.Ledger;

/// <summary>A piece of a conversation, at the device's socket; null bytes for the end of the connection.</summary>
internal readonly record struct Piece(int Connection, LinkDirection Direction, byte[]? Bytes);

/// <summary>Feeds conversations to a ledger.</summary>
internal static class LedgerFeed
{
    internal static DeviceLedger New(MessageMeaning? meaning = null, MessageObserver? observer = null) => new(3, meaning ?? Frames.Meaning, observer);

    internal static void Cross(this IConnectionTap tap, LinkDirection direction, ReadOnlySpan<byte> bytes)
    {
        tap.Sent(direction, bytes);
        tap.Delivered(direction, bytes);
    }

    internal static void Up(this IConnectionTap tap, params byte[][] parts) => tap.Cross(LinkDirection.Up, Frames.Join(parts));

    internal static void Down(this IConnectionTap tap, params byte[][] parts) => tap.Cross(LinkDirection.Down, Frames.Join(parts));

    /// <summary>The ledger of pieces that are cut further, all connections closed.</summary>
    internal static DeviceLedger Of(IEnumerable<Piece> pieces, MessageMeaning meaning, Func<int, int> cut)
    {
        var ledger = New(meaning);
        var taps = new Dictionary<int, IConnectionTap>();
        foreach (var piece in pieces)
        {
            if (!taps.TryGetValue(piece.Connection, out var tap))
            {
                tap = taps[piece.Connection] = ledger.Opened();
            }

            if (piece.Bytes is null)
            {
                tap.Closed(null);
                continue;
            }

            for (var start = 0; start < piece.Bytes.Length;)
            {
                var length = Math.Clamp(cut(piece.Bytes.Length - start), 1, piece.Bytes.Length - start);
                tap.Cross(piece.Direction, piece.Bytes.AsSpan(start, length));
                start += length;
            }
        }

        foreach (var tap in taps.Values)
        {
            tap.Closed(null);
        }

        return ledger;
    }

    internal static long Sum(this DeviceLedger ledger, LinkDirection direction, LedgerLayer layer) => ledger.Totals().Bytes(direction, layer);

    internal static void AssertAddsUp(this DeviceLedger ledger, long up, long down)
    {
        var totals = ledger.Totals();
        Assert.Equal(up, totals.RawBytes(LinkDirection.Up));
        Assert.Equal(down, totals.RawBytes(LinkDirection.Down));
        Assert.Equal(up, ledger.Rows().Where(row => row.Direction == LinkDirection.Up).Sum(row => row.Bytes));
        Assert.Equal(down, ledger.Rows().Where(row => row.Direction == LinkDirection.Down).Sum(row => row.Bytes));
        Assert.True(totals.AddsUp);
    }
}
