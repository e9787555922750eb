using Dcc.Core.Devices;
using Dcc.Core.Neural;
using Dcc.Core.Numerics;
using Dcc.Core.Randomness;

namespace Dcc.Core.Learning.Deep;

/// <summary>
/// Proximal policy optimisation (Schulman et al., 2017; section 5's objective with clipping) with generalised advantage estimation (Schulman
/// et al., 2016). Costs count (1 - gamma) times, as in <see cref="DqnLearner{TDevice}"/>. What it deploys is the policy's likeliest action in
/// each state: the best policy at a price is deterministic, and mixtures come from the multiplier's iterates.
/// </summary>
internal sealed class PpoLearner<TDevice> : IPricedLearner
    where TDevice : struct, IDeviceModel
{
    // The paper's clipping and lambda; epsilon, norm and the small first logits are those of the reference implementations (Huang et al.,
    // 2022), whose rate of 2.5e-4 is for ten times the steps. Their bonus of 0.01 for entropy is as good on the paper's devices (0.93 % from the
    // optimum, 1.00 % with this one), and left one of four seeds 10 % above the optimum on the large device; the policies sought are deterministic.
    private const int Width = 64;
    private const double Rate = 1e-3;
    private const double Clip = 0.2;
    private const double Trace = 0.95;
    private const double Entropy = 0.003;
    private const int Epochs = 4;
    private const int Batch = 64;
    private const float Epsilon = 1e-5f;
    private const double MaximumNorm = 0.5;
    private const float OutputGain = 0.01f;

    // Rollouts of 16 times 30 steps: four policies between two updates of the multiplier at the default budget.
    private const int Environments = 16;

    // Every rollout starts in random states, and the critic stands for what comes after it.
    private const int EpisodeSteps = 30;

    private readonly TDevice device;
    private readonly StateTable states;
    private readonly double gamma;
    private readonly DenseNetwork actor;
    private readonly DenseNetwork critic;
    private readonly Adam actorAdam;
    private readonly Adam criticAdam;
    private readonly float[] inputs;
    private readonly int[] visited = new int[Environments * (EpisodeSteps + 1)];
    private readonly Sample[] samples = new Sample[Environments * EpisodeSteps];
    private readonly float[] values = new float[Environments * (EpisodeSteps + 1)];
    private readonly int[] minibatch = new int[Batch];
    private readonly float[] actorDeltas = new float[Batch * MaskedActions.Count];
    private readonly float[] criticDeltas = new float[Batch];
    private int mask = -1;

    internal PpoLearner(TDevice device, StateTable states, double gamma, RandomStream random)
    {
        this.device = device;
        this.states = states;
        this.gamma = gamma;
        actor = new DenseNetwork([states.FeatureCount, Width, Width, MaskedActions.Count], ref random, OutputGain);
        critic = new DenseNetwork([states.FeatureCount, Width, Width, 1], ref random);
        actorAdam = new Adam(actor.Parameters.Length, Epsilon, MaximumNorm);
        criticAdam = new Adam(critic.Parameters.Length, Epsilon, MaximumNorm);
        inputs = new float[Math.Max(Batch, visited.Length) * states.FeatureCount];
    }

    private record struct Sample(int State, int Action, double LogProbability, double Cost, double Advantage, double Return);

    public void Begin(bool mayOffload) => mask = mayOffload ? -1 : MaskedActions.NoOffload;

    public byte[] GreedyPolicy() => MaskedActions.GreedyPolicy(actor, states, mask);

    public void End()
    {
    }

    public void Train(int steps, double price, ref RandomStream random)
    {
        while (steps > 0)
        {
            var environments = Math.Clamp(steps / EpisodeSteps, 1, Environments);
            var length = Math.Min(steps, EpisodeSteps);
            RollOut(environments, length, price, ref random);
            Estimate(environments, length);
            Improve(samples.AsSpan(0, environments * length), ref random);
            steps -= environments * length;
        }
    }

    // Step by step, all environments at once: visited and samples are [step][environment].
    private void RollOut(int environments, int length, double price, ref RandomStream random)
    {
        Span<double> probabilities = stackalloc double[MaskedActions.Count];
        Span<double> logarithms = stackalloc double[MaskedActions.Count];
        for (var i = 0; i < environments; i++)
        {
            visited[i] = device.TrainingState(random.Next());
        }

        for (var step = 0; step < length; step++)
        {
            var current = visited.AsSpan(step * environments, environments);
            states.Gather(current, inputs);
            var logits = actor.Forward(inputs, environments);
            for (var i = 0; i < environments; i++)
            {
                Preferences(logits[(i * MaskedActions.Count)..], states.Legal(current[i]), probabilities, logarithms);
                var action = MaskedSoftmax.Draw<double>(probabilities, random.NextUnit());
                visited[((step + 1) * environments) + i] = device.Step(current[i], (DeviceAction)action, random.Next(), out var cost);
                var shaped = (1 - gamma) * (cost + (action == (int)DeviceAction.Offload ? price : 0));
                samples[(step * environments) + i] = new Sample(current[i], action, logarithms[action], shaped, 0, 0);
            }
        }
    }

    // Outputs of the actor are preferences against an action, so that the least is the best as in a network of costs.
    private void Preferences(ReadOnlySpan<float> outputs, int legal, Span<double> probabilities, Span<double> logarithms)
    {
        Span<float> logits = stackalloc float[MaskedActions.Count];
        for (var action = 0; action < logits.Length; action++)
        {
            logits[action] = -outputs[action];
        }

        MaskedSoftmax.Of(logits, legal & mask, probabilities, logarithms);
    }

    // Advantages in costs (positive is worse than expected), normalised; returns for the critic.
    private void Estimate(int environments, int length)
    {
        var all = environments * (length + 1);
        states.Gather(visited.AsSpan(0, all), inputs);
        critic.Forward(inputs, all).CopyTo(values);
        double sum = 0, squares = 0;
        for (var i = 0; i < environments; i++)
        {
            double advantage = 0;
            for (var step = length - 1; step >= 0; step--)
            {
                var at = (step * environments) + i;
                ref var sample = ref samples[at];
                advantage = sample.Cost + (gamma * values[at + environments]) - values[at] + (gamma * Trace * advantage);
                sample.Advantage = advantage;
                sample.Return = advantage + values[at];
                sum += advantage;
                squares += advantage * advantage;
            }
        }

        var count = environments * length;
        var mean = sum / count;
        var deviation = Math.Sqrt(Math.Max(0, (squares / count) - (mean * mean))) + 1e-8;
        foreach (ref var sample in samples.AsSpan(0, count))
        {
            sample.Advantage = (sample.Advantage - mean) / deviation;
        }
    }

    private void Improve(Span<Sample> batch, ref RandomStream random)
    {
        for (var epoch = 0; epoch < Epochs; epoch++)
        {
            for (var i = batch.Length - 1; i > 0; i--)
            {
                var j = RandomStream.Scale((uint)(random.Next() >> 32), i + 1);
                (batch[i], batch[j]) = (batch[j], batch[i]);
            }

            for (var first = 0; first < batch.Length; first += Batch)
            {
                Descend(batch.Slice(first, Math.Min(Batch, batch.Length - first)));
            }
        }
    }

    private void Descend(ReadOnlySpan<Sample> batch)
    {
        for (var row = 0; row < batch.Length; row++)
        {
            minibatch[row] = batch[row].State;
        }

        states.Gather(minibatch.AsSpan(0, batch.Length), inputs);
        var outputs = actor.Forward(inputs, batch.Length);
        Span<double> probabilities = stackalloc double[MaskedActions.Count];
        Span<double> logarithms = stackalloc double[MaskedActions.Count];
        for (var row = 0; row < batch.Length; row++)
        {
            Preferences(outputs[(row * MaskedActions.Count)..], states.Legal(batch[row].State), probabilities, logarithms);
            Differentiate(batch[row], probabilities, logarithms, actorDeltas.AsSpan(row * MaskedActions.Count), 1.0 / batch.Length);
        }

        var estimates = critic.Forward(inputs, batch.Length);
        for (var row = 0; row < batch.Length; row++)
        {
            criticDeltas[row] = (float)((estimates[row] - batch[row].Return) / batch.Length);
        }

        Step(actor, actorAdam, actorDeltas, batch.Length);
        Step(critic, criticAdam, criticDeltas, batch.Length);
    }

    // The derivative of max(r A, clip(r) A) - Entropy * H by each output, which is minus a logit. A is a cost: so the maximum, not the minimum.
    private static void Differentiate(
        Sample sample, ReadOnlySpan<double> probabilities, ReadOnlySpan<double> logarithms, Span<float> deltas, double weight)
    {
        var ratio = DeterministicMath.Exp(Math.Min(20, logarithms[sample.Action] - sample.LogProbability));
        var clipped = sample.Advantage > 0 ? ratio < 1 - Clip : ratio > 1 + Clip;
        var slope = clipped ? 0 : ratio * sample.Advantage;
        double entropy = 0;
        for (var action = 0; action < MaskedActions.Count; action++)
        {
            entropy -= probabilities[action] * logarithms[action];
        }

        for (var action = 0; action < MaskedActions.Count; action++)
        {
            var byLogit = slope * ((action == sample.Action ? 1 : 0) - probabilities[action]);
            byLogit += Entropy * probabilities[action] * (logarithms[action] + entropy);
            deltas[action] = (float)(-byLogit * weight);
        }
    }

    private static void Step(DenseNetwork network, Adam adam, ReadOnlySpan<float> deltas, int rows)
    {
        network.ClearGradients();
        network.Backward(deltas, rows);
        adam.Step(network, Rate);
    }
}
