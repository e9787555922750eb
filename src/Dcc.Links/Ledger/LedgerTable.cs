using System.Runtime.InteropServices;

namespace Dcc.Links.Ledger;

/// <summary>Bytes by round, direction, cause and layer; only what occurs takes memory, about 200 bytes a round of an undisturbed device.</summary>
internal sealed class LedgerTable
{
    private readonly Dictionary<Key, Cell> cells = [];

    private readonly record struct Key(int Round, LinkDirection Direction, LedgerCause Cause);

    private struct Cell
    {
        internal LayerBytes Bytes;

        // Reads or writes at the device's socket that were made for this cell: among these the kernel's segments are shared out.
        internal long Chunks;
    }

    internal void Add(LinkDirection direction, int round, LedgerCause cause, in LayerBytes bytes) =>
        CollectionsMarshal.GetValueRefOrAddDefault(cells, new Key(round, direction, cause), out _).Bytes.Add(bytes);

    internal void AddChunks(LinkDirection direction, int round, LedgerCause cause, long chunks) =>
        CollectionsMarshal.GetValueRefOrAddDefault(cells, new Key(round, direction, cause), out _).Chunks += chunks;

    /// <summary>What is not zero, in the order of round, direction, cause, layer.</summary>
    internal List<LedgerRow> Rows(int device)
    {
        var rows = new List<LedgerRow>();
        foreach (var (key, cell) in InOrder())
        {
            for (var layer = 0; layer < LayerBytes.Count; layer++)
            {
                if (cell.Bytes[layer] > 0)
                {
                    rows.Add(new LedgerRow(device, key.Direction, key.Round, key.Cause, (LedgerLayer)layer, cell.Bytes[layer]));
                }
            }
        }

        return rows;
    }

    /// <summary>
    /// The kernel's segments of one direction, shared out in proportion to chunks: whole segments, and as many in all as the kernel counted.
    /// </summary>
    internal List<SegmentRow> Segments(int device, LinkDirection direction, long data, long bare)
    {
        var weighed = InOrder().Where(cell => cell.Key.Direction == direction && cell.Value.Chunks > 0).ToList();
        var all = weighed.Sum(cell => cell.Value.Chunks);
        var rows = new List<SegmentRow>();
        long before = 0, dataBefore = 0, bareBefore = 0;
        foreach (var (key, cell) in weighed)
        {
            // What is due up to here, less what was given: no remainder is lost.
            before += cell.Chunks;
            var (dataDue, bareDue) = ((long)((Int128)data * before / all), (long)((Int128)bare * before / all));
            rows.Add(new SegmentRow(device, direction, key.Round, key.Cause, dataDue - dataBefore, bareDue - bareBefore));
            (dataBefore, bareBefore) = (dataDue, bareDue);
        }

        return rows;
    }

    private IOrderedEnumerable<KeyValuePair<Key, Cell>> InOrder() =>
        cells.OrderBy(cell => cell.Key.Round).ThenBy(cell => cell.Key.Direction).ThenBy(cell => cell.Key.Cause);
}
