using System.Text.Json.Serialization;
using Dcc.Core.Validation;

namespace Dcc.Core.Learning;

/// <summary>Which local solver a device uses.</summary>
[JsonConverter(typeof(KebabCaseConverter<SolverKind>))]
public enum SolverKind
{
    /// <summary>The paper's: Q-learning on the shaped cost with a multiplier (RCPO), section 4.3.</summary>
    QLearning,

    /// <summary>Q-tables for a grid of prices at once (model.md section 3).</summary>
    PriceQ,

    /// <summary>The exact optimum of a device whose model is known.</summary>
    Exact,

    /// <summary>As <see cref="QLearning"/>, with a deep Q-network in place of the table: for devices of too many states for one.</summary>
    Dqn,

    /// <summary>As <see cref="QLearning"/>, with proximal policy optimisation in place of Q-learning.</summary>
    Ppo,
}

/// <summary>How a policy's cost and frequency are measured.</summary>
[JsonConverter(typeof(KebabCaseConverter<Criterion>))]
public enum Criterion
{
    /// <summary>Discounted sums from fresh starts, times 1 - gamma: the paper's.</summary>
    Discounted,

    /// <summary>Long-run averages per step (section 4.2 allows them). Learning still discounts.</summary>
    Average,
}

/// <summary>Which scalars a device reports, and so how the coordinator forms its gradient.</summary>
[JsonConverter(typeof(KebabCaseConverter<GradientKind>))]
public enum GradientKind
{
    /// <summary>Three evaluations a round (section 4.5).</summary>
    FiniteDifference,

    /// <summary>J, lambda and f from one evaluation (Algorithm 3, Appendix E).</summary>
    ExactMultiplier,
}

/// <summary>What a device needs to know of a run to learn in it.</summary>
/// <param name="Kind">The solver.</param>
/// <param name="Steps">Learning steps, at least 1: per round for price-q, unused by exact, per evaluation for the others.</param>
/// <param name="Gamma">Discount, in (0, 1).</param>
/// <param name="Criterion">How policies are measured.</param>
/// <param name="Gradient">What is reported.</param>
/// <param name="Seed">The run's seed.</param>
public sealed record SolverSettings(
    SolverKind Kind, int Steps, double Gamma, Criterion Criterion, GradientKind Gradient, ulong Seed);
