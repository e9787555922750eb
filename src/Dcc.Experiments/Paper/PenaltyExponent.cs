using Dcc.Experiments.Methods;
using Dcc.Experiments.Results;
using Dcc.Experiments.Units;

namespace Dcc.Experiments.Paper;

/// <summary>Fig. 4: offload frequency against the exponent of the penalty, 20 devices.</summary>
internal sealed class PenaltyExponent : Experiment
{
    private const int Devices = 20;

    internal override string Name => "fig4";

    internal override string Title => "offload frequency against the exponent α of the penalty";

    internal override string Source => "section 5.4, Fig. 4";

    internal override string Claim => "The higher α, the less every method offloads; the effect is strongest for DCC-QL and MAPPO.";

    internal override IReadOnlyList<Unit> Units(Scale scale) =>
        [.. PaperSystem.Exponents.SelectMany(exponent => Compare(exponent, scale, new UnitResults([])).Units()).DistinctBy(unit => unit.Name)];

    internal override Page Present(Scale scale, UnitResults results)
    {
        var falls = Scalability.Methods.Select(method => (Method: method, Values: PaperSystem.Exponents.Select(exponent => Spread.Of(All(method, exponent)).Mean).ToArray())).ToList();
        var complete = PaperSystem.Exponents.All(exponent => Compare(exponent, scale, results).Complete);

        // The paper's methods, without those that are exact.
        var falling = falls.Count(fall => fall.Values[^1] < fall.Values[0]);
        return new Page(
            !complete ? Verdict.Incomplete : falling == falls.Count ? Verdict.Reproduced : falling == 0 ? Verdict.NotReproduced : Verdict.Partly,
            "From α = 1 to 3 the interquartile mean goes "
                + string.Join("; ", falls.Select(fall => FormattableString.Invariant($"for {fall.Method.Label()} from {fall.Values[0]:0.000} to {fall.Values[^1]:0.000}"))) + ".",
            [
                new BoxChart(
                    "fig4", "Offload frequency by exponent, 20 devices", "Mean frequency of the devices of each run.", "exponent α of the penalty", "offload frequency",
                    PaperSystem.ExponentNames,
                    [.. Scalability.Methods.Select(method => new BoxSeries(method.Label(), [.. PaperSystem.Exponents.Select(exponent => All(method, exponent))]))]),
            ],
            [
                new DataTable(
                    "fig4-table", "Interquartile means of the offload frequency", ["method", .. PaperSystem.ExponentNames.Select(name => $"α = {name}")],
                    [.. falls.Select(fall => (object[])[fall.Method.Label(), .. fall.Values.Cast<object>()])]),
            ],
            [
                Scalability.Neural(scale),
                "DCC-QL has the paper's mean-field price, DCC price-q the Poisson price, which sees the penalty's convexity.",
            ]);

        double[] All(Method method, double exponent) =>
        [
            .. PaperSystem.Seeds(method.Runs(scale))
                .Select(seed => results.Last(MethodUnit.Name(method, Devices, exponent, seed), MethodUnit.Frequency)).Where(double.IsFinite),
        ];
    }

    private static MethodComparison Compare(double exponent, Scale scale, UnitResults results) => new(Scalability.Methods, [Devices], exponent, scale, results);
}
