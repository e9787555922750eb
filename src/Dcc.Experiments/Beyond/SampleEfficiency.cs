using Dcc.Core.Devices;
using Dcc.Core.Exact;
using Dcc.Core.Learning;
using Dcc.Core.Policies;
using Dcc.Core.Validation;
using Dcc.Experiments.Methods;
using Dcc.Experiments.Results;
using Dcc.Experiments.Units;

namespace Dcc.Experiments.Beyond;

/// <summary>
/// Local solvers at equal samples: one device at a fixed constraint and price, and how far the policy it would deploy is from the exact optimum
/// after so many learning steps. What it offloads beyond the constraint is charged at the exact multiplier.
/// </summary>
internal sealed class SampleEfficiency : Experiment
{
    private const string Gap = "charged-gap";
    private const string Violation = "excess-frequency";

    private static readonly int[] Budgets = [10_000, 30_000, 100_000, 300_000, 1_000_000];
    private static readonly SolverKind[] Solvers = [SolverKind.PriceQ, SolverKind.QLearning];
    private static readonly (double Theta, double Price)[] Points = [(0.05, 2), (0.1, 1), (0.2, 0.5)];

    internal override string Name => "solvers";

    internal override string Title => "price-q against q-learning at equal samples";

    internal override string Source => "this project; section 4.3";

    internal override string Claim => "price-q reaches the optimum of a device's constrained problem from fewer samples than Q-learning with a multiplier.";

    internal override IReadOnlyList<Unit> Units(Scale scale) =>
    [
        .. PaperSystem.Seeds(Devices(scale)).SelectMany(seed => Solvers.Select(solver => new Unit(UnitName(solver, seed), seed, Seconds: 3, cancellation => Run(solver, seed, cancellation)))),
    ];

    internal override Page Present(Scale scale, UnitResults results)
    {
        var complete = Solvers.All(solver => All(solver, Budgets[^1], Gap).Length == Devices(scale) * Points.Length);
        var better = Budgets.Count(budget => Spread.Of(All(SolverKind.PriceQ, budget, Gap)).Mean < Spread.Of(All(SolverKind.QLearning, budget, Gap)).Mean);
        return new Page(
            complete ? Verdict.Measured : Verdict.Incomplete,
            FormattableString.Invariant($"price-q is nearer to the optimum at {better} of {Budgets.Length} budgets. At 100 000 steps its charged gap is {At(SolverKind.PriceQ)}, that of q-learning {At(SolverKind.QLearning)}."),
            [
                new LineChart(
                    "solvers", "Charged cost above the exact optimum", "Devices and points of the table's kinds; both solvers had the same number of environment steps.",
                    "learning steps", "above exact, %",
                    [.. Solvers.Select(solver => new LineSeries(
                        KebabCase.Name(solver), [.. Budgets.Select(budget => (double)budget)], [.. Budgets.Select(budget => Spread.Of(All(solver, budget, Gap)))]))], LogarithmicX: true),
            ],
            [
                new DataTable(
                    "solvers-table", "Interquartile means", ["steps", "solver", "charged gap, %", "95 % from", "to", "offloads above θ"],
                    [.. Budgets.SelectMany(budget => Solvers.Select(solver =>
                    {
                        var gap = Spread.Of(All(solver, budget, Gap));
                        return new object[] { budget, KebabCase.Name(solver), gap.Mean, gap.Low, gap.High, Spread.Of(All(solver, budget, Violation)).Mean };
                    }))]),
            ],
            [
                "Devices of Appendix F; (θ, price) is (0.05, 2), (0.1, 1) and (0.2, 0.5). The policy is evaluated exactly.",
                "Budgets are single trainings from nothing; in a run both go on from the round before.",
            ]);

        string At(SolverKind solver) => FormattableString.Invariant($"{Spread.Of(All(solver, 100_000, Gap)).Mean:0.0} %");
        double[] All(SolverKind solver, int budget, string measure) =>
        [
            .. PaperSystem.Seeds(Devices(scale)).SelectMany(seed => results.Of(UnitName(solver, seed), measure)).Where(sample => sample.X == budget)
                .Select(sample => sample.Value * (measure == Gap ? 100 : 1)),
        ];
    }

    private static int Devices(Scale scale) => scale.AskedRuns ?? 15;

    private static string UnitName(SolverKind solver, ulong seed) => FormattableString.Invariant($"solver-{KebabCase.Name(solver)}-s{seed}");

    private static IEnumerable<Sample> Run(SolverKind solver, ulong seed, CancellationToken cancellation)
    {
        const double Gamma = 0.95;
        var device = EdgeSystem.Sample(1, seed).Device(0);
        var curve = ExactCurve.Of(device, Gamma);
        foreach (var (theta, price) in Points)
        {
            var exact = curve.Read(theta, price);
            foreach (var budget in Budgets)
            {
                cancellation.ThrowIfCancellationRequested();
                var local = LocalSolvers.Create(new SolverSettings(solver, budget, Gamma, Criterion.Discounted, GradientKind.ExactMultiplier, seed), device, index: 0);
                local.Solve(0, new Push(theta, theta, price, price));
                var (cost, frequency) = ExactCurve.Evaluate(device, Gamma, local.Policy);
                var excess = Math.Max(0, frequency - theta);
                yield return new Sample(Gap, budget, ((cost + (price * frequency) + (exact.Multiplier * excess)) / exact.Cost) - 1);
                yield return new Sample(Violation, budget, excess);
            }
        }
    }
}
