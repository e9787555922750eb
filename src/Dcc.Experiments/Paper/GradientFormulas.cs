using Dcc.Core.Coordination;
using Dcc.Core.Evaluation;
using Dcc.Core.Exact;
using Dcc.Core.Randomness;
using Dcc.Experiments.Methods;
using Dcc.Experiments.Results;
using Dcc.Experiments.Units;

namespace Dcc.Experiments.Paper;

/// <summary>Fig. 6: Proposition 3's two formulas against finite differences with a very small perturbation.</summary>
internal sealed class GradientFormulas : Experiment
{
    private const double Epsilon = 1e-5;
    private const string Own = "local-difference";
    private const string Multiplier = "minus-multiplier";
    private const string Others = "coupling-difference";
    private const string Formula = "frequency-times-slope";
    private const string Kink = "kink";
    private const string Duality = "duality-gap";

    // A cost is known to about 1e-12, a difference of two over 2e-5 to 1e-7; the price is curved, which a central difference sees as eps^2.
    private const double Precision = 1e-6;

    internal override string Name => "fig6";

    internal override string Title => "finite differences against -λ and f d'";

    internal override string Source => "section 5.5, Fig. 6, Proposition 3";

    internal override string Claim => "The derivative in θ_i is minus the optimal multiplier, the one in θ_-i is f_i d'(1 + θ_-i), both up to solver precision.";

    internal override IReadOnlyList<Unit> Units(Scale scale) => [.. PaperSystem.Environments(scale.QuickRuns).Select(environment =>
        new Unit(UnitName(environment.Exponent, environment.Seed), environment.Seed, Seconds: 4, _ => Compare(environment.Exponent, environment.Seed)))];

    internal override Page Present(Scale scale, UnitResults results)
    {
        var local = Pairs(Multiplier, Own);
        var coupling = Pairs(Formula, Others);
        var kinks = PaperSystem.Environments(scale.QuickRuns).Sum(environment => results.Of(UnitName(environment.Exponent, environment.Seed), Kink).Sum(sample => sample.Value));
        var (localError, couplingError) = (Largest(local), Largest(coupling));
        var expected = PaperSystem.Environments(scale.QuickRuns).Count() * GradientSigns.Devices;
        var complete = local.Count + kinks == expected && coupling.Count == expected;
        var duality = PaperSystem.Environments(scale.QuickRuns).SelectMany(environment => results.Of(UnitName(environment.Exponent, environment.Seed), Duality))
            .Select(sample => sample.Value).DefaultIfEmpty(double.NaN).Max();
        return new Page(
            !complete ? Verdict.Incomplete : localError < Precision && couplingError < Precision && duality < Precision ? Verdict.Reproduced : Verdict.NotReproduced,
            FormattableString.Invariant(
                $"Largest difference over {local.Count} devices: local {localError:0.0e+0}, coupling {couplingError:0.0e+0}, relative to 1 + the slope; {kinks} devices stood within 1e-5 of a kink, where left and right slopes differ, and are left out of the local comparison. Solved anew at the price plus λ, every device's Lagrangian comes to its cost within {duality:0.0e+0}, so each λ is optimal."),
            [
                Chart("fig6-local", "Local derivative", "minus the multiplier, -λ", local),
                Chart("fig6-coupling", "Coupling derivative", "f d'(1 + θ of the others)", coupling),
            ],
            [],
            [
                "λ is the slope of the device's exact cost curve, which policy iteration at the price plus λ confirms; f is measured anew by evaluating the mixture of policies that would be deployed.",
                "Algorithm 3 writes θ_i for f_i, which is right only where the constraint binds; f_i is used here.",
            ]);

        List<(double Expected, double Found)> Pairs(string expectedMeasure, string foundMeasure) => [.. PaperSystem.Environments(scale.QuickRuns).SelectMany(environment =>
        {
            var unit = UnitName(environment.Exponent, environment.Seed);
            return results.Of(unit, expectedMeasure).Zip(results.Of(unit, foundMeasure), (a, b) => (a.Value, b.Value));
        })];
    }

    private static double Largest(List<(double Expected, double Found)> pairs) =>
        pairs.Select(pair => Math.Abs(pair.Found - pair.Expected) / (1 + Math.Abs(pair.Expected))).DefaultIfEmpty(double.NaN).Max();

    private static ScatterChart Chart(string name, string title, string x, List<(double Expected, double Found)> pairs) => new(
        name, title, "One point per device and environment, against the line of equality.", x, "central difference, ε = 0.00001",
        [new ScatterSeries("exact", [.. pairs.Select(pair => pair.Expected)], [.. pairs.Select(pair => pair.Found)])]);

    private static string UnitName(double exponent, ulong seed) => FormattableString.Invariant($"gradient-formulas-a{exponent}-s{seed}");

    private static IEnumerable<Sample> Compare(double exponent, ulong seed)
    {
        var system = PaperSystem.Of(GradientSigns.Devices, exponent, seed);
        var congestion = new Congestion(CongestionKind.MeanField, CongestionForm.Shifted, exponent);
        var curves = SystemCost.CurvesOf(system);
        var random = RandomStream.For(seed, StreamPurpose.Experiment, device: 0);
        var theta = GradientSigns.DrawTheta(ref random);
        var total = theta.Sum();
        var kinks = 0;
        for (var i = 0; i < theta.Length; i++)
        {
            var others = total - theta[i];
            var price = congestion.Price(others);
            double Own(double change) => curves[i].Read(theta[i] + change, price).Cost;
            double Others(double change) => curves[i].Read(theta[i], congestion.Price(others + change)).Cost;
            var left = (Own(0) - Own(-Epsilon)) / Epsilon;
            var right = (Own(Epsilon) - Own(0)) / Epsilon;
            if (Math.Abs(left - right) > Precision * (1 + Math.Abs(right)))
            {
                kinks++;
            }
            else
            {
                yield return new Sample(GradientFormulas.Own, theta[i], (left + right) / 2);
                yield return new Sample(Multiplier, theta[i], -curves[i].Read(theta[i], price).Multiplier);
            }

            // The multiplier by itself: policy iteration at price + lambda must come to J + lambda theta, or lambda is not optimal.
            var here = curves[i].Read(theta[i], price);
            var charge = price + here.Multiplier;
            var dual = MarkovDecisionProcess.Of(system.Device(i), system.Gamma).Optimise(charge, mayOffload: true, near: null).Value(charge);
            yield return new Sample(Duality, theta[i], Math.Abs(dual - (here.Multiplier * theta[i]) - here.Cost));

            var (_, frequency) = ExactCurve.Evaluate(system.Device(i), system.Gamma, curves[i].Policy(theta[i], price));
            yield return new Sample(GradientFormulas.Others, others, (Others(Epsilon) - Others(-Epsilon)) / (2 * Epsilon));
            yield return new Sample(Formula, others, frequency * congestion.PriceDerivative(others));
        }

        yield return new Sample(Kink, 0, kinks);
    }
}
