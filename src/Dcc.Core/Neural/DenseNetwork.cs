using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Dcc.Core.Randomness;

namespace Dcc.Core.Neural;

/// <summary>
/// A fully connected network in single precision: affine layers with max(0, x) between them and a linear output. Batches are row-major, one
/// sample a row. The same seed, inputs and gradients give the same bits on every processor (<see cref="MatrixProduct"/>).
/// </summary>
/// <remarks>
/// Layer l computes y = x W + b with W[input][output]. Outputs of a layer are padded to a multiple of 16 columns; weights and biases of the
/// padding are zero, get zero gradients and so stay zero.
/// </remarks>
internal sealed class DenseNetwork
{
    private readonly Layer[] layers;
    private readonly float[] parameters;
    private readonly float[] gradients;
    private float[] inputs = [];
    private float[] outputs = [];
    private int capacity;

    /// <summary>A network with random weights: He-uniform (He et al., 2015), U(-s, s) with s = sqrt(6 / inputs of the layer); biases zero.</summary>
    /// <param name="widths">Number of inputs, of units in each hidden layer, and of outputs: at least two, each at least 1.</param>
    /// <param name="random">Advanced by one word per weight.</param>
    /// <param name="outputGain">Scales the output layer's weights; small for a policy that should start near uniform.</param>
    internal DenseNetwork(ReadOnlySpan<int> widths, ref RandomStream random, float outputGain = 1)
    {
        layers = new Layer[widths.Length - 1];
        var size = 0;
        for (var l = 0; l < layers.Length; l++)
        {
            layers[l] = new Layer(widths[l], widths[l + 1], size);
            size += (widths[l] + 1) * layers[l].Stride;
        }

        parameters = new float[size];
        gradients = new float[size];
        foreach (var layer in layers)
        {
            var scale = Math.Sqrt(6.0 / layer.Inputs) * (layer == layers[^1] ? outputGain : 1);
            for (var i = 0; i < layer.Inputs * layer.Outputs; i++)
            {
                var weight = layer.Offset + (i / layer.Outputs * layer.Stride) + (i % layer.Outputs);
                parameters[weight] = (float)(scale * ((2 * random.NextUnit()) - 1));
            }
        }
    }

    private sealed class Layer(int inputs, int outputs, int offset)
    {
        internal int Inputs => inputs;

        internal int Outputs => outputs;

        /// <summary>Outputs rounded up to whole SIMD blocks.</summary>
        internal int Stride { get; } = (outputs + MatrixProduct.Lanes - 1) / MatrixProduct.Lanes * MatrixProduct.Lanes;

        /// <summary>Where W begins in the parameters; the biases follow it.</summary>
        internal int Offset => offset;

        internal int Biases => offset + (inputs * Stride);

        /// <summary>Of the last forward pass, after max(0, x): [row][Stride].</summary>
        internal float[] Activations { get; set; } = [];

        /// <summary>Derivative of the loss by each output before max(0, x): [row][Stride].</summary>
        internal float[] Deltas { get; set; } = [];

        /// <summary>W with outputs as rows, [Outputs][stride of the layer before]; empty in the first layer.</summary>
        internal float[] Transposed { get; set; } = [];
    }

    /// <summary>Number of inputs.</summary>
    internal int InputCount => layers[0].Inputs;

    /// <summary>Number of outputs.</summary>
    internal int OutputCount => layers[^1].Outputs;

    /// <summary>Every weight and bias, padding included.</summary>
    internal Span<float> Parameters => parameters;

    /// <summary>The loss's derivative by each of <see cref="Parameters"/>, summed over the samples since the last clearing.</summary>
    internal Span<float> Gradients => gradients;

    internal void ClearGradients() => Array.Clear(gradients);

    /// <summary>Takes over the parameters of a network of the same widths.</summary>
    internal void CopyFrom(DenseNetwork other) => other.Parameters.CopyTo(parameters);

    /// <summary>Moves every parameter by this part of the way to that of a network of the same widths (Polyak averaging).</summary>
    internal void MoveTowards(DenseNetwork other, float part)
    {
        ref var own = ref MemoryMarshal.GetArrayDataReference(parameters);
        ref var goal = ref MemoryMarshal.GetArrayDataReference(other.parameters);
        for (nuint i = 0; i < (nuint)parameters.Length; i += (nuint)Vector256<float>.Count)
        {
            var here = Vector256.LoadUnsafe(ref own, i);
            (here + ((Vector256.LoadUnsafe(ref goal, i) - here) * part)).StoreUnsafe(ref own, i);
        }
    }

    /// <summary>Outputs for a batch; remembers what <see cref="Backward"/> needs of it.</summary>
    /// <param name="batch">[rows][InputCount].</param>
    /// <param name="rows">Samples, at least 1. Allocates when there are more than ever before.</param>
    /// <returns>[rows][OutputCount], valid until the next call.</returns>
    internal ReadOnlySpan<float> Forward(ReadOnlySpan<float> batch, int rows)
    {
        Reserve(rows);
        batch[..(rows * InputCount)].CopyTo(inputs);
        var x = inputs;
        var stride = InputCount;
        foreach (var layer in layers)
        {
            var y = layer.Activations.AsSpan(0, rows * layer.Stride);
            var biases = parameters.AsSpan(layer.Biases, layer.Stride);
            for (var row = 0; row < rows; row++)
            {
                biases.CopyTo(y[(row * layer.Stride)..]);
            }

            MatrixProduct.Add(
                rows, layer.Inputs, layer.Stride, ref MemoryMarshal.GetArrayDataReference(x), stride, 1, ref parameters[layer.Offset],
                ref MemoryMarshal.GetReference(y));
            if (layer != layers[^1])
            {
                Rectifier.Apply(y);
            }

            x = layer.Activations;
            stride = layer.Stride;
        }

        for (var row = 0; row < rows; row++)
        {
            x.AsSpan(row * stride, OutputCount).CopyTo(outputs.AsSpan(row * OutputCount));
        }

        return outputs.AsSpan(0, rows * OutputCount);
    }

    /// <summary>Adds the loss's derivatives by the parameters, for the batch of the last <see cref="Forward"/>, to <see cref="Gradients"/>.</summary>
    /// <param name="outputGradient">The loss's derivative by each output, [rows][OutputCount].</param>
    /// <param name="rows">As in the forward pass.</param>
    internal void Backward(ReadOnlySpan<float> outputGradient, int rows)
    {
        var last = layers[^1];
        for (var row = 0; row < rows; row++)
        {
            // The padding's deltas are zero from the start.
            outputGradient.Slice(row * OutputCount, OutputCount).CopyTo(last.Deltas.AsSpan(row * last.Stride));
        }

        for (var l = layers.Length - 1; l >= 0; l--)
        {
            var layer = layers[l];
            var (x, stride) = l == 0 ? (inputs, InputCount) : (layers[l - 1].Activations, layers[l - 1].Stride);
            ref var deltas = ref MemoryMarshal.GetArrayDataReference(layer.Deltas);
            MatrixProduct.Add(
                layer.Inputs, rows, layer.Stride, ref MemoryMarshal.GetArrayDataReference(x), 1, stride, ref deltas,
                ref gradients[layer.Offset]);

            // A column of ones as the only input: the biases' gradient.
            var one = 1f;
            MatrixProduct.Add(1, rows, layer.Stride, ref one, 0, 0, ref deltas, ref gradients[layer.Biases]);
            if (l > 0)
            {
                Propagate(layer, layers[l - 1], rows);
            }
        }
    }

    private void Propagate(Layer layer, Layer before, int rows)
    {
        for (var i = 0; i < layer.Inputs; i++)
        {
            var weights = parameters.AsSpan(layer.Offset + (i * layer.Stride), layer.Outputs);
            for (var o = 0; o < weights.Length; o++)
            {
                layer.Transposed[(o * before.Stride) + i] = weights[o];
            }
        }

        var deltas = before.Deltas.AsSpan(0, rows * before.Stride);
        deltas.Clear();
        MatrixProduct.Add(
            rows, layer.Outputs, before.Stride, ref MemoryMarshal.GetArrayDataReference(layer.Deltas), layer.Stride, 1,
            ref MemoryMarshal.GetArrayDataReference(layer.Transposed), ref MemoryMarshal.GetReference(deltas));
        Rectifier.Mask(deltas, before.Activations);
    }

    private void Reserve(int rows)
    {
        if (rows <= capacity)
        {
            return;
        }

        capacity = rows;
        inputs = new float[rows * InputCount];
        outputs = new float[rows * OutputCount];
        for (var l = 0; l < layers.Length; l++)
        {
            layers[l].Activations = new float[rows * layers[l].Stride];
            layers[l].Deltas = new float[rows * layers[l].Stride];
            layers[l].Transposed = l == 0 ? [] : new float[layers[l].Outputs * layers[l - 1].Stride];
        }
    }
}
