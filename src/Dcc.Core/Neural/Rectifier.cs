using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Dcc.Core.Neural;

/// <summary>max(0, x) and its derivative, over whole blocks of 16 values. A NaN stays one, so that a diverged network shows.</summary>
internal static class Rectifier
{
    /// <summary>Replaces negative values by 0.</summary>
    internal static void Apply(Span<float> values)
    {
        ref var first = ref MemoryMarshal.GetReference(values);
        for (nuint i = 0; i < (nuint)values.Length; i += (nuint)Vector256<float>.Count)
        {
            var x = Vector256.LoadUnsafe(ref first, i);
            Vector256.AndNot(x, Vector256.LessThan(x, Vector256<float>.Zero)).StoreUnsafe(ref first, i);
        }
    }

    /// <summary>Sets to 0 every delta whose activation is not positive.</summary>
    internal static void Mask(Span<float> deltas, ReadOnlySpan<float> activations)
    {
        ref var first = ref MemoryMarshal.GetReference(deltas);
        ref var activation = ref MemoryMarshal.GetReference(activations);
        for (nuint i = 0; i < (nuint)deltas.Length; i += (nuint)Vector256<float>.Count)
        {
            var positive = Vector256.GreaterThan(Vector256.LoadUnsafe(ref activation, i), Vector256<float>.Zero);
            (Vector256.LoadUnsafe(ref first, i) & positive).StoreUnsafe(ref first, i);
        }
    }
}
