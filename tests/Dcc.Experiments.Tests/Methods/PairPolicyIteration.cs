using Dcc.Core.Devices;
using Dcc.Core.Learning;

namespace Dcc.Experiments.Tests.Methods;

/// <summary>
/// The joint optimum of two tiny devices by Howard's policy iteration: every policy is evaluated by a dense linear system, every action by
/// all pairs of outcomes. Slow and plain on purpose.
/// </summary>
internal sealed class PairPolicyIteration(EdgeSystem system, Criterion criterion)
{
    private readonly EdgeDevice one = system.Device(0);
    private readonly EdgeDevice two = system.Device(1);

    private int Pairs => one.StateCount * two.StateCount;

    /// <summary>Of both devices together, per step.</summary>
    internal double OptimalCost()
    {
        var policy = new int[Pairs];
        while (true)
        {
            var (values, gain) = Evaluate(policy);
            var improved = false;
            for (var pair = 0; pair < Pairs; pair++)
            {
                var best = Value(pair, policy[pair], values);
                for (var actions = 0; actions < 9; actions++)
                {
                    if (IsLegal(pair, actions) && Value(pair, actions, values) < best - 1e-10)
                    {
                        best = Value(pair, actions, values);
                        policy[pair] = actions;
                        improved = true;
                    }
                }
            }

            if (!improved)
            {
                return criterion == Criterion.Average ? gain : InitialMean(values) * (1 - system.Gamma);
            }
        }
    }

    private double Discount => criterion == Criterion.Average ? 1 : system.Gamma;

    private bool IsLegal(int pair, int actions) =>
        one.IsLegal(pair / two.StateCount, (DeviceAction)(actions / 3)) && two.IsLegal(pair % two.StateCount, (DeviceAction)(actions % 3));

    // Costs and discounted next values; with two offloaders each pays d(2) = 1.
    private double Value(int pair, int actions, double[] values) =>
        Cost(pair, actions) + (Discount * Outcomes(pair, actions).Sum(next => next.Probability * values[next.State]));

    private double Cost(int pair, int actions) =>
        one.Cost(pair / two.StateCount) + two.Cost(pair % two.StateCount) + (actions == 8 ? 2 : 0);

    private IEnumerable<Outcome> Outcomes(int pair, int actions)
    {
        List<Outcome> first = [], second = [];
        one.AddOutcomes(pair / two.StateCount, (DeviceAction)(actions / 3), first);
        two.AddOutcomes(pair % two.StateCount, (DeviceAction)(actions % 3), second);
        return first.SelectMany(a => second.Select(b => new Outcome((a.State * two.StateCount) + b.State, a.Probability * b.Probability)));
    }

    private double InitialMean(double[] values)
    {
        List<Outcome> first = [], second = [];
        one.AddInitialStates(first);
        two.AddInitialStates(second);
        return first.Sum(a => second.Sum(b => a.Probability * b.Probability * values[(a.State * two.StateCount) + b.State]));
    }

    // Discounted: V = c + gamma P V. Average: h + g = c + P h with h = 0 at pair 0, whose column holds g instead.
    private (double[] Values, double Gain) Evaluate(int[] policy)
    {
        var matrix = new double[Pairs, Pairs + 1];
        for (var pair = 0; pair < Pairs; pair++)
        {
            matrix[pair, pair] += 1;
            matrix[pair, Pairs] = Cost(pair, policy[pair]);
            foreach (var next in Outcomes(pair, policy[pair]))
            {
                matrix[pair, next.State] -= Discount * next.Probability;
            }

            if (criterion == Criterion.Average)
            {
                matrix[pair, 0] = 1;
            }
        }

        var solution = Solve(matrix);
        var gain = solution[0];
        solution[0] = criterion == Criterion.Average ? 0 : gain;
        return (solution, gain);
    }

    // Gauss-Jordan elimination with partial pivoting.
    private static double[] Solve(double[,] matrix)
    {
        var n = matrix.GetLength(0);
        for (var column = 0; column < n; column++)
        {
            var pivot = Enumerable.Range(column, n - column).MaxBy(row => Math.Abs(matrix[row, column]));
            for (var k = 0; k <= n; k++)
            {
                (matrix[column, k], matrix[pivot, k]) = (matrix[pivot, k], matrix[column, k]);
            }

            for (var row = 0; row < n; row++)
            {
                var factor = row == column ? 0 : matrix[row, column] / matrix[column, column];
                for (var k = column; factor != 0 && k <= n; k++)
                {
                    matrix[row, k] -= factor * matrix[column, k];
                }
            }
        }

        return [.. Enumerable.Range(0, n).Select(row => matrix[row, n] / matrix[row, row])];
    }
}
