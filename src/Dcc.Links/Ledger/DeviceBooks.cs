namespace Dcc.Links.Ledger;

/// <summary>A device's ledger while it is written: two threads per connection write, anybody reads, so all of it is behind one lock.</summary>
internal sealed class DeviceBooks(int device)
{
    private readonly LedgerTable table = new();
    private readonly LedgerTotals totals = new();

    /// <summary>Held by whoever calls anything but <see cref="Totals"/> and <see cref="Rows"/>, which take it.</summary>
    internal Lock Gate { get; } = new();

    internal DeviceHistory History { get; } = new();

    internal void Book(LinkDirection direction, LedgerCause cause, int round, in LayerBytes bytes)
    {
        table.Add(direction, round, cause, bytes);
        totals.AddBytes(direction, cause, bytes);
    }

    internal void BookChunks(LinkDirection direction, LedgerCause cause, int round, long chunks) => table.AddChunks(direction, round, cause, chunks);

    internal void CountMessage(LinkDirection direction, LedgerCause cause, MessageKind kind)
    {
        totals.CountMessage(direction, cause);
        if (kind == MessageKind.Report && cause == LedgerCause.Algorithm)
        {
            totals.DeviceRounds++;
        }
    }

    internal void Add(LinkDirection direction, in LedgerTotals.Transport transport) => totals.Add(direction, transport);

    internal void CountConnectionWithoutSegments() => totals.ConnectionsWithoutSegments++;

    internal LedgerTotals Totals()
    {
        lock (Gate)
        {
            return LedgerTotals.Sum([totals]);
        }
    }

    internal List<SegmentRow> Segments()
    {
        lock (Gate)
        {
            return
            [
                .. Enum.GetValues<LinkDirection>().SelectMany(direction =>
                    table.Segments(device, direction, totals.DataSegments(direction), totals.BareSegments(direction))),
            ];
        }
    }

    internal List<LedgerRow> Rows()
    {
        lock (Gate)
        {
            return table.Rows(device);
        }
    }
}
