namespace Dcc.Core.Tests.Neural;

/// <summary>The dense network written out element by element over the same padded parameters: what its SIMD kernels must equal bit for bit.</summary>
internal sealed class ScalarNetwork(int[] widths, float[] parameters)
{
    private readonly List<float[]> activations = [];

    internal float[] Gradients { get; } = new float[parameters.Length];

    private static int Stride(int width) => (width + 15) / 16 * 16;

    internal float[] Forward(float[] inputs, int rows)
    {
        activations.Clear();
        activations.Add(inputs);
        var offset = 0;
        for (var l = 0; l + 1 < widths.Length; l++)
        {
            var (n, m, stride) = (widths[l], widths[l + 1], Stride(widths[l + 1]));
            var outputs = new float[rows * m];
            for (var row = 0; row < rows; row++)
            {
                for (var o = 0; o < m; o++)
                {
                    var sum = parameters[offset + (n * stride) + o];
                    for (var i = 0; i < n; i++)
                    {
                        var product = parameters[offset + (i * stride) + o] * activations[l][(row * n) + i];
                        sum += product;
                    }

                    outputs[(row * m) + o] = l + 2 < widths.Length && sum < 0 ? 0 : sum;
                }
            }

            activations.Add(outputs);
            offset += (n + 1) * stride;
        }

        return activations[^1];
    }

    internal void Backward(float[] deltas, int rows)
    {
        var offset = parameters.Length;
        for (var l = widths.Length - 2; l >= 0; l--)
        {
            var (n, m, stride) = (widths[l], widths[l + 1], Stride(widths[l + 1]));
            offset -= (n + 1) * stride;
            var before = new float[rows * n];
            for (var i = 0; i <= n; i++)
            {
                for (var o = 0; o < m; o++)
                {
                    for (var row = 0; row < rows; row++)
                    {
                        var product = deltas[(row * m) + o] * (i == n ? 1 : activations[l][(row * n) + i]);
                        Gradients[offset + (i * stride) + o] += product;
                    }
                }
            }

            for (var row = 0; row < rows; row++)
            {
                for (var i = 0; i < n; i++)
                {
                    float sum = 0;
                    for (var o = 0; o < m; o++)
                    {
                        var product = parameters[offset + (i * stride) + o] * deltas[(row * m) + o];
                        sum += product;
                    }

                    before[(row * n) + i] = activations[l][(row * n) + i] > 0 ? sum : 0;
                }
            }

            deltas = before;
        }
    }
}
