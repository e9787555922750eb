using System.Globalization;
using Dcc.Core.Devices;
using Dcc.Core.Exact;
using Dcc.Core.Learning;
using Dcc.Core.Policies;
using Dcc.Core.Randomness;
using Dcc.Experiments.Methods;

namespace Dcc.Benchmarks;

/// <summary>
/// The large device at several charges (congestion price and multiplier together): Lagrangian cost J0 + charge * f of the exact optimum, of the
/// best thresholds, and of the learners after 100 000 and 300 000 steps, mean over three seeds. The optimum takes some minutes.
/// </summary>
internal static class SolarGapTable
{
    private const double Gamma = 0.95;
    private const int Seeds = 3;

    private static readonly SolarDevice Device = SolarDevice.Large;
    private static readonly double[] Charges = [0, 2, 8, 30];
    private static readonly int[] Budgets = [100_000, 300_000];
    private static readonly SolverKind[] Kinds = [SolverKind.QLearning, SolverKind.Dqn, SolverKind.Ppo];

    internal static void Print()
    {
        var columns = from budget in Budgets from kind in Kinds select (Kind: kind, Budget: budget);
        Write($"{"charge",6} {"exact",9} {"threshold",10} {string.Concat(columns.Select(column => $"{column.Kind,10} {column.Budget / 1000}k"))}");
        var process = MarkovDecisionProcess.Of(Device, Gamma);
        foreach (var charge in Charges)
        {
            var exact = 0.0;
            var written = 0.0;
            var learned = new Dictionary<(SolverKind, int), double>();
            Action[] work =
            [
                () => exact = process.Optimise(charge, mayOffload: true, near: null).Value(charge),
                () =>
                {
                    written = Cost(ThresholdPolicy.Best(Device, Gamma, charge, seed: 1).Actions(Device), charge);
                    foreach (var column in columns)
                    {
                        learned[column] = Enumerable.Range(1, Seeds).Average(seed => Learned(column.Kind, column.Budget, charge, (ulong)seed));
                    }
                },
            ];
            Parallel.Invoke(work);
            Write($"{charge,6:F1} {exact,9:F4} {written,10:F4} {string.Concat(columns.Select(column => $"{learned[column],15:F4}"))}");
        }
    }

    private static double Learned(SolverKind kind, int steps, double charge, ulong seed)
    {
        var settings = new SolverSettings(kind, steps, Gamma, Criterion.Discounted, GradientKind.ExactMultiplier, seed);
        var learner = LocalSolvers.Learner(settings, Device, 0)(0);
        var random = RandomStream.For(seed, StreamPurpose.Training, 0);
        learner.Begin(mayOffload: true);
        learner.Train(steps, charge, ref random);
        return Cost(learner.GreedyPolicy(), charge);
    }

    private static double Cost(byte[] policy, double charge)
    {
        var rollout = new PolicyRollout<SolarDevice>(Device, Criterion.Discounted, Gamma, 2_000_000);
        var random = RandomStream.For(99, StreamPurpose.Evaluation, 0);
        double cost = 0, frequency = 0;
        rollout.Evaluate(policy, new Span<double>(ref cost), new Span<double>(ref frequency), ref random);
        return cost + (charge * frequency);
    }

    private static void Write(FormattableString line) => Console.WriteLine(line.ToString(CultureInfo.InvariantCulture));
}
