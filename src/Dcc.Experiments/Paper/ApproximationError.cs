using Dcc.Core.Coordination;
using Dcc.Core.Evaluation;
using Dcc.Core.Exact;
using Dcc.Experiments.Methods;
using Dcc.Experiments.Results;
using Dcc.Experiments.Units;

namespace Dcc.Experiments.Paper;

/// <summary>
/// Fig. 13: how far eq. 6's penalty d(1 + θ_-i) is from the true one, against Lemma 1's bound. Nothing is sampled: state distributions are carried
/// forward, and the number of other offloaders has its exact distribution.
/// </summary>
internal sealed class ApproximationError : Experiment
{
    private const int Devices = 10;

    // 0.95^360 is below 1e-8.
    private const int Steps = 360;
    private const long OptimumReadings = 20_000_000;
    private const string Stationary = "stationary-error";
    private const string StationaryBound = "stationary-bound";
    private const string Synchronised = "synchronised-error";
    private const string SynchronisedBound = "synchronised-bound";
    private const double Precision = 1e-9;

    internal override string Name => "fig13";

    internal override string Title => "error of the approximate reward against Lemma 1's bound";

    internal override string Source => "appendix C.5, Fig. 13, Lemma 1";

    internal override string Claim => "The relative error stays within Lemma 1's bound, and is zero for α = 1.";

    internal override IReadOnlyList<Unit> Units(Scale scale) => [.. PaperSystem.Environments(scale.QuickRuns).Select(environment =>
        new Unit(UnitName(environment.Exponent, environment.Seed), environment.Seed, Seconds: 6, cancellation => Compare(environment.Exponent, environment.Seed, cancellation)))];

    internal override Page Present(Scale scale, UnitResults results)
    {
        var rows = new List<object[]>();
        var (outside, freshOutside, freshLinear) = (0, 0, 0);
        var linear = 0.0;
        var devices = 0;
        foreach (var exponent in PaperSystem.Exponents)
        {
            double[] error = [.. All(exponent, Stationary)], bound = [.. All(exponent, StationaryBound)];
            double[] freshError = [.. All(exponent, Synchronised)], freshBound = [.. All(exponent, SynchronisedBound)];
            devices += error.Length;
            outside += Outside(error, bound);
            freshOutside += Outside(freshError, freshBound);
            freshLinear += exponent == 1 ? Outside(freshError, freshBound) : 0;
            linear = exponent == 1 ? error.Append(0).Max() : linear;
            rows.Add([exponent, Percent(error), Percent(bound), Outside(error, bound), Percent(freshError), Percent(freshBound), Outside(freshError, freshBound)]);
        }

        var complete = devices == PaperSystem.Environments(scale.QuickRuns).Count() * Devices;
        return new Page(
            Claims.Judge(complete, outside == 0, linear < Precision, freshOutside == 0),
            FormattableString.Invariant(
                $"From the stationary start {outside} of {devices} devices are outside the bound, and at α = 1 the largest relative error is {linear:0.0e+0}. From the synchronised start, which the paper's evaluation uses, {freshOutside} are outside, {freshLinear} of them at α = 1: offload frequencies vary in time there, which the lemma assumes they do not."),
            [
                new BoxChart(
                    "fig13-error", "Relative error by exponent", "One value per device and environment.", "exponent α of the penalty", "relative error, %",
                    PaperSystem.ExponentNames, [Box("stationary start", Stationary), Box("synchronised start", Synchronised)]),
                new ScatterChart(
                    "fig13-bound", "Error against the bound", "Below the line the bound holds; values below 0.001 %, as all at α = 1 from the stationary start, are not drawn.", "Lemma 1's bound, %", "relative error, %",
                    [Points("stationary start", StationaryBound, Stationary), Points("synchronised start", SynchronisedBound, Synchronised)], Logarithmic: true),
            ],
            [
                new DataTable(
                    "fig13", "Median relative errors and bounds in percent, and devices outside",
                    ["α", "stationary error", "bound", "outside", "synchronised error", "bound", "outside"], rows),
            ],
            [
                "Computed exactly, without simulation; θ is the best known for each environment, where most constraints bind.",
                "From the stationary start θ_i is the long-run offload frequency of the policy, so that every constraint binds.",
            ]);

        IEnumerable<double> All(double exponent, string measure) =>
            PaperSystem.Seeds(scale.QuickRuns).SelectMany(seed => results.Of(UnitName(exponent, seed), measure)).Select(sample => sample.Value);
        BoxSeries Box(string label, string measure) => new(
            label, [.. PaperSystem.Exponents.Select(exponent => All(exponent, measure).Select(value => 100 * value).ToArray())]);
        ScatterSeries Points(string label, string bound, string error) => new(
            label, [.. PaperSystem.Exponents.SelectMany(exponent => All(exponent, bound)).Select(value => 100 * value)],
            [.. PaperSystem.Exponents.SelectMany(exponent => All(exponent, error)).Select(value => 100 * value)]);
    }

    private static int Outside(double[] error, double[] bound) => error.Zip(bound).Count(pair => pair.First > pair.Second + Precision);

    private static double Percent(double[] values) => 100 * Spread.Of(values).Median;

    private static string UnitName(double exponent, ulong seed) => FormattableString.Invariant($"approximation-error-a{exponent}-s{seed}");

    private static IEnumerable<Sample> Compare(double exponent, ulong seed, CancellationToken cancellation)
    {
        var system = PaperSystem.Of(Devices, exponent, seed);
        var congestion = new Congestion(CongestionKind.MeanField, CongestionForm.Shifted, exponent);
        var cost = new SystemCost(SystemCost.CurvesOf(system), congestion);
        var theta = Optimum.Find(cost, OptimumReadings, [], null, cancellation).Theta;
        var total = theta.Sum();
        var profiles = new double[Devices][];
        var stationary = new double[Devices];
        var local = new double[Devices];
        var frequency = new double[Devices];
        for (var i = 0; i < Devices; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            var policy = cost.Curves[i].Policy(theta[i], cost.Price(total - theta[i]));
            var profile = new OffloadProfile(system.Device(i), policy);
            profiles[i] = profile.FromSynchronisedStart(Steps);
            stationary[i] = profile.Stationary();
            (local[i], frequency[i]) = ExactCurve.Evaluate(system.Device(i), system.Gamma, policy);
        }

        // From the stationary start every step is like every other, and so is the discounted mean of the penalties.
        var samples = Judge(Stationary, StationaryBound, TruePenalty.Of(stationary, congestion), stationary);
        var penalty = new double[Devices];
        var weight = 1 - system.Gamma;
        for (var step = 0; step < Steps; step++)
        {
            var now = TruePenalty.Of([.. profiles.Select(profile => profile[step])], congestion);
            for (var i = 0; i < Devices; i++)
            {
                penalty[i] += weight * now[i];
            }

            weight *= system.Gamma;
        }

        return samples.Concat(Judge(Synchronised, SynchronisedBound, penalty, frequency));

        // Costs before congestion are those of the evaluations in both cases: they are equal in both rewards, and only scale the relative error.
        List<Sample> Judge(string error, string bound, double[] truth, double[] mean)
        {
            List<Sample> found = [];
            var sum = mean.Sum();
            for (var i = 0; i < Devices; i++)
            {
                var others = sum - mean[i];
                var approximate = mean[i] * congestion.Price(others);
                var most = mean[i] * Math.Abs((others / (Devices - 1) * congestion.Penalty(Devices)) - congestion.Price(others));
                found.Add(new Sample(error, exponent, Math.Abs(truth[i] - approximate) / (local[i] + truth[i])));
                found.Add(new Sample(bound, exponent, most / (local[i] + truth[i])));
            }

            return found;
        }
    }
}
