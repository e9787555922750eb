using Dcc.Core.Neural;
using Dcc.Core.Randomness;

namespace Dcc.Experiments.Methods;

/// <summary>A network of two hidden layers with its optimiser, as actor and critic each have one.</summary>
internal sealed class TrainedNetwork
{
    // What the implementations of PPO and A2C that the paper used add to the root of the second moment, in place of 1e-8.
    private const float AdamEpsilon = 1e-5f;

    // A policy that starts near uniform.
    private const float ActorGain = 0.01f;

    private readonly double learningRate;
    private readonly Adam optimiser;

    private TrainedNetwork(DenseNetwork network, double learningRate, double maximumGradientNorm)
    {
        Network = network;
        this.learningRate = learningRate;
        optimiser = new Adam(network.Parameters.Length, AdamEpsilon, maximumGradientNorm);
    }

    internal DenseNetwork Network { get; }

    internal static TrainedNetwork Actor(
        ulong seed, int inputs, int hidden, int outputs, double learningRate, double maximumGradientNorm)
    {
        var stream = RandomStream.For(seed, StreamPurpose.Baseline, 0, 0, (int)BaselineDraw.Actor);
        return new(new DenseNetwork([inputs, hidden, hidden, outputs], ref stream, ActorGain), learningRate, maximumGradientNorm);
    }

    internal static TrainedNetwork Critic(ulong seed, int inputs, int hidden, double learningRate, double maximumGradientNorm)
    {
        var stream = RandomStream.For(seed, StreamPurpose.Baseline, 0, 0, (int)BaselineDraw.Critic);
        return new(new DenseNetwork([inputs, hidden, hidden, 1], ref stream), learningRate, maximumGradientNorm);
    }

    /// <summary>One descent step on the batch of the last forward pass.</summary>
    /// <param name="outputGradient">The loss's derivative by each output.</param>
    /// <param name="rows">As in that pass.</param>
    internal void Descend(ReadOnlySpan<float> outputGradient, int rows)
    {
        Network.ClearGradients();
        Network.Backward(outputGradient, rows);
        optimiser.Step(Network, learningRate);
    }
}
