using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Dcc.Core.Neural;

/// <summary>
/// The one product that forward pass, weight gradient and activation gradient all are. SIMD lanes run over the columns of the result and never
/// mix; every element is a plain sum in the order of k, each term rounded once after the multiplication and once after the addition. So every
/// vector width, and scalar code, gives the same bits.
/// </summary>
internal static class MatrixProduct
{
    /// <summary>Columns come in multiples of this.</summary>
    internal const int Lanes = 16;

    private const int Step = 8;

    /// <summary>C[m][n] += sum over k of A[m, k] * B[k][n].</summary>
    /// <param name="m">Rows of C.</param>
    /// <param name="k">Terms of each sum, at least 0.</param>
    /// <param name="n">Columns of B and C, a multiple of <see cref="Lanes"/>; both are row-major without gaps.</param>
    /// <param name="a">A[m, k] lies at m * <paramref name="rowStride"/> + k * <paramref name="termStride"/>: so a transpose costs nothing.</param>
    /// <param name="rowStride">Elements between two rows of A.</param>
    /// <param name="termStride">Elements between two terms of A.</param>
    /// <param name="b">k * n elements.</param>
    /// <param name="c">m * n elements, added to.</param>
    internal static void Add(int m, int k, int n, ref float a, int rowStride, int termStride, ref float b, ref float c)
    {
        // Four rows by 16 columns: eight accumulators, two columns' worth of B and one broadcast fit AVX2's sixteen registers. Vector512 was
        // tried: 1.8 times faster where the hardware has it, half as fast where it is split in two.
        for (var column = 0; column < n; column += Lanes)
        {
            ref var panel = ref Unsafe.Add(ref b, column);
            var row = 0;
            for (; row <= m - 4; row += 4)
            {
                FourRows(
                    k, n, ref Unsafe.Add(ref a, row * rowStride), rowStride, termStride, ref panel,
                    ref Unsafe.Add(ref c, (row * n) + column));
            }

            for (; row < m; row++)
            {
                OneRow(k, n, ref Unsafe.Add(ref a, row * rowStride), termStride, ref panel, ref Unsafe.Add(ref c, (row * n) + column));
            }
        }
    }

    private static void FourRows(int k, int n, ref float a, nint rowStride, nint termStride, ref float b, ref float c)
    {
        ref var c1 = ref Unsafe.Add(ref c, n);
        ref var c2 = ref Unsafe.Add(ref c1, n);
        ref var c3 = ref Unsafe.Add(ref c2, n);
        var s0 = Vector256.LoadUnsafe(ref c);
        var t0 = Vector256.LoadUnsafe(ref c, Step);
        var s1 = Vector256.LoadUnsafe(ref c1);
        var t1 = Vector256.LoadUnsafe(ref c1, Step);
        var s2 = Vector256.LoadUnsafe(ref c2);
        var t2 = Vector256.LoadUnsafe(ref c2, Step);
        var s3 = Vector256.LoadUnsafe(ref c3);
        var t3 = Vector256.LoadUnsafe(ref c3, Step);
        for (; k > 0; k--)
        {
            var left = Vector256.LoadUnsafe(ref b);
            var right = Vector256.LoadUnsafe(ref b, Step);
            var factor = Vector256.Create(a);
            s0 += left * factor;
            t0 += right * factor;
            factor = Vector256.Create(Unsafe.Add(ref a, rowStride));
            s1 += left * factor;
            t1 += right * factor;
            factor = Vector256.Create(Unsafe.Add(ref a, 2 * rowStride));
            s2 += left * factor;
            t2 += right * factor;
            factor = Vector256.Create(Unsafe.Add(ref a, 3 * rowStride));
            s3 += left * factor;
            t3 += right * factor;
            a = ref Unsafe.Add(ref a, termStride);
            b = ref Unsafe.Add(ref b, n);
        }

        s0.StoreUnsafe(ref c);
        t0.StoreUnsafe(ref c, Step);
        s1.StoreUnsafe(ref c1);
        t1.StoreUnsafe(ref c1, Step);
        s2.StoreUnsafe(ref c2);
        t2.StoreUnsafe(ref c2, Step);
        s3.StoreUnsafe(ref c3);
        t3.StoreUnsafe(ref c3, Step);
    }

    private static void OneRow(int k, int n, ref float a, nint termStride, ref float b, ref float c)
    {
        var s = Vector256.LoadUnsafe(ref c);
        var t = Vector256.LoadUnsafe(ref c, Step);
        for (; k > 0; k--)
        {
            var factor = Vector256.Create(a);
            s += Vector256.LoadUnsafe(ref b) * factor;
            t += Vector256.LoadUnsafe(ref b, Step) * factor;
            a = ref Unsafe.Add(ref a, termStride);
            b = ref Unsafe.Add(ref b, n);
        }

        s.StoreUnsafe(ref c);
        t.StoreUnsafe(ref c, Step);
    }
}
