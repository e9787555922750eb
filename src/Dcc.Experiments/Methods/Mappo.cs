using Dcc.Core.Devices;
using Dcc.Core.Randomness;

namespace Dcc.Experiments.Methods;

/// <summary>
/// Multi-agent PPO (Yu et al., 2022; sections 5 and C.3): one actor that every device runs on what it sees of itself, trained with a critic
/// that sees all devices at once. The reward is common: minus the mean cost of all devices.
/// </summary>
/// <remarks>
/// Deviations from the implementation the paper used, where Table 2 is silent: costs are scaled by 1 - gamma, so that values are costs per
/// step; weights start He-uniform, the actor's last layer near zero; advantages are normalised over a whole rollout, values are not clipped,
/// the learning rate is constant; illegal actions are masked.
/// </remarks>
internal sealed class Mappo
{
    private const int Actions = IDeviceModel.ActionCount;
    private const int Features = DeviceView.Features;

    private readonly MappoSettings settings;
    private readonly SystemCopies copies;
    private readonly int devices;
    private readonly TrainedNetwork actor;
    private readonly TrainedNetwork critic;
    private readonly Rollout rollout;
    private readonly Minibatch minibatch;
    private readonly int[] order;
    private RandomStream shuffling;
    private long taken;

    internal Mappo(EdgeSystem system, MappoSettings settings, ulong seed)
    {
        this.settings = settings;
        copies = new SystemCopies(system, settings.Environments, seed);
        devices = copies.DeviceCount;
        shuffling = RandomStream.For(seed, StreamPurpose.Baseline, 0, 0, (int)BaselineDraw.Order);
        actor = TrainedNetwork.Actor(
            seed, Features, settings.HiddenUnits, Actions, settings.LearningRate, settings.MaximumGradientNorm);
        critic = TrainedNetwork.Critic(
            seed, devices * Features, settings.HiddenUnits, settings.LearningRate, settings.MaximumGradientNorm);
        rollout = new Rollout(copies, settings.RolloutSteps, system.Gamma);
        ArgumentOutOfRangeException.ThrowIfNotEqual(rollout.Samples % settings.Minibatches, 0, nameof(settings));
        minibatch = new Minibatch(rollout.Samples / settings.Minibatches, devices);
        order = [.. Enumerable.Range(0, rollout.Samples)];
    }

    private sealed class Minibatch(int samples, int devices)
    {
        internal int Samples => samples;

        internal float[] Observations { get; } = new float[samples * devices * Features];

        internal float[] ActorGradient { get; } = new float[samples * devices * Mappo.Actions];

        internal float[] CriticGradient { get; } = new float[samples];
    }

    /// <summary>Trains by the plan, whole rollouts at a time; the policy measured is the stochastic one that is learned.</summary>
    internal static IEnumerable<Checkpoint> Run(
        EdgeSystem system, TrainingPlan plan, MappoSettings settings, CancellationToken cancellation)
    {
        var mappo = new Mappo(system, settings, plan.Seed);
        return plan.Run(system, until => mappo.TrainUntil(until, cancellation), mappo.Policies);
    }

    internal StochasticPolicies Policies() => StochasticPolicies.Of(actor.Network, copies.Views);

    internal long TrainUntil(long steps, CancellationToken cancellation)
    {
        while (taken < steps)
        {
            cancellation.ThrowIfCancellationRequested();
            copies.Restart();
            rollout.Collect(actor.Network);
            rollout.Judge(critic.Network, (float)settings.GaeLambda);
            GeneralisedAdvantage.Normalise(rollout.Advantages);
            for (var epoch = 0; epoch < settings.UpdateEpochs; epoch++)
            {
                Shuffle();
                for (var first = 0; first < order.Length; first += minibatch.Samples)
                {
                    Update(order.AsSpan(first, minibatch.Samples));
                }
            }

            taken += order.Length;
        }

        return taken;
    }

    private void Shuffle()
    {
        for (var i = order.Length - 1; i > 0; i--)
        {
            var other = RandomStream.Scale((uint)shuffling.Next(), i + 1);
            (order[i], order[other]) = (order[other], order[i]);
        }
    }

    private void Update(ReadOnlySpan<int> samples)
    {
        var width = devices * Features;
        for (var i = 0; i < samples.Length; i++)
        {
            rollout.Observations.AsSpan(samples[i] * width, width).CopyTo(minibatch.Observations.AsSpan(i * width));
        }

        UpdateActor(samples);
        UpdateCritic(samples);
    }

    // The clipped surrogate min(r A, clip(r, 1 - eps, 1 + eps) A) with r = p / p_old, and the entropy bonus, as means over all devices.
    private void UpdateActor(ReadOnlySpan<int> samples)
    {
        var rows = samples.Length * devices;
        var logits = actor.Network.Forward(minibatch.Observations, rows);
        var (clip, entropyWeight) = ((float)settings.ClipEpsilon, (float)settings.EntropyCoefficient / rows);
        Span<float> probabilities = stackalloc float[Actions];
        for (var row = 0; row < rows; row++)
        {
            var sample = samples[row / devices];
            var source = (sample * devices) + (row % devices);
            var advantage = rollout.Advantages[sample];
            int action = rollout.Actions[source];
            MaskedChoice.Probabilities(logits.Slice(row * Actions, Actions), rollout.Legal[source], probabilities);
            var ratio = probabilities[action] / rollout.Likelihoods[source];
            var clipped = advantage > 0 ? ratio > 1 + clip : ratio < 1 - clip;
            MaskedChoice.LossGradient(
                probabilities, action, clipped ? 0 : ratio * advantage / rows, entropyWeight,
                minibatch.ActorGradient.AsSpan(row * Actions, Actions));
        }

        actor.Descend(minibatch.ActorGradient, rows);
    }

    // VF COEF times half the mean square of value - target.
    private void UpdateCritic(ReadOnlySpan<int> samples)
    {
        var values = critic.Network.Forward(minibatch.Observations, samples.Length);
        for (var i = 0; i < samples.Length; i++)
        {
            minibatch.CriticGradient[i] = (float)settings.ValueCoefficient * (values[i] - rollout.Targets[samples[i]]) / samples.Length;
        }

        critic.Descend(minibatch.CriticGradient, samples.Length);
    }
}
