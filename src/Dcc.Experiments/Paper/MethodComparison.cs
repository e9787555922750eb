using Dcc.Experiments.Methods;
using Dcc.Experiments.Results;
using Dcc.Experiments.Units;

namespace Dcc.Experiments.Paper;

/// <summary>
/// Methods side by side on the same systems: what Figs. 1a, 9, 11 and 12 have in common. Costs are divided by DCC-QL's after its first 100 000
/// steps, when theta is still 0, on the same system and by the same measure.
/// </summary>
internal sealed class MethodComparison(Method[] methods, int[] sizes, double exponent, Scale scale, UnitResults results)
{
    /// <summary>The units of the comparison.</summary>
    internal IReadOnlyList<Unit> Units() =>
    [
        .. sizes.SelectMany(devices => methods.Append(Method.DccQLearning).Distinct().SelectMany(method =>
            PaperSystem.Seeds(method.Runs(scale)).Select(seed => MethodUnit.Of(method, devices, exponent, seed, scale)))),
    ];

    /// <summary>Whether every run is there.</summary>
    internal bool Complete => methods.All(method => sizes.All(devices => Final(method, devices, MethodUnit.SteadyState).Length == method.Runs(scale)));

    /// <summary>Normalised cost of every run at the end.</summary>
    internal double[] Final(Method method, int devices, string measure) =>
        [.. PaperSystem.Seeds(method.Runs(scale)).Select(seed => Normal(method, devices, seed, measure)).Where(double.IsFinite)];

    /// <summary>Box plots of the final normalised costs by system size.</summary>
    internal BoxChart Boxes(string name, string title, string measure) => new(
        name, title, "1 is DCC-QL after its first 100 000 steps, when nobody may offload.", "devices", "cost, normalised",
        [.. sizes.Select(devices => FormattableString.Invariant($"{devices}"))],
        [.. methods.Select(method => new BoxSeries(method.Label(), [.. sizes.Select(devices => Final(method, devices, measure))]))]);

    /// <summary>A measure over learning steps at one size, of methods that learn; normalised where it is a cost.</summary>
    internal LineChart Evolution(string name, string title, string y, int devices, string measure) => new(
        name, title, FormattableString.Invariant($"{devices} devices; one step is one learning step of every device."), "learning steps, thousands", y,
        [.. methods.Select(method => Line(method, devices, measure)).Where(line => line.X.Length > 1)]);

    /// <summary>Interquartile means of both costs and of the offload frequency, by size and method.</summary>
    internal DataTable Table(string name) => new(
        name, "Interquartile means with 95 % intervals; costs normalised",
        ["devices", "method", "runs", "discounted", "95 % from", "to", "steady state", "95 % from", "to", "offload frequency"],
        [.. sizes.SelectMany(devices => methods.Select(method =>
        {
            var discounted = Spread.Of(Final(method, devices, MethodUnit.Discounted));
            var steady = Spread.Of(Final(method, devices, MethodUnit.SteadyState));
            var frequency = Spread.Of(PaperSystem.Seeds(method.Runs(scale)).Select(seed => results.Last(Unit(method, devices, seed), MethodUnit.Frequency)));
            return new object[]
            {
                devices, method.Label(), discounted.Count, discounted.Mean, discounted.Low, discounted.High, steady.Mean, steady.Low, steady.High, frequency.Mean,
            };
        }))]);

    /// <summary>How two methods compare, run by run on the systems that both were run on.</summary>
    internal Ratio Versus(Method method, Method other, int devices, string measure) => new(
        PaperSystem.Seeds(Math.Min(method.Runs(scale), other.Runs(scale))).Select(seed =>
            (results.Last(Unit(method, devices, seed), measure), results.Last(Unit(other, devices, seed), measure))));

    /// <summary>The same at every size, in words.</summary>
    internal string VersusInWords(Method method, Method other, string measure) =>
        string.Join("; ", sizes.Select(devices => FormattableString.Invariant($"N = {devices}: {Versus(method, other, devices, measure)}")));

    /// <summary>The most that any device could still save by leaving a selfish equilibrium.</summary>
    internal double LargestGain() => sizes.SelectMany(devices => PaperSystem.Seeds(Method.Selfish.Runs(scale))
        .Select(seed => results.Last(Unit(Method.Selfish, devices, seed), MethodUnit.LargestGain))).DefaultIfEmpty(double.NaN).Max();

    private double Normal(Method method, int devices, ulong seed, string measure) =>
        results.Last(Unit(method, devices, seed), measure) / results.First(Unit(Method.DccQLearning, devices, seed), measure);

    private LineSeries Line(Method method, int devices, string measure)
    {
        var cost = measure != MethodUnit.Frequency;
        var points = PaperSystem.Seeds(method.Runs(scale)).SelectMany(seed =>
        {
            var scaleOf = cost ? results.First(Unit(Method.DccQLearning, devices, seed), measure) : 1;
            return results.Of(Unit(method, devices, seed), measure).Select(sample => (sample.X, Value: sample.Value / scaleOf));
        }).GroupBy(point => point.X, point => point.Value).OrderBy(group => group.Key).ToList();
        return new LineSeries(method.Label(), [.. points.Select(point => point.Key / 1_000)], [.. points.Select(point => Spread.Of(point))]);
    }

    private string Unit(Method method, int devices, ulong seed) => MethodUnit.Name(method, devices, exponent, seed);
}
