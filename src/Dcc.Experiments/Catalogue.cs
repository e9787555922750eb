using Dcc.Experiments.Beyond;
using Dcc.Experiments.Paper;

namespace Dcc.Experiments;

/// <summary>Every experiment, in the paper's order and then those beyond it.</summary>
/// <param name="linkProfiles">Names of the link profiles that processes can be put behind.</param>
/// <param name="distribute">Makes a run of processes.</param>
internal sealed class Catalogue(IReadOnlyList<string> linkProfiles, Distribute distribute)
{
    internal IReadOnlyList<Experiment> All { get; } =
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
        HyperparameterTable.OfTabularMethods(),
        HyperparameterTable.OfNeuralMethods(),
        new DistributedRuns(linkProfiles, distribute),
        new SteadyStateComparison(),
        new SampleEfficiency(),
        new NeuralSolvers(),
        new CongestionComparison(),
        new MultiplierGradient(),
        new StepRuleComparison(),
        new JointOptimumGap(),
        new AsynchronousUpdates(),
    ];

    /// <summary>By name; null for none.</summary>
    internal Experiment? Find(string name) => All.FirstOrDefault(experiment => experiment.Name == name);
}
