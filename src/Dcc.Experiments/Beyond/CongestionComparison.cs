using Dcc.Core.Coordination;
using Dcc.Core.Devices;
using Dcc.Core.Engine;
using Dcc.Experiments.Methods;
using Dcc.Experiments.Results;
using Dcc.Experiments.Units;

namespace Dcc.Experiments.Beyond;

/// <summary>The mean-field price of eq. 6 against the Poisson price, for exponents at which the penalty of the mean is not the mean penalty.</summary>
internal sealed class CongestionComparison : Experiment
{
    private const int Rounds = 12;
    private const string Cost = "steady-state";
    private const string Offloads = "frequency";

    private static readonly CongestionKind[] Kinds = [CongestionKind.MeanField, CongestionKind.Poisson];

    internal override string Name => "congestion";

    internal override string Title => "Poisson against mean-field congestion price for α from 1 to 3";

    internal override string Source => "this project; eq. 6";

    internal override string Claim => "For α > 1 the mean-field price understates what offloading costs (Jensen), so devices offload too much; the Poisson price repairs most of it and costs nothing on the wire.";

    internal override IReadOnlyList<Unit> Units(Scale scale) =>
    [
        .. PaperSystem.Sizes.SelectMany(devices => PaperSystem.Environments(scale.Runs).SelectMany(environment => Kinds.Select(kind => new Unit(
            UnitName(kind, devices, environment.Exponent, environment.Seed), environment.Seed, 0.2 * devices,
            cancellation => Run(kind, devices, environment.Exponent, environment.Seed, scale, cancellation))))),
    ];

    internal override Page Present(Scale scale, UnitResults results)
    {
        var complete = PaperSystem.Sizes.All(devices => PaperSystem.Exponents.All(exponent => Kinds.All(kind => All(kind, devices, exponent, Cost).Length == scale.Runs)));
        var rows = PaperSystem.Sizes.SelectMany(devices => PaperSystem.Exponents.Select(exponent =>
        {
            var (mean, poisson) = (Spread.Of(All(CongestionKind.MeanField, devices, exponent, Cost)), Spread.Of(All(CongestionKind.Poisson, devices, exponent, Cost)));
            return new object[]
            {
                devices, exponent, mean.Mean, poisson.Mean, 100 * ((poisson.Mean / mean.Mean) - 1),
                Spread.Of(All(CongestionKind.MeanField, devices, exponent, Offloads)).Mean, Spread.Of(All(CongestionKind.Poisson, devices, exponent, Offloads)).Mean,
            };
        })).ToList();
        return new Page(
            complete ? Verdict.Measured : Verdict.Incomplete,
            "Long-run cost with the Poisson price over that with the mean-field price at α = 3: "
                + string.Join("; ", rows.Where(row => (double)row[1] == 3).Select(row => FormattableString.Invariant($"N = {row[0]}: {row[4]:+0.0;-0.0} %")))
                + ". At α = 1 both are the same number by definition.",
            [
                .. PaperSystem.Sizes.Select(devices => new LineChart(
                    FormattableString.Invariant($"congestion-n{devices}"), FormattableString.Invariant($"Long-run joint cost, {devices} devices"),
                    "price-q after 12 rounds.", "exponent α of the penalty", "cost per device and step",
                    [.. Kinds.Select(kind => new LineSeries(
                        kind == CongestionKind.MeanField ? "mean-field" : "Poisson", PaperSystem.Exponents,
                        [.. PaperSystem.Exponents.Select(exponent => Spread.Of(All(kind, devices, exponent, Cost)))]))])),
            ],
            [new DataTable("congestion", "Interquartile means after 12 rounds of price-q", ["devices", "α", "mean-field cost", "Poisson cost", "change, %", "mean-field frequency", "Poisson frequency"], rows)],
            []);

        double[] All(CongestionKind kind, int devices, double exponent, string measure) =>
            [.. PaperSystem.Seeds(scale.Runs).Select(seed => results.Last(UnitName(kind, devices, exponent, seed), measure)).Where(double.IsFinite)];
    }

    private static string UnitName(CongestionKind kind, int devices, double exponent, ulong seed) =>
        FormattableString.Invariant($"congestion-{Core.Validation.KebabCase.Name(kind)}-n{devices}-a{exponent}-s{seed}");

    private static IEnumerable<Sample> Run(CongestionKind kind, int devices, double exponent, ulong seed, Scale scale, CancellationToken cancellation)
    {
        var system = PaperSystem.Of(devices, exponent, seed);
        RunParameters parameters = MethodUnit.DccPriceQ(devices, exponent, seed) with { Rounds = Rounds, Congestion = kind };
        var measure = JointMeasure.Of(system, DccRun.Execute(system, parameters, cancellation).Last().Policies, seed, scale.MeasureBudget);
        return [new Sample(Cost, exponent, measure.SteadyState), new Sample(Offloads, exponent, measure.Frequency.Average())];
    }
}
