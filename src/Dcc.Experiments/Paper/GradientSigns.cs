using Dcc.Core.Coordination;
using Dcc.Core.Evaluation;
using Dcc.Core.Randomness;
using Dcc.Experiments.Methods;
using Dcc.Experiments.Results;
using Dcc.Experiments.Units;

namespace Dcc.Experiments.Paper;

/// <summary>Fig. 5: finite differences of the exact objective in both directions of the gradient.</summary>
internal sealed class GradientSigns : Experiment
{
    internal const int Devices = 10;
    internal const double LargestTheta = 0.4;
    private const double SmallestNoise = 0.01;
    private const double LargestNoise = 0.25;
    private const string Own = "own";
    private const string Others = "others";

    // What rounding leaves of a slope of 0.
    private const double Zero = 1e-9;

    internal override string Name => "fig5";

    internal override string Title => "signs of the two parts of the gradient";

    internal override string Source => "section 5.5, Fig. 5";

    internal override string Claim => "The local part of the gradient is negative and the coupling part positive, for perturbations from 0.01 to 0.25.";

    internal override IReadOnlyList<Unit> Units(Scale scale) => [.. PaperSystem.Environments(scale.QuickRuns).Select(point =>
        new Unit(UnitName(point.Exponent, point.Seed), point.Seed, Seconds: 2, _ => Differences(point.Exponent, point.Seed)))];

    internal override Page Present(Scale scale, UnitResults results)
    {
        double[] own = [.. All(Own)], others = [.. All(Others)];
        var wrong = own.Count(slope => slope > Zero) + others.Count(slope => slope < -Zero);
        var missing = own.Length < PaperSystem.Environments(scale.QuickRuns).Count() * Devices;
        return new Page(
            missing ? Verdict.Incomplete : wrong == 0 ? Verdict.Reproduced : Verdict.NotReproduced,
            FormattableString.Invariant(
                $"Of {own.Length} local slopes {own.Count(slope => slope > Zero)} are positive and {own.Count(slope => slope < -Zero)} negative, the rest 0 (the constraint does not bind there); of {others.Length} coupling slopes {others.Count(slope => slope < -Zero)} are negative and {others.Count(slope => slope > Zero)} positive."),
            [
                Chart("fig5-local", "Local part of the gradient", Own, "(J(θ + ε) - J(θ)) / ε"),
                Chart("fig5-coupling", "Coupling part of the gradient", Others, "(J(θ, others + ε) - J(θ)) / ε"),
            ],
            [],
            ["The paper does not say at which θ it looked: here every θ is drawn from [0, 0.4] for each of ten devices."]);

        IEnumerable<double> All(string measure) => PaperSystem.Environments(scale.QuickRuns).SelectMany(point => Values(point.Exponent, point.Seed, measure));
        IEnumerable<double> Values(double exponent, ulong seed, string measure) => results.Of(UnitName(exponent, seed), measure).Select(sample => sample.Value);
        BoxChart Chart(string name, string title, string measure, string y) => new(
            name, title, "One value per device and environment.", "exponent α of the penalty", y,
            PaperSystem.ExponentNames,
            [new BoxSeries("exact", [.. PaperSystem.Exponents.Select(exponent => PaperSystem.Seeds(scale.QuickRuns).SelectMany(seed => Values(exponent, seed, measure)).ToArray())])]);
    }

    /// <summary>A random theta of a system, and noise to perturb it with.</summary>
    internal static double[] DrawTheta(ref RandomStream random)
    {
        var theta = new double[Devices];
        for (var i = 0; i < Devices; i++)
        {
            theta[i] = LargestTheta * random.NextUnit();
        }

        return theta;
    }

    private static string UnitName(double exponent, ulong seed) => FormattableString.Invariant($"gradient-signs-a{exponent}-s{seed}");

    private static IEnumerable<Sample> Differences(double exponent, ulong seed)
    {
        var system = PaperSystem.Of(Devices, exponent, seed);
        var cost = new SystemCost(SystemCost.CurvesOf(system), new Congestion(CongestionKind.MeanField, CongestionForm.Shifted, exponent));
        var random = RandomStream.For(seed, StreamPurpose.Experiment, device: 0);
        var theta = DrawTheta(ref random);
        var total = theta.Sum();
        for (var i = 0; i < Devices; i++)
        {
            var others = total - theta[i];
            var (curve, price) = (cost.Curves[i], cost.Price(others));
            var own = Noise(ref random, theta[i], 1);
            var other = Noise(ref random, others, Devices - 1);
            var here = curve.Read(theta[i], price).Cost;
            yield return new Sample(Own, own, (curve.Read(theta[i] + own, price).Cost - here) / own);
            yield return new Sample(Others, other, (curve.Read(theta[i], cost.Price(others + other)).Cost - here) / other);
        }
    }

    // Of random sign, turned round where it would leave [0, limit].
    private static double Noise(ref RandomStream random, double point, double limit)
    {
        var size = SmallestNoise + ((LargestNoise - SmallestNoise) * random.NextUnit());
        var up = (random.Next() & 1) == 0 ? point + size <= limit : point - size < 0;
        return up ? size : -size;
    }
}
