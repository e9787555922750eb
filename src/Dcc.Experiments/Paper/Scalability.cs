using Dcc.Core.Devices;
using Dcc.Core.Learning;
using Dcc.Experiments.Methods;
using Dcc.Experiments.Results;
using Dcc.Experiments.Units;

namespace Dcc.Experiments.Paper;

/// <summary>Figs. 1a and 9: normalised cost of the methods for 10, 20 and 50 devices, at the end and on the way.</summary>
internal sealed class Scalability : Experiment
{
    /// <summary>What the figures of section 5 compare, the paper's methods first.</summary>
    internal static readonly Method[] Methods =
        [Method.DccQLearning, Method.IndependentQLearning, Method.Mappo, Method.DccPriceQ, Method.Selfish, Method.BestKnown];

    internal override string Name => "fig1a";

    internal override string Title => "normalised cost for 10, 20 and 50 devices, and its evolution";

    internal override string Source => "section 5.1, Fig. 1a, Fig. 9";

    internal override string Claim =>
        "At equal learning steps DCC-QL costs less than IQL at every size; MAPPO keeps up with 10 devices and falls far behind with more (about 3.5 with 50); in larger systems IQL costs more than never offloading.";

    internal override IReadOnlyList<Unit> Units(Scale scale) => Compare(scale, UnitResults.None).Units();

    internal override Page Present(Scale scale, UnitResults results)
    {
        var comparison = Compare(scale, results);
        var large = PaperSystem.Sizes[^1];
        double Final(Method method, int devices) => Spread.Of(comparison.Final(method, devices, MethodUnit.Discounted)).Mean;
        return new Page(
            Claims.Judge(
                comparison.Complete,
                [
                    .. PaperSystem.Sizes.Select(devices => comparison.Versus(Method.DccQLearning, Method.IndependentQLearning, devices, MethodUnit.Discounted).Lower),
                    comparison.Versus(Method.Mappo, Method.DccQLearning, large, MethodUnit.Discounted).Higher,
                    Final(Method.IndependentQLearning, large) > 1,
                ]),
            $"DCC-QL against IQL, discounted as in the paper: {comparison.VersusInWords(Method.DccQLearning, Method.IndependentQLearning, MethodUnit.Discounted)}. "
                + $"In steady state: {comparison.VersusInWords(Method.DccQLearning, Method.IndependentQLearning, MethodUnit.SteadyState)}. "
                + $"DCC with price-q against IQL, discounted: {comparison.VersusInWords(Method.DccPriceQ, Method.IndependentQLearning, MethodUnit.Discounted)}; "
                + $"in steady state: {comparison.VersusInWords(Method.DccPriceQ, Method.IndependentQLearning, MethodUnit.SteadyState)}. "
                + FormattableString.Invariant($"MAPPO's normalised cost is {Final(Method.Mappo, 10):0.00}, {Final(Method.Mappo, 20):0.00} and {Final(Method.Mappo, 50):0.00} for 10, 20 and 50 devices, IQL's {Final(Method.IndependentQLearning, 10):0.00}, {Final(Method.IndependentQLearning, 20):0.00} and {Final(Method.IndependentQLearning, 50):0.00}."),
            [
                comparison.Boxes("fig1a-discounted", "Discounted joint cost at the end, synchronised start", MethodUnit.Discounted),
                comparison.Boxes("fig1a-steady-state", "Long-run joint cost at the end", MethodUnit.SteadyState),
                .. PaperSystem.Sizes.Select(devices => comparison.Evolution(
                    FormattableString.Invariant($"fig9-n{devices}"), FormattableString.Invariant($"Discounted joint cost on the way, {devices} devices"), "cost, normalised", devices, MethodUnit.Discounted)),
            ],
            [comparison.Table("fig1a")],
            [
                "Costs, so lower is better; the paper calls them rewards.",
                "Theta moves by rprop, as the paper's own step throws every theta to 1 (experiment step-rules).",
                "DCC price-q is this project's default: price-parametrised Q-learning and Poisson congestion; its 16 rounds take as many learning steps as DCC-QL's 16 evaluations.",
                Neural(scale),
                Evaluations,
                FormattableString.Invariant($"Selfish and best known come from exact local solutions and need no learning. Best known is the best constraint vector found, not the optimal joint policy. In a selfish equilibrium found no device can save more than {comparison.LargestGain():0.0e+0} per step by leaving it."),
            ]);
    }

    /// <summary>What learning steps leave out.</summary>
    internal static readonly string Evaluations = FormattableString.Invariant(
        $"Steps are learning steps, as in the paper. DCC's solvers also measure their policies by simulation, about {MeasuringSteps(SolverKind.QLearning):N0} steps per evaluation of DCC-QL and {MeasuringSteps(SolverKind.PriceQ):N0} per round of price-q, which are not counted; the baselines measure nothing.");

    /// <summary>Steps that a solver spends on measuring its policies, about: for each of its evaluations, or for all together.</summary>
    internal static int MeasuringSteps(SolverKind solver) => solver == SolverKind.PriceQ
        ? PriceQSolver<EdgeDevice>.Prices * PriceQSolver<EdgeDevice>.EvaluationSteps
        : LagrangianSolver<EdgeDevice>.MultiplierUpdates * LagrangianSolver<EdgeDevice>.EvaluationSteps;

    /// <summary>What the neural baselines' sizes were.</summary>
    internal static string Neural(Scale scale) => FormattableString.Invariant(
        $"Neural baselines have {scale.NeuralRuns} runs of {scale.NeuralSteps:N0} environment steps; the paper's have 15 of 1,600,000 (Fig. 11; Table 2 says ten times as many).");

    private static MethodComparison Compare(Scale scale, UnitResults results) => new(Methods, PaperSystem.Sizes, exponent: 1, scale, results);

}
