using Dcc.Core.Coordination;
using Dcc.Core.Engine;
using Dcc.Core.Evaluation;
using Dcc.Core.Learning;
using Dcc.Experiments.Methods;
using Dcc.Experiments.Results;
using Dcc.Experiments.Units;

namespace Dcc.Experiments.Beyond;

/// <summary>
/// Algorithm 3 under learning, which section 5.5 leaves to future work: the gradient from one evaluation's multiplier and frequency in place of
/// three evaluations' differences.
/// </summary>
internal sealed class MultiplierGradient : Experiment
{
    private const int Evaluations = 16;
    private const long OptimumReadings = 30_000_000;
    private const double InitialTheta = 0.05;
    private const string Cost = "exact-cost";
    private const string Best = "best-known";
    private const string Bias = "multiplier-bias";
    private const string Error = "multiplier-error";

    private static readonly int[] Sizes = [10, 20];
    private static readonly (SolverKind Solver, GradientKind Gradient)[] Variants =
    [
        (SolverKind.PriceQ, GradientKind.FiniteDifference), (SolverKind.PriceQ, GradientKind.ExactMultiplier),
        (SolverKind.QLearning, GradientKind.FiniteDifference), (SolverKind.QLearning, GradientKind.ExactMultiplier),
    ];

    internal override string Name => "exact-multiplier";

    internal override string Title => "the multiplier as gradient (Algorithm 3) under learning";

    internal override string Source => "this project; section 5.5, appendix E";

    internal override string Claim => "Does the multiplier that a device learns serve as the gradient, and what does that save?";

    internal override IReadOnlyList<Unit> Units(Scale scale) =>
    [
        .. Sizes.SelectMany(devices => PaperSystem.Seeds(scale.Runs).SelectMany(seed => Variants.Select(variant => new Unit(
            UnitName(variant, devices, seed), seed, (variant.Solver == SolverKind.QLearning ? 0.6 : 0.3) * devices, cancellation => Run(variant, devices, seed, cancellation))))),
    ];

    internal override Page Present(Scale scale, UnitResults results)
    {
        var complete = Sizes.All(devices => Variants.All(variant => Gap(variant, devices).Count == scale.Runs));
        var rows = Sizes.SelectMany(devices => Variants.Select(variant => new object[]
        {
            devices, Label(variant), Rounds(variant), Gap(variant, devices).Mean,
            variant.Gradient == GradientKind.ExactMultiplier ? Last(variant, devices, Bias).Mean : "", variant.Gradient == GradientKind.ExactMultiplier ? Last(variant, devices, Error).Mean : "",
        })).ToList();
        return new Page(
            complete ? Verdict.Measured : Verdict.Incomplete,
            "Exact cost above the best known after 1.6 million learning steps per device: "
                + string.Join("; ", rows.Select(row => FormattableString.Invariant($"N = {row[0]}, {row[1]}: {row[3]:0.00} %")))
                + ". A report has three scalars either way, so a round costs the same bytes; with q-learning a round learns one evaluation in place of three.",
            [
                .. Sizes.Select(devices => new LineChart(
                    FormattableString.Invariant($"exact-multiplier-n{devices}"), FormattableString.Invariant($"Exact cost above the best known, {devices} devices"),
                    "Cost of all devices acting optimally at the round's θ.", "learning steps per device, thousands", "above best known, %",
                    [.. Variants.Select(variant => Line(variant, devices))])),
            ],
            [new DataTable("exact-multiplier", "At the end; bias is the mean of learned minus exact multiplier over all rounds from the second, error the mean magnitude", ["devices", "variant", "rounds", "above best known, %", "multiplier bias", "multiplier error"], rows)],
            [
                "α = 1 and mean-field congestion; theta moves by rprop, which uses only the sign of the gradient.",
                "Runs begin at θ = 0.05: at θ = 0 q-learning masks offloading, so it learns no multiplier there and Algorithm 3 never leaves 0.",
            ]);

        Spread Last((SolverKind, GradientKind) variant, int devices, string measure) =>
            Spread.Of(PaperSystem.Seeds(scale.Runs).Select(seed => results.Last(UnitName(variant, devices, seed), measure)));
        Spread Gap((SolverKind, GradientKind) variant, int devices) =>
            Spread.Of(PaperSystem.Seeds(scale.Runs).Select(seed => Percent(results.Last(UnitName(variant, devices, seed), Cost), devices, seed)));

        // One reference for all variants on a system: a variant's own search may begin where only it had come.
        double Percent(double cost, int devices, ulong seed) => 100 * ((cost / Variants.Min(variant => results.Last(UnitName(variant, devices, seed), Best))) - 1);
        LineSeries Line((SolverKind, GradientKind) variant, int devices)
        {
            var points = PaperSystem.Seeds(scale.Runs).SelectMany(seed => results.Of(UnitName(variant, devices, seed), Cost)
                .Select(sample => (sample.X, Gap: Percent(sample.Value, devices, seed)))).GroupBy(point => point.X, point => point.Gap).OrderBy(group => group.Key).ToList();
            return new LineSeries(Label(variant), [.. points.Select(point => point.Key / 1_000)], [.. points.Select(point => Spread.Of(point))]);
        }
    }

    private static string Label((SolverKind Solver, GradientKind Gradient) variant) =>
        $"{Core.Validation.KebabCase.Name(variant.Solver)}, {(variant.Gradient == GradientKind.ExactMultiplier ? "multiplier" : "differences")}";

    private static string UnitName((SolverKind Solver, GradientKind Gradient) variant, int devices, ulong seed) => FormattableString.Invariant(
        $"gradient-{Core.Validation.KebabCase.Name(variant.Solver)}-{Core.Validation.KebabCase.Name(variant.Gradient)}-n{devices}-s{seed}");

    // As many evaluations for each.
    private static int Rounds((SolverKind Solver, GradientKind Gradient) variant) =>
        variant is (SolverKind.QLearning, GradientKind.FiniteDifference) ? (Evaluations - 1) / 3 : Evaluations - 1;

    private static IEnumerable<Sample> Run((SolverKind Solver, GradientKind Gradient) variant, int devices, ulong seed, CancellationToken cancellation)
    {
        var system = PaperSystem.Of(devices, 1, seed);
        var congestion = new Congestion(CongestionKind.MeanField, CongestionForm.Shifted, 1);
        var cost = new SystemCost(SystemCost.CurvesOf(system), congestion);
        var start = new double[devices];
        Array.Fill(start, InitialTheta);
        RunParameters parameters = MethodUnit.DccQLearning(devices, 1, seed) with
        {
            Solver = variant.Solver,
            Gradient = variant.Gradient,
            Rounds = Rounds(variant),
            InitialTheta = start,
        };
        var rounds = DccRun.Execute(system, parameters, cancellation).ToList();
        var (_, best) = Optimum.Find(cost, OptimumReadings, [rounds[^1].Theta], progress: null, cancellation);
        double bias = 0, error = 0, count = 0;
        foreach (var round in rounds)
        {
            yield return new Sample(Cost, DccRun.StepsAt(round.Round, parameters), cost.PerDevice(round.Theta));
            var total = round.Theta.Sum();
            for (var i = 0; round.Round > 0 && i < devices; i++)
            {
                var difference = round.Points[i].Multiplier - cost.Curves[i].Read(round.Theta[i], cost.Price(total - round.Theta[i])).Multiplier;
                (bias, error, count) = (bias + difference, error + Math.Abs(difference), count + 1);
            }
        }

        yield return new Sample(Best, 0, best);
        yield return new Sample(Bias, 0, bias / count);
        yield return new Sample(Error, 0, error / count);
    }
}
