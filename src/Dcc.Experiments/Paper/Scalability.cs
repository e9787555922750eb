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
        "At equal learning steps DCC-QL costs less than IQL at every size; MAPPO keeps up with 10 devices and falls far behind with more (about 3.5 with 50).";

    internal override IReadOnlyList<Unit> Units(Scale scale) => Compare(scale, new UnitResults([])).Units();

    internal override Page Present(Scale scale, UnitResults results)
    {
        var comparison = Compare(scale, results);
        var versus = PaperSystem.Sizes.Select(devices => comparison.Versus(Method.DccQLearning, Method.IndependentQLearning, devices, MethodUnit.Discounted)).ToList();
        var steady = PaperSystem.Sizes.Select(devices => comparison.Versus(Method.DccQLearning, Method.IndependentQLearning, devices, MethodUnit.SteadyState)).ToList();
        var price = PaperSystem.Sizes.Select(devices => comparison.Versus(Method.DccPriceQ, Method.IndependentQLearning, devices, MethodUnit.SteadyState)).ToList();
        var better = versus.Count(size => size.Better);
        var mappo = PaperSystem.Sizes.Select(devices => Spread.Of(comparison.Final(Method.Mappo, devices, MethodUnit.Discounted)).Mean).ToList();
        return new Page(
            !comparison.Complete ? Verdict.Incomplete : better == versus.Count ? Verdict.Reproduced : better == 0 ? Verdict.NotReproduced : Verdict.Partly,
            $"DCC-QL against IQL, discounted as in the paper: {Words(versus)}. In steady state: {Words(steady)}. DCC with price-q against IQL in steady state: {Words(price)}. "
                + FormattableString.Invariant($"MAPPO's normalised cost is {mappo[0]:0.00}, {mappo[1]:0.00} and {mappo[2]:0.00} for 10, 20 and 50 devices."),
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
                "Selfish and best known are exact and need no learning; best known is the best constraint vector found, not the optimal joint policy.",
            ]);
    }

    /// <summary>What the neural baselines' sizes were.</summary>
    internal static string Neural(Scale scale) => FormattableString.Invariant(
        $"Neural baselines have {scale.NeuralRuns} runs of {scale.NeuralSteps:N0} environment steps; the paper's have 15 of 1,600,000 (Fig. 11; Table 2 says ten times as many).");

    private static MethodComparison Compare(Scale scale, UnitResults results) => new(Methods, PaperSystem.Sizes, exponent: 1, scale, results);

    private static string Words(List<(string Words, bool Better)> sizes) => string.Join("; ", sizes.Select(size => size.Words));
}
