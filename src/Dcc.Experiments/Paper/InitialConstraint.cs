using Dcc.Experiments.Methods;
using Dcc.Experiments.Results;
using Dcc.Experiments.Units;

namespace Dcc.Experiments.Paper;

/// <summary>Figs. 2 and 3: DCC-QL from theta = 0 and from a uniform theta of the size that it ends with.</summary>
/// <param name="evolution">Whether on the way (Fig. 3) or at the end (Fig. 2).</param>
internal sealed class InitialConstraint(bool evolution) : Experiment
{
    private static readonly Method[] Methods = [Method.DccQLearning, Method.DccWarmStart];

    internal override string Name => evolution ? "fig3" : "fig2";

    internal override string Title => evolution ? "cost on the way from two initial constraints" : "cost after five rounds from two initial constraints";

    internal override string Source => evolution ? "section 5.3, Fig. 3" : "section 5.3, Fig. 2";

    internal override string Claim => evolution
        ? "The optimised start has the lower cost in early rounds, above all with few devices."
        : "After five rounds both starts cost nearly the same.";

    internal override IReadOnlyList<Unit> Units(Scale scale) => Compare(scale, UnitResults.None).Units();

    internal override Page Present(Scale scale, UnitResults results)
    {
        var comparison = Compare(scale, results);
        return evolution ? PresentEvolution(comparison, scale, results) : PresentEnd(comparison);
    }

    private static Page PresentEnd(MethodComparison comparison)
    {
        const double NearlyTheSame = 0.02;
        return new Page(
            Claims.Judge(
                comparison.Complete,
                [.. PaperSystem.Sizes.Select(devices => Math.Abs(comparison.Versus(Method.DccWarmStart, Method.DccQLearning, devices, MethodUnit.Discounted).Change) < NearlyTheSame)]),
            $"Optimised start against θ = 0, discounted: {comparison.VersusInWords(Method.DccWarmStart, Method.DccQLearning, MethodUnit.Discounted)}. Nearly the same means within 2 % here.",
            [comparison.Boxes("fig2", "Discounted joint cost after five rounds", MethodUnit.Discounted)],
            [comparison.Table("fig2-table")],
            ["The optimised start is one value for all devices: the mean of the constraints that the run from 0 ended with, on the same system."]);
    }

    private static Page PresentEvolution(MethodComparison comparison, Scale scale, UnitResults results)
    {
        // After the first gradient step, so at the second point.
        var early = PaperSystem.Sizes.Select(devices => (Devices: devices, Zero: Second(Method.DccQLearning, devices), Start: Second(Method.DccWarmStart, devices))).ToList();
        return new Page(
            Claims.Judge(comparison.Complete, [.. early.Select(size => size.Start < size.Zero), early[0].Zero - early[0].Start > early[^1].Zero - early[^1].Start]),
            "Normalised cost after one round, θ = 0 and optimised start: "
                + string.Join("; ", early.Select(size => FormattableString.Invariant($"N = {size.Devices}: {size.Zero:0.000} and {size.Start:0.000}"))) + ".",
            [
                .. PaperSystem.Sizes.Select(devices => comparison.Evolution(
                    FormattableString.Invariant($"fig3-n{devices}"), FormattableString.Invariant($"Discounted joint cost, {devices} devices"), "cost, normalised", devices, MethodUnit.Discounted)),
            ],
            [],
            ["Both starts are normalised by the same number: the cost of θ = 0 after 100 000 learning steps."]);

        double Second(Method method, int devices) => Spread.Of(PaperSystem.Seeds(scale.Runs).Select(seed =>
            results.Of(MethodUnit.Name(method, devices, 1, seed), MethodUnit.Discounted).Select(sample => sample.Value).Skip(1).FirstOrDefault(double.NaN)
            / results.First(MethodUnit.Name(Method.DccQLearning, devices, 1, seed), MethodUnit.Discounted))).Mean;
    }

    private static MethodComparison Compare(Scale scale, UnitResults results) => new(Methods, PaperSystem.Sizes, exponent: 1, scale, results);
}
