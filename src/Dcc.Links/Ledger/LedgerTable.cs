using System.Runtime.InteropServices;

namespace Dcc.Links.Ledger;

/// <summary>Bytes by round, direction, cause and layer; only what occurs takes memory, about 200 bytes a round of an undisturbed device.</summary>
internal sealed class LedgerTable
{
    private readonly Dictionary<Key, LayerBytes> cells = [];

    private readonly record struct Key(int Round, LinkDirection Direction, LedgerCause Cause);

    internal void Add(LinkDirection direction, int round, LedgerCause cause, in LayerBytes bytes) =>
        CollectionsMarshal.GetValueRefOrAddDefault(cells, new Key(round, direction, cause), out _).Add(bytes);

    /// <summary>What is not zero, in the order of round, direction, cause, layer.</summary>
    internal List<LedgerRow> Rows(int device)
    {
        var rows = new List<LedgerRow>();
        foreach (var (key, bytes) in cells.OrderBy(cell => cell.Key.Round).ThenBy(cell => cell.Key.Direction).ThenBy(cell => cell.Key.Cause))
        {
            for (var layer = 0; layer < LayerBytes.Count; layer++)
            {
                if (bytes[layer] > 0)
                {
                    rows.Add(new LedgerRow(device, key.Direction, key.Round, key.Cause, (LedgerLayer)layer, bytes[layer]));
                }
            }
        }

        return rows;
    }
}
