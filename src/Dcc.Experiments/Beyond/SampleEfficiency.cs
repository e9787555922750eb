using Dcc.Core.Devices;
using Dcc.Core.Exact;
using Dcc.Core.Learning;
using Dcc.Core.Policies;
using Dcc.Core.Validation;
using Dcc.Experiments.Methods;
using Dcc.Experiments.Paper;
using Dcc.Experiments.Results;
using Dcc.Experiments.Units;

namespace Dcc.Experiments.Beyond;

/// <summary>
/// Local solvers at equal learning steps: one device at a fixed constraint and price, and how far the policy it would deploy is from the exact optimum
/// after so many learning steps. What it offloads beyond the constraint is charged at the exact multiplier.
/// </summary>
internal sealed class SampleEfficiency : Experiment
{
    internal const int Standard = 100_000;

    private const string Gap = "charged-gap";
    private const string Violation = "excess-frequency";

    private static readonly int[] Budgets = [10_000, 30_000, Standard, 300_000, 1_000_000];
    private static readonly SolverKind[] Solvers = [SolverKind.PriceQ, SolverKind.QLearning, SolverKind.Dqn, SolverKind.Ppo];
    internal static readonly (double Theta, double Price)[] Points =
        [(0.05, 2), (0.1, 1), (0.2, 0.5)];

    internal override string Name => "solvers";

    internal override string Title => "local solvers at equal learning steps: price-q, q-learning, dqn, ppo";

    internal override string Source => "this project; section 4.3";

    internal override string Claim => "price-q reaches the optimum of a device's constrained problem from fewer learning steps than Q-learning with a multiplier.";

    internal override IReadOnlyList<Unit> Units(Scale scale) =>
    [
        .. PaperSystem.Seeds(scale.QuickRuns).SelectMany(seed => Solvers.Select(solver => Unit(solver, seed))),
    ];

    /// <summary>A solver on one device at every point and budget; shared with the experiment on neural solvers.</summary>
    internal static Unit Unit(SolverKind solver, ulong seed) =>
        new(UnitName(solver, seed), seed, IsNeural(solver) ? 3 : 1, cancellation => Run(solver, seed, cancellation));

    /// <summary>Charged gaps of a solver at a budget over all devices and points, as fractions.</summary>
    internal static double[] Gaps(SolverKind solver, int budget, Scale scale, UnitResults results) => All(solver, budget, Gap, scale, results);

    internal override Page Present(Scale scale, UnitResults results)
    {
        var complete = Solvers.All(solver => All(solver, Standard, Gap, scale, results).Length == scale.QuickRuns * Points.Length);
        var both = Budgets.Where(budget => Budgeted(SolverKind.QLearning, budget)).ToList();
        var better = both.Count(budget => Mean(SolverKind.PriceQ, budget) < Mean(SolverKind.QLearning, budget));
        return new Page(
            complete ? Verdict.Measured : Verdict.Incomplete,
            FormattableString.Invariant($"price-q is nearer to the optimum than q-learning at {better} of {both.Count} budgets. Charged gaps at {Standard:N0} steps: ")
                + string.Join(", ", Solvers.Select(solver => FormattableString.Invariant($"{KebabCase.Name(solver)} {Mean(solver, Standard):0.0} %"))) + ".",
            [
                new LineChart(
                    "solvers", "Charged cost above the exact optimum", "All solvers had the same number of learning steps.", "learning steps", "above exact, %",
                    [.. Solvers.Select(solver => new LineSeries(
                        KebabCase.Name(solver), [.. BudgetsOf(solver).Select(budget => (double)budget)], [.. BudgetsOf(solver).Select(budget => Percent(solver, budget))]))], LogarithmicX: true),
            ],
            [
                new DataTable(
                    "solvers-table", "Interquartile means", ["steps", "solver", "charged gap, %", "95 % from", "to", "offloads above θ"],
                    [.. Budgets.SelectMany(budget => Solvers.Where(solver => Budgeted(solver, budget)).Select(solver =>
                    {
                        var gap = Percent(solver, budget);
                        return new object[] { budget, KebabCase.Name(solver), gap.Mean, gap.Low, gap.High, Spread.Of(All(solver, budget, Violation, scale, results)).Mean };
                    }))]),
            ],
            [
                "Devices of Appendix F; (θ, price) is (0.05, 2), (0.1, 1) and (0.2, 0.5). The policy is evaluated exactly.",
                FormattableString.Invariant($"Learning steps only: price-q also measures its policies over about {Scalability.MeasuringSteps(SolverKind.PriceQ):N0} steps, the others theirs over {Scalability.MeasuringSteps(SolverKind.QLearning):N0}, whatever the budget."),
                "Budgets are single trainings from nothing; in a run all go on from the round before.",
                "dqn and ppo have steps of the multiplier that were tuned for them, q-learning has the paper's; and they take some fifty times as long per step.",
            ]);

        Spread Percent(SolverKind solver, int budget) => Spread.Of(All(solver, budget, Gap, scale, results).Select(gap => 100 * gap));
        double Mean(SolverKind solver, int budget) => Percent(solver, budget).Mean;
        int[] BudgetsOf(SolverKind solver) => [.. Budgets.Where(budget => Budgeted(solver, budget))];
    }

    private static double[] All(SolverKind solver, int budget, string measure, Scale scale, UnitResults results) =>
        [.. PaperSystem.Seeds(scale.QuickRuns).SelectMany(seed => results.Of(UnitName(solver, seed), measure)).Where(sample => sample.X == budget).Select(sample => sample.Value)];

    private static bool IsNeural(SolverKind solver) => solver is SolverKind.Dqn or SolverKind.Ppo;

    // A million steps of a network on every device would take an hour.
    private static bool Budgeted(SolverKind solver, int budget) => !IsNeural(solver) || budget <= Standard;

    private static string UnitName(SolverKind solver, ulong seed) => FormattableString.Invariant($"solver-{KebabCase.Name(solver)}-s{seed}");

    private static IEnumerable<Sample> Run(SolverKind solver, ulong seed, CancellationToken cancellation)
    {
        const double Gamma = 0.95;
        var device = EdgeSystem.Sample(1, seed).Device(0);
        var curve = ExactCurve.Of(device, Gamma);
        foreach (var (theta, price) in Points)
        {
            var exact = curve.Read(theta, price);
            foreach (var budget in Budgets.Where(budget => Budgeted(solver, budget)))
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
