using Dcc.Core.Devices;

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

    private readonly CentralisedA2CSettings settings;
    private readonly SystemCopies copies;
    private readonly TrainedNetwork actor;
    private readonly TrainedNetwork critic;
    private readonly Rollout rollout;
    private readonly float[] actorGradient;
    private readonly float[] criticGradient;
    private int stepsLeftInEpisode;
    private long taken;

    internal CentralisedA2C(EdgeSystem system, CentralisedA2CSettings settings, ulong seed)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(settings.EpisodeSteps % settings.RolloutSteps, 0, nameof(settings));
        this.settings = settings;
        copies = new SystemCopies(system, settings.Environments, seed);
        var width = copies.DeviceCount * DeviceView.Features;
        actor = TrainedNetwork.Actor(
            seed, width, settings.HiddenUnits, copies.DeviceCount * Actions, settings.LearningRate, settings.MaximumGradientNorm);
        critic = TrainedNetwork.Critic(
            seed, width, settings.HiddenUnits, settings.LearningRate, settings.MaximumGradientNorm);
        rollout = new Rollout(copies, settings.RolloutSteps, system.Gamma);
        actorGradient = new float[rollout.Actions.Length * Actions];
        criticGradient = new float[rollout.Samples];
    }

    /// <summary>Trains by the plan. Measuring runs the network in every step: some fifteen times slower than looking up tables.</summary>
    internal static IEnumerable<Checkpoint> Run(
        EdgeSystem system, TrainingPlan plan, CentralisedA2CSettings settings, CancellationToken cancellation)
    {
        var learning = new CentralisedA2C(system, settings, plan.Seed);
        return plan.Run(system, until => learning.TrainUntil(until, cancellation), learning.Policy);
    }

    internal CentralPolicy Policy() => new(actor.Network, copies.Views);

    internal long TrainUntil(long steps, CancellationToken cancellation)
    {
        for (; taken < steps; taken += rollout.Samples)
        {
            cancellation.ThrowIfCancellationRequested();
            if (stepsLeftInEpisode == 0)
            {
                copies.Restart();
                stepsLeftInEpisode = settings.EpisodeSteps;
            }

            rollout.Collect(actor.Network);
            rollout.Judge(critic.Network, (float)settings.GaeLambda);
            stepsLeftInEpisode -= settings.RolloutSteps;
            UpdateActor();
            UpdateCritic();
        }

        return taken;
    }

    // -A log p of all devices' actions together, which is the sum over devices: so a sample's advantage counts once for each of them.
    private void UpdateActor()
    {
        var logits = actor.Network.Forward(rollout.Observations, rollout.Samples);
        Span<float> probabilities = stackalloc float[Actions];
        for (var row = 0; row < rollout.Actions.Length; row++)
        {
            MaskedChoice.Probabilities(logits.Slice(row * Actions, Actions), rollout.Legal[row], probabilities);
            MaskedChoice.LossGradient(
                probabilities, rollout.Actions[row], rollout.Advantages[row / copies.DeviceCount] / rollout.Samples,
                (float)settings.EntropyCoefficient / rollout.Samples, actorGradient.AsSpan(row * Actions, Actions));
        }

        actor.Descend(actorGradient, rollout.Samples);
    }

    // The coefficient times the mean square of value - target: here without the half that PPO's authors put before it.
    private void UpdateCritic()
    {
        var values = critic.Network.Forward(rollout.Observations, rollout.Samples);
        for (var i = 0; i < criticGradient.Length; i++)
        {
            criticGradient[i] = 2 * (float)settings.ValueCoefficient * (values[i] - rollout.Targets[i]) / rollout.Samples;
        }

        critic.Descend(criticGradient, rollout.Samples);
    }
}
