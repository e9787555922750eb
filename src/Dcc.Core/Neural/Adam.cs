using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Dcc.Core.Neural;

/// <summary>
/// Adam (Kingma and Ba, 2015, Algorithm 1): m and v are moving means of the gradient and of its square, and a parameter moves by
/// rate * mhat / (sqrt(vhat) + epsilon). Element by element, with IEEE square roots and divisions: the same bits on every processor.
/// </summary>
internal sealed class Adam
{
    private const double Beta1 = 0.9;
    private const double Beta2 = 0.999;

    private readonly float[] mean;
    private readonly float[] square;
    private readonly float epsilon;
    private readonly double maximumNorm;
    private double power1 = 1;
    private double power2 = 1;

    /// <summary>An optimiser at its start.</summary>
    /// <param name="count">Number of parameters, a multiple of 16 (as a network's are).</param>
    /// <param name="epsilon">Added to the root of the second moment; the paper's 1e-8 by default.</param>
    /// <param name="maximumNorm">A gradient whose Euclidean norm is larger is scaled down to this norm; infinite for no clipping.</param>
    internal Adam(int count, float epsilon = 1e-8f, double maximumNorm = double.PositiveInfinity)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(count % MatrixProduct.Lanes, 0);
        mean = new float[count];
        square = new float[count];
        this.epsilon = epsilon;
        this.maximumNorm = maximumNorm;
    }

    /// <summary>One descent step along the network's gradients.</summary>
    internal void Step(DenseNetwork network, double rate) => Step(network.Parameters, network.Gradients, rate);

    /// <summary>One descent step.</summary>
    /// <param name="parameters">Changed.</param>
    /// <param name="gradients">Left as they are.</param>
    /// <param name="rate">Step size alpha.</param>
    internal void Step(Span<float> parameters, ReadOnlySpan<float> gradients, double rate)
    {
        power1 *= Beta1;
        power2 *= Beta2;
        var scale = Vector256.Create(ClippingScale(gradients));
        var step = Vector256.Create((float)(rate / (1 - power1)));
        var correction = Vector256.Create((float)(1 / Math.Sqrt(1 - power2)));
        var smallest = Vector256.Create(epsilon);
        ref var p = ref MemoryMarshal.GetReference(parameters);
        ref var g = ref MemoryMarshal.GetReference(gradients);
        ref var m = ref MemoryMarshal.GetArrayDataReference(mean);
        ref var v = ref MemoryMarshal.GetArrayDataReference(square);
        for (nuint i = 0; i < (nuint)mean.Length; i += (nuint)Vector256<float>.Count)
        {
            var gradient = Vector256.LoadUnsafe(ref g, i) * scale;
            var first = (Vector256.LoadUnsafe(ref m, i) * (float)Beta1) + (gradient * (float)(1 - Beta1));
            var second = (Vector256.LoadUnsafe(ref v, i) * (float)Beta2) + (gradient * gradient * (float)(1 - Beta2));
            first.StoreUnsafe(ref m, i);
            second.StoreUnsafe(ref v, i);
            var change = step * first / ((Vector256.Sqrt(second) * correction) + smallest);
            (Vector256.LoadUnsafe(ref p, i) - change).StoreUnsafe(ref p, i);
        }
    }

    private float ClippingScale(ReadOnlySpan<float> gradients)
    {
        if (double.IsPositiveInfinity(maximumNorm))
        {
            return 1;
        }

        var norm = Math.Sqrt(SumOfSquares(gradients));
        return norm > maximumNorm ? (float)(maximumNorm / norm) : 1;
    }

    // Sixteen partial sums whatever the vector width, added in the order of their index.
    private static double SumOfSquares(ReadOnlySpan<float> values)
    {
        ref var first = ref MemoryMarshal.GetReference(values);
        Vector256<float> low = default, high = default;
        for (nuint i = 0; i < (nuint)values.Length; i += MatrixProduct.Lanes)
        {
            var a = Vector256.LoadUnsafe(ref first, i);
            var b = Vector256.LoadUnsafe(ref first, i + (nuint)Vector256<float>.Count);
            low += a * a;
            high += b * b;
        }

        double sum = 0;
        for (var lane = 0; lane < Vector256<float>.Count; lane++)
        {
            sum += low[lane];
        }

        for (var lane = 0; lane < Vector256<float>.Count; lane++)
        {
            sum += high[lane];
        }

        return sum;
    }
}
