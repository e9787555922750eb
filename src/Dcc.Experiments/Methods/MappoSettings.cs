using Dcc.Core.Devices;

namespace Dcc.Experiments.Methods;

/// <summary>What MAPPO runs with; the discount is the system's, the number of steps the plan's.</summary>
internal sealed record MappoSettings
{
    private const string Table2 = "Table 2";
    private const string Here = "this project; Table 2 is silent";

    internal double LearningRate { get; init; } = 0.001;

    /// <summary>Copies of the environment that are rolled out side by side.</summary>
    internal int Environments { get; init; } = 8;

    /// <summary>Passes over each rollout.</summary>
    internal int UpdateEpochs { get; init; } = 2;

    /// <summary>Optimiser steps in each pass; a divisor of rollout length times environments.</summary>
    internal int Minibatches { get; init; } = 64;

    internal double GaeLambda { get; init; } = 0.95;

    internal double ClipEpsilon { get; init; } = 0.2;

    internal double EntropyCoefficient { get; init; } = 0.01;

    internal double ValueCoefficient { get; init; } = 0.5;

    /// <summary>Of the actor's gradient and of the critic's, each by itself.</summary>
    internal double MaximumGradientNorm { get; init; } = 0.5;

    /// <summary>Steps of each environment between two updates, and length of an episode: each rollout starts from random states.</summary>
    internal int RolloutSteps { get; init; } = 128;

    /// <summary>Units of each of the two hidden layers of actor and critic; max(0, x) as Table 2's relu.</summary>
    internal int HiddenUnits { get; init; } = 64;

    /// <summary>The values in use on a system, for so many steps.</summary>
    internal IReadOnlyList<Hyperparameter> Listed(EdgeSystem system, long steps) =>
    [
        new("LR", LearningRate, Table2),
        new("NUM ENVS", Environments, Table2),
        new("TOTAL TIMESTEPS", steps, steps == TrainingPlan.PaperSteps ? "Fig. 11; Table 2 says 1.6e7" : "this budget; Fig. 11: 1.6e6, Table 2: 1.6e7"),
        new("UPDATE EPOCHS", UpdateEpochs, Table2),
        new("NUM MINIBATCHES", Minibatches, Table2),
        new("GAMMA", system.Gamma, Table2),
        new("GAE LAMBDA", GaeLambda, Table2),
        new("CLIP EPS", ClipEpsilon, Table2),
        new("ENT COEF", EntropyCoefficient, Table2),
        new("VF COEF", ValueCoefficient, Table2),
        new("MAX GRAD NORM", MaximumGradientNorm, Table2),
        new("ACTIVATION", "relu", Table2),
        new("Rollout length", RolloutSteps, Here),
        new("Hidden units, each of 2 layers", HiddenUnits, Here),
    ];
}
