using Dcc.Core.Devices;

namespace Dcc.Experiments.Methods;

/// <summary>What independent Q-learning runs with.</summary>
internal sealed record IndependentQLearningSettings
{
    /// <summary>Constant learning rate.</summary>
    internal double LearningRate { get; init; } = 0.05;

    /// <summary>Probability of a uniformly random legal action.</summary>
    internal double Exploration { get; init; } = 0.05;

    /// <summary>Steps after which all devices restart from random states.</summary>
    internal int EpisodeSteps { get; init; } = 30;

    /// <summary>Whether each device learns from the mean cost of all devices in place of its own (C.4).</summary>
    internal bool CommonReward { get; init; }
}
