using System.Runtime.CompilerServices;

namespace Dcc.Links.Ledger;

/// <summary>Bytes by layer.</summary>
[InlineArray(Count)]
internal struct LayerBytes
{
    internal const int Count = (int)LedgerLayer.Other + 1;

    private long first;

    internal static LayerBytes Of(LedgerLayer layer, long bytes)
    {
        var result = default(LayerBytes);
        result[(int)layer] = bytes;
        return result;
    }

    internal readonly long Total
    {
        get
        {
            var total = 0L;
            foreach (var bytes in this)
            {
                total += bytes;
            }

            return total;
        }
    }

    internal void Add(in LayerBytes other)
    {
        for (var layer = 0; layer < Count; layer++)
        {
            this[layer] += other[layer];
        }
    }
}
