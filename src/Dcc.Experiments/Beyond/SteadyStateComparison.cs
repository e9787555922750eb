using Dcc.Experiments.Methods;
using Dcc.Experiments.Paper;
using Dcc.Experiments.Results;
using Dcc.Experiments.Units;

namespace Dcc.Experiments.Beyond;

/// <summary>Every method in steady state at equal samples, for three sizes and three exponents: where this project's defaults win, and where they do not.</summary>
internal sealed class SteadyStateComparison : Experiment
{
    private static readonly double[] Exponents = [1, 2, 3];
    private static readonly Method[] Rivals = [Method.DccQLearning, Method.IndependentQLearning, Method.CommonReward, Method.Mappo, Method.CentralA2c];
    private static readonly Method[] Methods = [Method.DccPriceQ, Method.DccAverage, .. Rivals, Method.Selfish, Method.BestKnown];

    internal override string Name => "methods";

    internal override string Title => "long-run joint cost of every method, α = 1, 2, 3 and 10, 20, 50 devices";

    internal override string Source => "this project; section 5";

    internal override string Claim => "DCC with price-q and the default rules costs less in the long run than every other learner at equal learning steps.";

    internal override IReadOnlyList<Unit> Units(Scale scale) =>
        [.. Exponents.SelectMany(exponent => Compare(exponent, scale, UnitResults.None).Units()).DistinctBy(unit => unit.Name)];

    internal override Page Present(Scale scale, UnitResults results)
    {
        List<string> losses = [], draws = [];
        var lower = 0;
        var complete = true;
        foreach (var exponent in Exponents)
        {
            var comparison = Compare(exponent, scale, results);
            complete &= comparison.Complete;
            foreach (var devices in PaperSystem.Sizes)
            {
                foreach (var rival in Rivals)
                {
                    var versus = comparison.Versus(Method.DccPriceQ, rival, devices, MethodUnit.SteadyState);
                    lower += versus.Lower ? 1 : 0;
                    if (versus.HasRuns && !versus.Lower)
                    {
                        (versus.Higher ? losses : draws).Add(FormattableString.Invariant($"{rival.Label()} at α = {exponent}, N = {devices} ({versus})"));
                    }
                }
            }
        }

        var all = lower + losses.Count + draws.Count;
        return new Page(
            complete ? Verdict.Measured : Verdict.Incomplete,
            FormattableString.Invariant($"price-q costs less, beyond what runs differ by, in {lower} of {all} comparisons.")
                + (losses.Count == 0 ? "" : $" It costs more than {string.Join("; ", losses)}.")
                + (draws.Count == 0 ? "" : $" There is no telling against {string.Join("; ", draws)}."),
            [
                .. Exponents.Select(exponent => Compare(exponent, scale, results).Boxes(
                    FormattableString.Invariant($"methods-a{exponent}"), FormattableString.Invariant($"Long-run joint cost, α = {exponent}"), MethodUnit.SteadyState)),
            ],
            [.. Exponents.Select(exponent => Compare(exponent, scale, results).Table(FormattableString.Invariant($"methods-table-a{exponent}")))],
            [
                Scalability.Neural(scale),
                Scalability.Evaluations,
                "Tried where the defaults do not win: measuring policies by long-run averages (--criterion average), as \"DCC price-q (average)\"; otherwise it is the default. Best known is as far as constraints can lead.",
            ]);
    }

    private static MethodComparison Compare(double exponent, Scale scale, UnitResults results) => new(Methods, PaperSystem.Sizes, exponent, scale, results);
}
