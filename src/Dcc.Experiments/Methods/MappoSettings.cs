namespace Dcc.Experiments.Methods;

/// <summary>What MAPPO runs with. Discount and budget come from the system and the plan: 0.95, and 1.6e6 steps (Table 2 says 1.6e7).</summary>
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

    internal float GaeLambda { get; init; } = 0.95f;

    internal float ClipEpsilon { get; init; } = 0.2f;

    internal float EntropyCoefficient { get; init; } = 0.01f;

    internal float ValueCoefficient { get; init; } = 0.5f;

    /// <summary>Of the actor's gradient and of the critic's, each by itself.</summary>
    internal double MaximumGradientNorm { get; init; } = 0.5;

    /// <summary>Steps of each environment between two updates, and length of an episode: each rollout starts from random states.</summary>
    internal int RolloutSteps { get; init; } = 128;

    /// <summary>Units of each of the two hidden layers of actor and critic; max(0, x) as Table 2's relu.</summary>
    internal int HiddenUnits { get; init; } = 64;

    internal IReadOnlyList<Hyperparameter> Listed =>
    [
        new("LR", LearningRate, Table2),
        new("NUM ENVS", Environments, Table2),
        new("UPDATE EPOCHS", UpdateEpochs, Table2),
        new("NUM MINIBATCHES", Minibatches, Table2),
        new("GAE LAMBDA", GaeLambda, Table2),
        new("CLIP EPS", ClipEpsilon, Table2),
        new("ENT COEF", EntropyCoefficient, Table2),
        new("VF COEF", ValueCoefficient, Table2),
        new("MAX GRAD NORM", MaximumGradientNorm, Table2),
        new("Rollout length", RolloutSteps, Here),
        new("Hidden units, each of 2 layers", HiddenUnits, Here),
    ];
}
