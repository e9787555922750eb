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
        [.. PaperSystem.Exponents.SelectMany(exponent => Compare(exponent, scale, UnitResults.None).Units()).DistinctBy(unit => unit.Name)];

    internal override Page Present(Scale scale, UnitResults results)
    {
        var methods = Scalability.Methods;
        var complete = PaperSystem.Exponents.All(exponent => Compare(exponent, scale, results).Complete);
        var (first, last) = (PaperSystem.Exponents[0], PaperSystem.Exponents[^1]);
        var falls = methods.ToDictionary(method => method, method => new Ratio(PaperSystem.Seeds(method.Runs(scale)).Select(seed => (At(method, last, seed), At(method, first, seed)))));
        return new Page(
            Claims.Judge(
                complete,
                [
                    .. ((Method[])[Method.DccQLearning, Method.IndependentQLearning, Method.Mappo]).Select(method => falls[method].Lower),
                    falls[Method.DccQLearning].Change < falls[Method.IndependentQLearning].Change && falls[Method.Mappo].Change < falls[Method.IndependentQLearning].Change,
                ]),
            "Offload frequency at α = 3 against α = 1: " + string.Join("; ", methods.Select(method => $"{method.Label()} {falls[method]}")) + ".",
            [
                new BoxChart(
                    "fig4", "Offload frequency by exponent, 20 devices", "Mean frequency of the devices of each run.", "exponent α of the penalty", "offload frequency",
                    PaperSystem.ExponentNames,
                    [.. methods.Select(method => new BoxSeries(method.Label(), [.. PaperSystem.Exponents.Select(exponent => All(method, exponent))]))]),
            ],
            [
                new DataTable(
                    "fig4-table", "Interquartile means of the offload frequency", ["method", .. PaperSystem.ExponentNames.Select(name => $"α = {name}")],
                    [.. methods.Select(method => (object[])[method.Label(), .. PaperSystem.Exponents.Select(exponent => (object)Spread.Of(All(method, exponent)).Mean)])]),
            ],
            [
                Scalability.Neural(scale),
                "DCC-QL has the paper's mean-field price, DCC price-q the Poisson price, which sees the penalty's convexity.",
            ]);

        double At(Method method, double exponent, ulong seed) => results.Last(MethodUnit.Name(method, Devices, exponent, seed), MethodUnit.Frequency);
        double[] All(Method method, double exponent) =>
            [.. PaperSystem.Seeds(method.Runs(scale)).Select(seed => At(method, exponent, seed)).Where(double.IsFinite)];
    }

    private static MethodComparison Compare(double exponent, Scale scale, UnitResults results) => new(Scalability.Methods, [Devices], exponent, scale, results);
}
