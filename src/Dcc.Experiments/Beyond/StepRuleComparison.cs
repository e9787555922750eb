using Dcc.Core.Coordination;
using Dcc.Core.Devices;
using Dcc.Core.Engine;
using Dcc.Core.Evaluation;
using Dcc.Core.Learning;
using Dcc.Core.Validation;
using Dcc.Experiments.Methods;
using Dcc.Experiments.Results;
using Dcc.Experiments.Units;

namespace Dcc.Experiments.Beyond;

/// <summary>Step rules and perturbations with exact evaluations: how many rounds until the cost is within 1 % of the best known, from 2 devices to 1 000.</summary>
internal sealed class StepRuleComparison : Experiment
{
    private const double Near = 0.01;
    private const int Rounds = 60;
    private const string ToNear = "rounds-to-1-percent";
    private const string Gap = "gap";

    private static readonly int[] Sizes = [2, 5, 10, 20, 50, 100, 200, 500, 1_000];
    private static readonly double[] Exponents = [1, 2];

    // Of curve readings; about ten million a second.
    private const long OptimumReadings = 30_000_000;

    private static readonly (StepRuleKind Rule, PerturbationKind Perturbation)[] Variants =
    [
        (StepRuleKind.Rprop, PerturbationKind.Sign),
        (StepRuleKind.TrustRegion, PerturbationKind.Sign),
        (StepRuleKind.RobbinsMonro, PerturbationKind.Sign),
        (StepRuleKind.Rprop, PerturbationKind.Gaussian),
        (StepRuleKind.TrustRegion, PerturbationKind.Gaussian),
        (StepRuleKind.RobbinsMonro, PerturbationKind.Gaussian),
    ];

    internal override string Name => "step-rules";

    internal override string Title => "rounds to within 1 % of the best known, by step rule, perturbation and size";

    internal override string Source => "this project; eq. 14 and Theorem 1";

    internal override string Claim => "Which step rule and which perturbation need the fewest rounds, and does that depend on the number of devices?";

    internal override IReadOnlyList<Unit> Units(Scale scale) =>
    [
        .. Exponents.SelectMany(exponent => Sizes.SelectMany(devices => PaperSystem.Seeds(Runs(scale)).Select(seed => new Unit(
            UnitName(devices, exponent, seed), seed, 3 + (0.02 * devices), cancellation => Compare(devices, exponent, seed, cancellation))))),
    ];

    internal override Page Present(Scale scale, UnitResults results)
    {
        var rows = Exponents.SelectMany(exponent => Variants.Select(variant => (object[])
            [exponent, Label(variant), .. Sizes.Select(devices => (object)Words(exponent, devices, variant))])).ToList();
        var complete = Exponents.All(exponent => Sizes.All(devices => Found(exponent, devices, Variants[0], ToNear).Length == Runs(scale)));
        int Lost(double exponent, int variant) => Sizes.Sum(devices => Found(exponent, devices, Variants[variant], ToNear).Count(rounds => rounds > Rounds));
        var all = Sizes.Length * Runs(scale);
        return new Page(
            complete ? Verdict.Measured : Verdict.Incomplete,
            FormattableString.Invariant(
                $"rprop with signs is within 1 % after a median of {Median(1)} rounds at α = 1 and {Median(2)} at α = 2, over all sizes ({Rounds + 1} stands for more than {Rounds}), and not there in {Lost(1, 0)} of {all} runs at α = 1 and {Lost(2, 0)} of {all} at α = 2. The paper's own step (robbins-monro) is not there in {Lost(1, 2)} and {Lost(2, 2)}."),
            [
                .. Exponents.Select(exponent => new LineChart(
                    FormattableString.Invariant($"step-rules-a{exponent}"), FormattableString.Invariant($"Rounds to within 1 %, α = {exponent}"),
                    FormattableString.Invariant($"Runs that are not there after {Rounds} rounds count as {Rounds + 1}."), "devices", "rounds",
                    [.. Variants.Select(variant => new LineSeries(
                        Label(variant), [.. Sizes.Select(devices => (double)devices)],
                        [.. Sizes.Select(devices => Spread.Of(Found(exponent, devices, variant, ToNear)))]))], LogarithmicX: true)),
            ],
            [
                new DataTable(
                    "step-rules", $"Median rounds to within 1 % (runs that got there of all)",
                    ["α", "rule", .. Sizes.Select(devices => FormattableString.Invariant($"N = {devices}"))], rows),
                new DataTable(
                    "step-rules-gaps", FormattableString.Invariant($"Median cost above the best known after {Rounds} rounds, %"),
                    ["α", "rule", .. Sizes.Select(devices => FormattableString.Invariant($"N = {devices}"))],
                    [.. Exponents.SelectMany(exponent => Variants.Select(variant => (object[])
                        [exponent, Label(variant), .. Sizes.Select(devices => (object)(100 * Spread.Of(Found(exponent, devices, variant, Gap)).Median))]))]),
            ],
            [
                "Evaluations are exact and congestion is mean-field, so that only rule and perturbation differ.",
                "Why robbins-monro can stay away: at θ = 0 multipliers are large, its first step throws every θ to 1, and there the gradient nearly vanishes.",
                "Where offloading hardly pays at all, θ = 0 is within 1 % from the start: 0 rounds.",
                "Best known is the best of a coordinate descent and of all runs compared: an upper bound on the optimum.",
            ]);

        double Median(double exponent) => Spread.Of(Sizes.SelectMany(devices => Found(exponent, devices, Variants[0], ToNear))).Median;
        double[] Found(double exponent, int devices, (StepRuleKind, PerturbationKind) variant, string measure) =>
            [.. PaperSystem.Seeds(Runs(scale)).SelectMany(seed => results.Of(UnitName(devices, exponent, seed), $"{measure}-{Label(variant)}")).Select(sample => sample.Value)];
        string Words(double exponent, int devices, (StepRuleKind, PerturbationKind) variant)
        {
            var found = Found(exponent, devices, variant, ToNear);
            var there = found.Count(rounds => rounds <= Rounds);
            var median = Spread.Of(found).Median;
            return FormattableString.Invariant($"{(median > Rounds ? "over 60" : median)} ({there}/{found.Length})");
        }
    }

    private static int Runs(Scale scale) => scale.AskedRuns ?? scale.Pick(3, 15);

    private static string Label((StepRuleKind Rule, PerturbationKind Perturbation) variant) =>
        $"{KebabCase.Name(variant.Rule)} {KebabCase.Name(variant.Perturbation)}";

    private static string UnitName(int devices, double exponent, ulong seed) => FormattableString.Invariant($"step-rules-n{devices}-a{exponent}-s{seed}");

    private static IEnumerable<Sample> Compare(int devices, double exponent, ulong seed, CancellationToken cancellation)
    {
        var system = PaperSystem.Of(devices, exponent, seed);
        var cost = new SystemCost(SystemCost.CurvesOf(system), new Congestion(CongestionKind.MeanField, CongestionForm.Shifted, exponent));
        var runs = Variants.Select(variant => DccRun.Execute(system, Parameters(variant, devices, exponent, seed), cancellation)
            .Select(round => round.Theta).ToArray()).ToArray();
        var (_, best) = Optimum.Find(cost, OptimumReadings, runs.Select(run => run[^1]), progress: null, cancellation);
        for (var v = 0; v < Variants.Length; v++)
        {
            var gaps = Array.ConvertAll(runs[v], theta => (cost.PerDevice(theta) / best) - 1);
            var there = Array.FindIndex(gaps, gap => gap <= Near);
            yield return new Sample($"{ToNear}-{Label(Variants[v])}", devices, there < 0 ? Rounds + 1 : there);
            yield return new Sample($"{Gap}-{Label(Variants[v])}", devices, gaps[^1]);
        }
    }

    private static RunParameters Parameters((StepRuleKind Rule, PerturbationKind Perturbation) variant, int devices, double exponent, ulong seed) => new()
    {
        Devices = devices,
        Rounds = Rounds,
        Seed = seed,
        InitialTheta = new double[devices],
        Exponent = exponent,
        Solver = SolverKind.Exact,
        StepRule = variant.Rule,
        Perturbation = variant.Perturbation,
        Congestion = CongestionKind.MeanField,
    };
}
