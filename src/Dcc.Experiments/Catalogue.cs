using Dcc.Experiments.Beyond;
using Dcc.Experiments.Paper;

namespace Dcc.Experiments;

/// <summary>Every experiment, in the paper's order and then those beyond it.</summary>
internal static class Catalogue
{
    internal static readonly IReadOnlyList<Experiment> All =
    [
        new Scalability(),
        new OffloadFrequency(),
        new InitialConstraint(evolution: false),
        new InitialConstraint(evolution: true),
        new PenaltyExponent(),
        new GradientSigns(),
        new GradientFormulas(),
        new LongTraining(),
        new AdditionalBaselines(),
        new ApproximationError(),
        new SteadyStateComparison(),
        new SampleEfficiency(),
        new CongestionComparison(),
        new MultiplierGradient(),
        new StepRuleComparison(),
        new JointOptimumGap(),
    ];

    /// <summary>By name; null for none.</summary>
    internal static Experiment? Find(string name) => All.FirstOrDefault(experiment => experiment.Name == name);
}
