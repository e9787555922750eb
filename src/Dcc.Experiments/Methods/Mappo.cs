using Dcc.Core.Devices;
using Dcc.Core.Evaluation;
using Dcc.Core.Neural;
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
    private const float AdamEpsilon = 1e-5f;
    private const float FirstActorGain = 0.01f;

    private readonly MappoSettings settings;
    private readonly SystemCopies copies;
    private readonly int devices;
    private readonly float gamma;
    private readonly DenseNetwork actor;
    private readonly DenseNetwork critic;
    private readonly Adam actorOptimiser;
    private readonly Adam criticOptimiser;
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
        gamma = (float)system.Gamma;
        var actorStream = RandomStream.For(seed, StreamPurpose.Baseline, 0, 0, (int)BaselineDraw.Actor);
        var criticStream = RandomStream.For(seed, StreamPurpose.Baseline, 0, 0, (int)BaselineDraw.Critic);
        shuffling = RandomStream.For(seed, StreamPurpose.Baseline, 0, 0, (int)BaselineDraw.Order);
        actor = new DenseNetwork(
            [Features, settings.HiddenUnits, settings.HiddenUnits, Actions], ref actorStream, FirstActorGain);
        critic = new DenseNetwork([devices * Features, settings.HiddenUnits, settings.HiddenUnits, 1], ref criticStream);
        actorOptimiser = new Adam(actor.Parameters.Length, AdamEpsilon, settings.MaximumGradientNorm);
        criticOptimiser = new Adam(critic.Parameters.Length, AdamEpsilon, settings.MaximumGradientNorm);
        var samples = settings.Environments * settings.RolloutSteps;
        ArgumentOutOfRangeException.ThrowIfNotEqual(samples % settings.Minibatches, 0, nameof(settings));
        rollout = new Rollout(samples, settings.Environments, devices);
        minibatch = new Minibatch(samples / settings.Minibatches, devices);
        order = [.. Enumerable.Range(0, samples)];
    }

    /// <summary>Samples of a rollout, [step][copy]; each has one row of observations, actions and so on for every device.</summary>
    private sealed class Rollout(int samples, int copies, int devices)
    {
        // The observations after the last step follow the samples'.
        internal float[] Observations { get; } = new float[(samples + copies) * devices * Features];

        internal byte[] Legal { get; } = new byte[samples * devices];

        internal byte[] Actions { get; } = new byte[samples * devices];

        internal float[] Likelihoods { get; } = new float[samples * devices];

        internal float[] Costs { get; } = new float[samples];

        internal float[] Advantages { get; } = new float[samples];

        internal float[] Targets { get; } = new float[samples];
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

    internal StochasticPolicies Policies() => StochasticPolicies.Of(actor, copies.Views);

    internal long TrainUntil(long steps, CancellationToken cancellation)
    {
        while (taken < steps)
        {
            cancellation.ThrowIfCancellationRequested();
            RollOut();
            EstimateAdvantages();
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

    private void RollOut()
    {
        copies.Restart();
        var rows = copies.States.Length;
        for (var step = 0; step < settings.RolloutSteps; step++)
        {
            var observations = rollout.Observations.AsSpan(step * rows * Features, rows * Features);
            copies.Observe(observations);
            copies.WriteLegal(rollout.Legal.AsSpan(step * rows));
            copies.Choose(actor.Forward(observations, rows));
            copies.Actions.CopyTo(rollout.Actions.AsSpan(step * rows));
            for (var i = 0; i < rows; i++)
            {
                rollout.Likelihoods[(step * rows) + i] = copies.Probabilities[(i * Actions) + copies.Actions[i]];
            }

            copies.Step();
            for (var copy = 0; copy < copies.CopyCount; copy++)
            {
                rollout.Costs[(step * copies.CopyCount) + copy] = (1 - gamma) * copies.Costs[copy];
            }
        }

        copies.Observe(rollout.Observations.AsSpan(settings.RolloutSteps * rows * Features));
    }

    private void EstimateAdvantages()
    {
        var values = critic.Forward(rollout.Observations, order.Length + copies.CopyCount);
        GeneralisedAdvantage.Estimate(rollout.Costs, values, copies.CopyCount, gamma, settings.GaeLambda, rollout.Advantages);
        for (var i = 0; i < rollout.Targets.Length; i++)
        {
            rollout.Targets[i] = values[i] + rollout.Advantages[i];
        }

        GeneralisedAdvantage.Normalise(rollout.Advantages);
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
        var logits = actor.Forward(minibatch.Observations, rows);
        Span<float> probabilities = stackalloc float[Actions];
        for (var row = 0; row < rows; row++)
        {
            var sample = samples[row / devices];
            var source = (sample * devices) + (row % devices);
            var advantage = rollout.Advantages[sample];
            int action = rollout.Actions[source];
            MaskedChoice.Probabilities(logits.Slice(row * Actions, Actions), rollout.Legal[source], probabilities);
            var ratio = probabilities[action] / rollout.Likelihoods[source];
            var clipped = advantage > 0 ? ratio > 1 + settings.ClipEpsilon : ratio < 1 - settings.ClipEpsilon;
            MaskedChoice.LossGradient(
                probabilities, action, clipped ? 0 : ratio * advantage / rows, settings.EntropyCoefficient / rows,
                minibatch.ActorGradient.AsSpan(row * Actions, Actions));
        }

        actor.ClearGradients();
        actor.Backward(minibatch.ActorGradient, rows);
        actorOptimiser.Step(actor, settings.LearningRate);
    }

    // VF COEF times half the mean square of value - target.
    private void UpdateCritic(ReadOnlySpan<int> samples)
    {
        var values = critic.Forward(minibatch.Observations, samples.Length);
        for (var i = 0; i < samples.Length; i++)
        {
            minibatch.CriticGradient[i] = settings.ValueCoefficient * (values[i] - rollout.Targets[samples[i]]) / samples.Length;
        }

        critic.ClearGradients();
        critic.Backward(minibatch.CriticGradient, samples.Length);
        criticOptimiser.Step(critic, settings.LearningRate);
    }
}
