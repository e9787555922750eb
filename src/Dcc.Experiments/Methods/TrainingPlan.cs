using System.Globalization;
using Dcc.Core.Devices;
using Dcc.Core.Evaluation;

namespace Dcc.Experiments.Methods;

/// <summary>How long one unit of work, a method on a system with a seed, trains and how often it is measured meanwhile.</summary>
/// <param name="Seed">Of everything random: training and measuring.</param>
/// <param name="Steps">Environment steps of each device, at least <paramref name="Checkpoints"/>.</param>
/// <param name="Checkpoints">How many times to measure, evenly spaced, the last time at the end; at least 1. Not at the start.</param>
/// <param name="MeasureBudget">Device-steps of the measurement at the end, which is compared; those on the way, which are drawn, have an eighth.</param>
internal sealed record TrainingPlan(ulong Seed, long Steps, int Checkpoints, long MeasureBudget = JointMeasure.DefaultBudget)
{
    /// <summary>How much smaller measurements on the way are.</summary>
    internal const int BudgetOnTheWay = 8;

    /// <summary>What the paper gives every method: five rounds of three evaluations and a last one, of 1e5 learning steps each.</summary>
    internal const long PaperSteps = 1_600_000;

    /// <summary>Trains from checkpoint to checkpoint. A learner that takes many steps at a time stops at the first chance after each.</summary>
    /// <param name="system">The system.</param>
    /// <param name="trainUntil">Trains until at least this many steps were taken, and returns how many were.</param>
    /// <param name="policy">What all devices would do now.</param>
    internal IEnumerable<Checkpoint> Run(EdgeSystem system, Func<long, long> trainUntil, Func<IJointPolicy> policy)
    {
        for (var checkpoint = 1; checkpoint <= Checkpoints; checkpoint++)
        {
            var taken = trainUntil((long)((Int128)Steps * checkpoint / Checkpoints));
            yield return new Checkpoint(taken, JointMeasure.Of(system, policy(), Seed, checkpoint == Checkpoints ? MeasureBudget : MeasureBudget / BudgetOnTheWay));
        }
    }
}

/// <summary>A value a method runs with, as a table of them prints it.</summary>
/// <param name="Name">The source's name for it.</param>
/// <param name="Value">The value in use.</param>
/// <param name="Source">Where it comes from: a table of the paper, or this project where the paper is silent.</param>
internal readonly record struct Hyperparameter(string Name, string Value, string Source)
{
    internal Hyperparameter(string name, double value, string source)
        : this(name, value.ToString(CultureInfo.InvariantCulture), source)
    {
    }
}
