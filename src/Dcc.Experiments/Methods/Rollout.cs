using Dcc.Core.Devices;
using Dcc.Core.Neural;

namespace Dcc.Experiments.Methods;

/// <summary>
/// What an actor-critic learns from: some steps of all copies of a system under an actor, [step][copy], with one row for each device where
/// devices differ. Costs are scaled by 1 - gamma, so that values are costs per step whatever the horizon.
/// </summary>
internal sealed class Rollout
{
    private const int ActionCount = IDeviceModel.ActionCount;

    private readonly SystemCopies copies;
    private readonly float gamma;

    /// <summary>Room for a rollout.</summary>
    /// <param name="copies">Rolled out in lockstep.</param>
    /// <param name="steps">Of each copy.</param>
    /// <param name="gamma">Discount.</param>
    internal Rollout(SystemCopies copies, int steps, double gamma)
    {
        this.copies = copies;
        this.gamma = (float)gamma;
        Samples = steps * copies.CopyCount;
        var rows = steps * copies.States.Length;
        Observations = new float[(Samples + copies.CopyCount) * copies.DeviceCount * DeviceView.Features];
        Legal = new byte[rows];
        Actions = new byte[rows];
        Likelihoods = new float[rows];
        Costs = new float[Samples];
        Advantages = new float[Samples];
        Targets = new float[Samples];
    }

    /// <summary>Environment steps: steps times copies.</summary>
    internal int Samples { get; }

    /// <summary>Features of every device; those after the last step follow.</summary>
    internal float[] Observations { get; }

    /// <summary>Each device's legal actions, a bit for each.</summary>
    internal byte[] Legal { get; }

    /// <summary>What each device did.</summary>
    internal byte[] Actions { get; }

    /// <summary>How probable that was.</summary>
    internal float[] Likelihoods { get; }

    /// <summary>Mean over devices, scaled.</summary>
    internal float[] Costs { get; }

    /// <summary>How much less than expected a step and what followed cost.</summary>
    internal float[] Advantages { get; }

    /// <summary>What the critic should have said: rewards, so minus costs.</summary>
    internal float[] Targets { get; }

    /// <summary>Lets the copies run on. The actor's rows are devices or whole copies, as wide as its input.</summary>
    internal void Collect(DenseNetwork actor)
    {
        var rows = copies.States.Length;
        var width = rows * DeviceView.Features;
        for (var step = 0; step * rows < Actions.Length; step++)
        {
            var observations = Observations.AsSpan(step * width, width);
            copies.Observe(observations);
            copies.WriteLegal(Legal.AsSpan(step * rows));
            copies.Choose(actor.Forward(observations, width / actor.InputCount));
            copies.Actions.CopyTo(Actions.AsSpan(step * rows));
            for (var i = 0; i < rows; i++)
            {
                Likelihoods[(step * rows) + i] = copies.Probabilities[(i * ActionCount) + copies.Actions[i]];
            }

            copies.Step();
            for (var copy = 0; copy < copies.CopyCount; copy++)
            {
                Costs[(step * copies.CopyCount) + copy] = (1 - gamma) * copies.Costs[copy];
            }
        }

        copies.Observe(Observations.AsSpan(Observations.Length - width));
    }

    /// <summary>Fills in advantages and targets from the critic's values.</summary>
    internal void Judge(DenseNetwork critic, float lambda)
    {
        var values = critic.Forward(Observations, Samples + copies.CopyCount);
        GeneralisedAdvantage.Estimate(Costs, values, copies.CopyCount, gamma, lambda, Advantages);
        for (var i = 0; i < Samples; i++)
        {
            Targets[i] = values[i] + Advantages[i];
        }
    }
}
