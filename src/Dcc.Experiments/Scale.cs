using System.Text.Json.Serialization;
using Dcc.Core.Validation;
using Dcc.Experiments.Methods;

namespace Dcc.Experiments;

/// <summary>How much work an experiment may be.</summary>
[JsonConverter(typeof(KebabCaseConverter<Budget>))]
public enum Budget
{
    /// <summary>All experiments together within half an hour on two cores: fewer runs, shorter neural baselines.</summary>
    Quick,

    /// <summary>The paper's own sizes (section 5 and Appendix F), but for the neural baselines, which say how many runs they had.</summary>
    Paper,
}

/// <summary>The sizes that a budget means; every experiment takes its own from here.</summary>
/// <param name="Budget">The budget.</param>
/// <param name="AskedRuns">Runs that the user asked for in place of the budget's, at least 1; null for the budget's.</param>
internal sealed record Scale(Budget Budget, int? AskedRuns)
{
    /// <summary>Systems that a method without a neural network is run on: 15 in the paper.</summary>
    internal int Runs => AskedRuns ?? Pick(5, 15);

    /// <summary>Systems that are looked at where that takes seconds: the paper's 15 whatever the budget.</summary>
    internal int QuickRuns => AskedRuns ?? 15;

    /// <summary>Systems that a neural baseline is run on: with 15, all figures that have some would take two cores more than two hours.</summary>
    internal int NeuralRuns => AskedRuns ?? Pick(3, 5);

    /// <summary>Systems that MAPPO is run on with the long budget.</summary>
    internal int LongRuns => AskedRuns ?? Pick(1, 3);

    /// <summary>Environment steps of MAPPO and A2C: Fig. 11's caption, not Table 2, which has ten times as many.</summary>
    internal long NeuralSteps => Pick(200_000, TrainingPlan.PaperSteps);

    /// <summary>The long budget of Fig. 11.</summary>
    internal long LongNeuralSteps => Pick(600_000, 10_000_000);

    /// <summary>Learning steps of an evaluation of DCC, and of a round of price-q.</summary>
    internal const int LearningSteps = 100_000;

    /// <summary>Device-steps behind each joint cost at the end of a run.</summary>
    internal long MeasureBudget => Pick(2_000_000, 8_000_000);

    /// <summary>One of two sizes.</summary>
    internal T Pick<T>(T quick, T paper) => Budget == Budget.Quick ? quick : paper;
}
