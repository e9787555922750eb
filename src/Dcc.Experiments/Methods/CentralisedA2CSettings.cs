using Dcc.Core.Devices;

namespace Dcc.Experiments.Methods;

/// <summary>What centralised A2C runs with: the defaults of Stable-Baselines3's A2C, as C.4 says, with the system's discount.</summary>
internal sealed record CentralisedA2CSettings
{
    private const string Defaults = "Stable-Baselines3's default (C.4)";

    internal double LearningRate { get; init; } = 7e-4;

    /// <summary>Steps between two updates.</summary>
    internal int RolloutSteps { get; init; } = 5;

    internal double GaeLambda { get; init; } = 1;

    internal double ValueCoefficient { get; init; } = 0.5;

    internal double EntropyCoefficient { get; init; }

    /// <summary>Of the actor's gradient and of the critic's, each by itself.</summary>
    internal double MaximumGradientNorm { get; init; } = 0.5;

    /// <summary>Units of each of the two hidden layers of actor and critic.</summary>
    internal int HiddenUnits { get; init; } = 64;

    /// <summary>Copies of the environment that are rolled out side by side.</summary>
    internal int Environments { get; init; } = 1;

    /// <summary>Steps after which all devices restart from random states; a multiple of <see cref="RolloutSteps"/>.</summary>
    internal int EpisodeSteps { get; init; } = 30;

    /// <summary>The values in use on a system.</summary>
    internal IReadOnlyList<Hyperparameter> Listed(EdgeSystem system) =>
    [
        new("learning_rate", LearningRate, Defaults),
        new("n_steps", RolloutSteps, Defaults),
        new("gamma", system.Gamma, "Appendix F"),
        new("gae_lambda", GaeLambda, Defaults),
        new("ent_coef", EntropyCoefficient, Defaults),
        new("vf_coef", ValueCoefficient, Defaults),
        new("max_grad_norm", MaximumGradientNorm, Defaults),
        new("Optimiser", "Adam", "this project; the default is RMSprop"),
        new("Activation", "relu", "this project; the default is tanh"),
        new("Hidden units, each of 2 layers", HiddenUnits, Defaults),
        new("Environments", Environments, Defaults),
        new("Episode length", EpisodeSteps, "this project, as its other learners"),
    ];
}
