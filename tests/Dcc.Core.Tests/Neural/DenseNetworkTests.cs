using Dcc.Core.Neural;
using Dcc.Core.Randomness;

namespace Dcc.Core.Tests.Neural;

public class DenseNetworkTests
{
    public static TheoryData<int[], int> Shapes => new()
    {
        { [1, 1], 1 }, { [3, 2], 5 }, { [4, 16, 3], 4 }, { [5, 17, 3], 7 }, { [2, 64, 64, 3], 9 }, { [7, 10, 33, 20], 6 },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Backward_AgainstCentralDifferences_Agrees(int[] widths, int rows)
    {
        var random = RandomStream.For(1, StreamPurpose.Training, widths[0]);
        var network = new DenseNetwork(widths, ref random);
        Fill(network.Parameters, 0.05f, ref random);
        var inputs = Uniform(rows * network.InputCount, ref random);
        var weights = Uniform(rows * network.OutputCount, ref random);
        network.Forward(inputs, rows);
        network.Backward(weights, rows);
        var gradients = network.Gradients.ToArray();
        double Loss()
        {
            double loss = 0;
            var outputs = network.Forward(inputs, rows);
            for (var i = 0; i < weights.Length; i++)
            {
                loss += weights[i] * (double)outputs[i];
            }

            return loss;
        }

        // The loss is piecewise linear in each parameter: away from its kinks a difference is exact but for rounding. A few elements do
        // straddle a kink.
        var wrong = 0;
        const float H = 1f / 1024;
        for (var i = 0; i < gradients.Length; i++)
        {
            var kept = network.Parameters[i];
            network.Parameters[i] = kept + H;
            var above = Loss();
            network.Parameters[i] = kept - H;
            var below = Loss();
            network.Parameters[i] = kept;
            wrong += Math.Abs(((above - below) / (2 * H)) - gradients[i]) > 2e-3 * (1 + Math.Abs(gradients[i])) ? 1 : 0;
        }

        Assert.InRange(wrong, 0, gradients.Length / 20);
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void ForwardAndBackward_AgainstScalarCode_AgreeBitForBit(int[] widths, int rows)
    {
        var random = RandomStream.For(2, StreamPurpose.Training, widths[0]);
        var network = new DenseNetwork(widths, ref random);
        var inputs = Uniform(rows * network.InputCount, ref random);
        var deltas = Uniform(rows * network.OutputCount, ref random);
        var scalar = new ScalarNetwork(widths, network.Parameters.ToArray());
        Assert.Equal(scalar.Forward(inputs, rows), network.Forward(inputs, rows).ToArray());
        for (var pass = 0; pass < 2; pass++)
        {
            network.Backward(deltas, rows);
            scalar.Backward(deltas, rows);
            Assert.Equal(scalar.Gradients, network.Gradients.ToArray());
        }

        // Fewer rows than before reuse the buffers.
        Assert.Equal(scalar.Forward(inputs, 1), network.Forward(inputs, 1).ToArray());
        network.Backward(deltas, 1);
        scalar.Backward(deltas, 1);
        Assert.Equal(scalar.Gradients, network.Gradients.ToArray());
    }

    [Fact]
    public void ForwardAndBackward_AfterTheFirstOfABatchSize_AllocateNothing()
    {
        var random = RandomStream.For(3, StreamPurpose.Training, 0);
        var network = new DenseNetwork([5, 64, 64, 3], ref random);
        var inputs = Uniform(32 * 5, ref random);
        var deltas = Uniform(32 * 3, ref random);
        var adam = new Adam(network.Parameters.Length, maximumNorm: 0.5);
        void Pass()
        {
            network.Forward(inputs, 32);
            network.ClearGradients();
            network.Backward(deltas, 32);
            adam.Step(network, 1e-3);
        }

        Pass();
        var before = GC.GetAllocatedBytesForCurrentThread();
        Pass();
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    [Fact]
    public void CopyFrom_AnotherNetwork_ComputesTheSameAndSharesNothing()
    {
        var random = RandomStream.For(4, StreamPurpose.Training, 0);
        var (first, second) = (new DenseNetwork([2, 8, 1], ref random), new DenseNetwork([2, 8, 1], ref random));
        float[] input = [0.3f, 0.8f];
        Assert.NotEqual(first.Forward(input, 1)[0], second.Forward(input, 1)[0]);
        second.CopyFrom(first);
        Assert.Equal(first.Forward(input, 1)[0], second.Forward(input, 1)[0]);
        first.Parameters.Clear();
        Assert.NotEqual(0, second.Forward(input, 1)[0]);
    }

    [Fact]
    public void Initialisation_HasTheVarianceOfHeAndTheOutputGain()
    {
        var random = RandomStream.For(5, StreamPurpose.Training, 0);
        var weights = new DenseNetwork([96, 64, 48], ref random, outputGain: 0.01f).Parameters.ToArray();
        Assert.Equal(2.0 / 96, weights[..(96 * 64)].Average(weight => weight * (double)weight), 1e-3);
        Assert.All(weights[(96 * 64)..(97 * 64)], bias => Assert.Equal(0, bias));
        Assert.InRange(weights[(97 * 64)..].Max(), 0.0029, 0.01 * Math.Sqrt(6.0 / 64));
    }

    private static float[] Uniform(int count, ref RandomStream random)
    {
        var values = new float[count];
        Fill(values, 1, ref random);
        return values;
    }

    // Adds to every value a uniform number in (-scale, scale), but leaves the zeros of a network's padding, and so here its biases, alone.
    private static void Fill(Span<float> values, float scale, ref RandomStream random)
    {
        var fresh = !values.ContainsAnyExcept(0);
        foreach (ref var value in values)
        {
            var change = scale * (float)((2 * random.NextUnit()) - 1);
            value += value != 0 || fresh ? change : 0;
        }
    }
}
