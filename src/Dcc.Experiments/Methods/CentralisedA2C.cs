using Dcc.Core.Devices;
using Dcc.Core.Evaluation;
using Dcc.Core.Neural;
using Dcc.Core.Randomness;

namespace Dcc.Experiments.Methods;

/// <summary>
/// Centralised advantage actor-critic (C.4): a single agent sees every device and chooses every action, three logits for each device from one
/// network. Its input and output grow with the number of devices, and one advantage must teach all of them.
/// </summary>
/// <remarks>
/// Deviations from the paper's: illegal actions are masked, not punished; Adam in place of RMSprop; max(0, x) in place of tanh; actor and
/// critic gradients are clipped each by itself; costs are scaled by 1 - gamma, so that values are costs per step.
/// </remarks>
internal sealed class CentralisedA2C
{
    private const int Actions = IDeviceModel.ActionCount;
    private const float AdamEpsilon = 1e-5f;
    private const float FirstActorGain = 0.01f;

    private readonly CentralisedA2CSettings settings;
    private readonly SystemCopies copies;
    private readonly float gamma;
    private readonly DenseNetwork actor;
    private readonly DenseNetwork critic;
    private readonly Adam actorOptimiser;
    private readonly Adam criticOptimiser;
    private readonly int width;
    private readonly int samples;

    // Of a rollout, [step][copy]; observations hold those after the last step too.
    private readonly float[] observations;
    private readonly byte[] legal;
    private readonly byte[] chosen;
    private readonly float[] costs;
    private readonly float[] advantages;
    private readonly float[] actorGradient;

    // Zero for the observations after the last step: their values are looked at, not taught.
    private readonly float[] criticGradient;
    private int stepsLeftInEpisode;
    private long taken;

    internal CentralisedA2C(EdgeSystem system, CentralisedA2CSettings settings, ulong seed)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(settings.EpisodeSteps % settings.RolloutSteps, 0, nameof(settings));
        this.settings = settings;
        copies = new SystemCopies(system, settings.Environments, seed);
        gamma = (float)system.Gamma;
        width = copies.DeviceCount * DeviceView.Features;
        samples = settings.RolloutSteps * settings.Environments;
        var actorStream = RandomStream.For(seed, StreamPurpose.Baseline, 0, 0, (int)BaselineDraw.Actor);
        var criticStream = RandomStream.For(seed, StreamPurpose.Baseline, 0, 0, (int)BaselineDraw.Critic);
        actor = new DenseNetwork(
            [width, settings.HiddenUnits, settings.HiddenUnits, copies.DeviceCount * Actions], ref actorStream, FirstActorGain);
        critic = new DenseNetwork([width, settings.HiddenUnits, settings.HiddenUnits, 1], ref criticStream);
        actorOptimiser = new Adam(actor.Parameters.Length, AdamEpsilon, settings.MaximumGradientNorm);
        criticOptimiser = new Adam(critic.Parameters.Length, AdamEpsilon, settings.MaximumGradientNorm);
        observations = new float[(samples + settings.Environments) * width];
        legal = new byte[samples * copies.DeviceCount];
        chosen = new byte[legal.Length];
        costs = new float[samples];
        advantages = new float[samples];
        actorGradient = new float[legal.Length * Actions];
        criticGradient = new float[samples + settings.Environments];
    }

    /// <summary>Trains by the plan. Measuring runs the network in every step: some fifteen times slower than looking up tables.</summary>
    internal static IEnumerable<Checkpoint> Run(
        EdgeSystem system, TrainingPlan plan, CentralisedA2CSettings settings, CancellationToken cancellation)
    {
        var learning = new CentralisedA2C(system, settings, plan.Seed);
        return plan.Run(system, until => learning.TrainUntil(until, cancellation), learning.Policy);
    }

    internal CentralPolicy Policy() => new(actor, copies.Views);

    internal long TrainUntil(long steps, CancellationToken cancellation)
    {
        for (; taken < steps; taken += samples)
        {
            cancellation.ThrowIfCancellationRequested();
            RollOut();
            UpdateCriticAndAdvantages();
            UpdateActor();
        }

        return taken;
    }

    private void RollOut()
    {
        if (stepsLeftInEpisode == 0)
        {
            copies.Restart();
            stepsLeftInEpisode = settings.EpisodeSteps;
        }

        var rows = copies.CopyCount;
        var devices = copies.States.Length;
        for (var step = 0; step < settings.RolloutSteps; step++)
        {
            var seen = observations.AsSpan(step * rows * width, rows * width);
            copies.Observe(seen);
            copies.WriteLegal(legal.AsSpan(step * devices));
            copies.Choose(actor.Forward(seen, rows));
            copies.Actions.CopyTo(chosen.AsSpan(step * devices));
            copies.Step();
            for (var copy = 0; copy < rows; copy++)
            {
                costs[(step * rows) + copy] = (1 - gamma) * copies.Costs[copy];
            }
        }

        copies.Observe(observations.AsSpan(samples * width));
        stepsLeftInEpisode -= settings.RolloutSteps;
    }

    // The value loss is the coefficient times the mean square of value - target, and the target is value + advantage.
    private void UpdateCriticAndAdvantages()
    {
        var values = critic.Forward(observations, criticGradient.Length);
        GeneralisedAdvantage.Estimate(costs, values, copies.CopyCount, gamma, settings.GaeLambda, advantages);
        for (var i = 0; i < samples; i++)
        {
            criticGradient[i] = -2 * settings.ValueCoefficient * advantages[i] / samples;
        }

        critic.ClearGradients();
        critic.Backward(criticGradient, criticGradient.Length);
        criticOptimiser.Step(critic, settings.LearningRate);
    }

    // -A log p of all devices' actions together, which is the sum over devices: so a sample's advantage counts once for each of them.
    private void UpdateActor()
    {
        var logits = actor.Forward(observations, samples);
        Span<float> probabilities = stackalloc float[Actions];
        for (var row = 0; row < chosen.Length; row++)
        {
            MaskedChoice.Probabilities(logits.Slice(row * Actions, Actions), legal[row], probabilities);
            MaskedChoice.LossGradient(
                probabilities, chosen[row], advantages[row / copies.DeviceCount] / samples, settings.EntropyCoefficient / samples,
                actorGradient.AsSpan(row * Actions, Actions));
        }

        actor.ClearGradients();
        actor.Backward(actorGradient, samples);
        actorOptimiser.Step(actor, settings.LearningRate);
    }
}
