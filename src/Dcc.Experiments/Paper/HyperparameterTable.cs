using Dcc.Core.Coordination;
using Dcc.Core.Devices;
using Dcc.Core.Engine;
using Dcc.Core.Learning;
using Dcc.Experiments.Methods;
using Dcc.Experiments.Results;
using Dcc.Experiments.Units;

namespace Dcc.Experiments.Paper;

/// <summary>Tables 1 and 2: the values in use, read from the code that uses them.</summary>
internal sealed class HyperparameterTable : Experiment
{
    private readonly Func<Scale, Page> present;

    private HyperparameterTable(string name, string title, string source, string claim, Func<Scale, Page> present) =>
        (Name, Title, Source, Claim, this.present) = (name, title, source, claim, present);

    internal override string Name { get; }

    internal override string Title { get; }

    internal override string Source { get; }

    internal override string Claim { get; }

    internal override IReadOnlyList<Unit> Units(Scale scale) => [];

    internal override Page Present(Scale scale, UnitResults results) => present(scale);

    /// <summary>Table 1: DCC-QL and IQL.</summary>
    internal static HyperparameterTable OfTabularMethods()
    {
        var independent = new IndependentQLearningSettings();
        var parameters = new RunParameters { Devices = 1, Rounds = MethodUnit.Rounds, Seed = 1, InitialTheta = [0] };
        var multiplier = MultiplierSteps.Paper;
        return new HyperparameterTable(
            "table1", "learning parameters of DCC-QL and IQL", "appendix F.1, Table 1", "The values below gave the best results.",
            _ => new Page(
                Verdict.Partly, "The paper's values, but for the multiplier's unit, the noise's distribution and the default step rule.", [],
                [
                    new DataTable("table1", "Values in use", ["parameter", "paper, DCC-QL", "here, DCC-QL", "paper, IQL", "here, IQL"],
                    [
                        ["learning rate of Q-learning", 0.5, (double)TabularLearner<EdgeDevice>.LearningRate, 0.05, (double)independent.LearningRate],
                        ["exploration rate", 0.05, TabularLearner<EdgeDevice>.Exploration, 0.05, independent.Exploration],
                        ["exploration decay", 0.95, "none", 0.95, "none"],
                        ["multiplier's rate α_k", 1, FormattableString.Invariant($"{multiplier.Rate} / (k + 1)^{multiplier.Decay}"), "", ""],
                        ["multiplier's updates per evaluation", "", LagrangianSolver<EdgeDevice>.MultiplierUpdates, "", ""],
                        ["perturbation σ of the constraint", 0.05, FormattableString.Invariant($"{parameters.PerturbationSize}, {parameters.Perturbation.ToString().ToLowerInvariant()}"), "", ""],
                        ["constraint's rate η_n", 0.25, FormattableString.Invariant($"{parameters.StepRule.ToString().ToLowerInvariant()}; robbins-monro: {RobbinsMonro.Rate} / (n + 1)^{RobbinsMonro.Decay}"), "", ""],
                        ["learning steps per evaluation", 100_000, Scale.LearningSteps, "", ""],
                        ["rounds, evaluations in all", "5, 16", FormattableString.Invariant($"{MethodUnit.Rounds}, {MethodUnit.Evaluations}"), "", ""],
                        ["steps per training episode", "", TabularLearner<EdgeDevice>.EpisodeSteps, "", independent.EpisodeSteps],
                    ]),
                ],
                [
                    "The multiplier's rate is 1 / (1 - γ) = 20 times the paper's, because constraints are normalised frequencies here.",
                    "The decay of exploration has no stated period; without it both methods explore on.",
                    "The paper's own step throws every θ to 1 in the first round (experiment step-rules).",
                ]));
    }

    /// <summary>Table 2: MAPPO; and what A2C runs with.</summary>
    internal static HyperparameterTable OfNeuralMethods()
    {
        var system = PaperSystem.Of(10, 1, 1);
        return new HyperparameterTable(
            "table2", "learning parameters of MAPPO", "appendix F.1, Table 2", "MAPPO ran with the values below.",
            scale => new Page(
                Verdict.Partly, "All values of Table 2 but for the number of steps, of which the paper makes two statements.", [],
                [Table("table2", "MAPPO, values in use", new MappoSettings().Listed(system, scale.NeuralSteps)), Table("table2-a2c", "Centralised A2C, values in use", new CentralisedA2CSettings().Listed(system))],
                ["Table 2 says 1.6e7 steps, Fig. 11 says 1.6e6 beside 1e7: 1.6e6 is the paper budget's number here, 1e7 that of fig11."]));
    }

    private static DataTable Table(string name, string title, IReadOnlyList<Hyperparameter> values) =>
        new(name, title, ["parameter", "value", "source"], [.. values.Select(value => (object[])[value.Name, value.Value, value.Source])]);
}
