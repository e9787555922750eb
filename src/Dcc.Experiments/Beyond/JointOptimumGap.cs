using Dcc.Core.Learning;
using Dcc.Experiments.Methods;
using Dcc.Experiments.Results;
using Dcc.Experiments.Units;

namespace Dcc.Experiments.Beyond;

/// <summary>How far coordination by constraints, and no coordination, are from the best joint policy of two devices, which can be computed exactly.</summary>
internal sealed class JointOptimumGap : Experiment
{
    private const int Devices = 2;
    private const string Joint = "joint-optimum";

    private static readonly double[] Exponents = [1, 3];
    private static readonly Method[] Methods =
        [Method.DccPriceQ, Method.DccQLearning, Method.IndependentQLearning, Method.Selfish, Method.BestKnown, Method.NeverOffload];

    internal override string Name => "joint-optimum";

    internal override string Title => "distance from the exact optimal joint policy of two devices";

    internal override string Source => "this project; eq. 1";

    internal override string Claim => "How much does it cost that devices decide by themselves under constraints, and not together with both states in view?";

    internal override IReadOnlyList<Unit> Units(Scale scale) =>
    [
        .. Exponents.SelectMany(exponent => PaperSystem.Seeds(scale.Runs).SelectMany(seed => Methods.Select(method => MethodUnit.Of(method, Devices, exponent, seed, scale))
            .Append(new Unit(UnitName(exponent, seed), seed, 60, cancellation => Solve(exponent, seed, cancellation))))),
    ];

    internal override Page Present(Scale scale, UnitResults results)
    {
        var complete = Exponents.All(exponent => Methods.All(method => Gaps(method, exponent, MethodUnit.SteadyState).Length == scale.Runs));
        return new Page(
            complete ? Verdict.Measured : Verdict.Incomplete,
            "Long-run cost above the optimal joint policy's, interquartile means: " + string.Join("; ", Exponents.Select(exponent =>
                FormattableString.Invariant($"α = {exponent}: ") + string.Join(", ", Methods.Select(method =>
                    FormattableString.Invariant($"{method.Label()} {Spread.Of(Gaps(method, exponent, MethodUnit.SteadyState)).Mean:0.0} %"))))) + ".",
            [
                new BoxChart(
                    "joint-optimum", "Long-run cost above the optimal joint policy, two devices", "One value per system.", "exponent α of the penalty", "above optimum, %",
                    [.. Exponents.Select(exponent => FormattableString.Invariant($"{exponent}"))],
                    [.. Methods.Select(method => new BoxSeries(method.Label(), [.. Exponents.Select(exponent => Gaps(method, exponent, MethodUnit.SteadyState))]))]),
            ],
            [
                new DataTable(
                    "joint-optimum-table", "Interquartile means of the cost above the optimal joint policy, %", ["α", "method", "steady state", "discounted"],
                    [.. Exponents.SelectMany(exponent => Methods.Select(method => new object[]
                    {
                        exponent, method.Label(), Spread.Of(Gaps(method, exponent, MethodUnit.SteadyState)).Mean, Spread.Of(Gaps(method, exponent, MethodUnit.Discounted)).Mean,
                    }))]),
            ],
            ["With two devices d(2) = 1 for every α, so only the price that DCC makes of it depends on α.", "The optimum is exact to 1e-7; the methods' costs are simulated, which is good to about 0.1 %."]);

        double[] Gaps(Method method, double exponent, string measure) =>
        [
            .. PaperSystem.Seeds(scale.Runs).Select(seed =>
                100 * ((results.Last(MethodUnit.Name(method, Devices, exponent, seed), measure) / results.Last(UnitName(exponent, seed), measure)) - 1)).Where(double.IsFinite),
        ];
    }

    private static string UnitName(double exponent, ulong seed) => FormattableString.Invariant($"{Joint}-a{exponent}-s{seed}");

    private static IEnumerable<Sample> Solve(double exponent, ulong seed, CancellationToken cancellation)
    {
        var system = PaperSystem.Of(Devices, exponent, seed);
        yield return new Sample(MethodUnit.SteadyState, 0, JointOptimum.Find(system, Criterion.Average, cancellation).CostPerDevice);
        yield return new Sample(MethodUnit.Discounted, 0, JointOptimum.Find(system, Criterion.Discounted, cancellation).CostPerDevice);
    }
}
