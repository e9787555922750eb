using Dcc.Core.Devices;

namespace Dcc.Core.Exact;

/// <summary>
/// A known device as a sparse Markov decision process. Values are per step: every discounted sum is multiplied by 1 - gamma
/// (model.md section 2). Evaluates deterministic policies and finds the best one for a given price of offloading.
/// </summary>
/// <remarks>
/// For a policy, U(s) is the discounted cost without congestion and K(s) the discounted offload frequency from s; at price q the
/// policy's value is U + q K. Both are found together by Gauss-Seidel sweeps, each an exact contraction by gamma or better.
/// </remarks>
internal sealed class MarkovDecisionProcess
{
    private const int Actions = IDeviceModel.ActionCount;
    private const double ImprovementTolerance = 1e-11;

    private readonly double gamma;
    private readonly int[] firstOutcome;
    private readonly int[] nextState;
    private readonly double[] probability;
    private readonly double[] cost;
    private readonly bool[] legal;
    private readonly double[] initial;

    private MarkovDecisionProcess(
        double gamma, int[] firstOutcome, int[] nextState, double[] probability, double[] cost, bool[] legal, double[] initial)
    {
        this.gamma = gamma;
        this.firstOutcome = firstOutcome;
        this.nextState = nextState;
        this.probability = probability;
        this.cost = cost;
        this.legal = legal;
        this.initial = initial;
    }

    internal static MarkovDecisionProcess Of<TDevice>(TDevice device, double gamma)
        where TDevice : struct, IKnownDeviceModel
    {
        var states = device.StateCount;
        var first = new int[(states * Actions) + 1];
        var legal = new bool[states * Actions];
        var cost = new double[states];
        var next = new List<int>();
        var probability = new List<double>();
        var outcomes = new List<Outcome>();
        for (var state = 0; state < states; state++)
        {
            cost[state] = device.Cost(state);
            for (var action = 0; action < Actions; action++)
            {
                var row = (state * Actions) + action;
                legal[row] = device.IsLegal(state, (DeviceAction)action);
                if (legal[row])
                {
                    outcomes.Clear();
                    device.AddOutcomes(state, (DeviceAction)action, outcomes);
                    foreach (var group in outcomes.GroupBy(outcome => outcome.State).OrderBy(group => group.Key))
                    {
                        next.Add(group.Key);
                        probability.Add(group.Sum(outcome => outcome.Probability));
                    }
                }

                first[row + 1] = next.Count;
            }
        }

        outcomes.Clear();
        device.AddInitialStates(outcomes);
        var initial = new double[states];
        foreach (var outcome in outcomes)
        {
            initial[outcome.State] += outcome.Probability;
        }

        return new MarkovDecisionProcess(gamma, first, [.. next], [.. probability], cost, legal, initial);
    }

    /// <summary>Cost before congestion of a step from each state.</summary>
    internal ReadOnlySpan<double> Cost => cost;

    /// <summary>Probability of starting an evaluation in each state.</summary>
    internal ReadOnlySpan<double> Initial => initial;

    /// <summary>Where an action leads and how likely, empty if it is illegal; row = 3 * state + action.</summary>
    internal (ReadOnlyMemory<int> States, ReadOnlyMemory<double> Probabilities) Outcomes(int row)
    {
        var range = firstOutcome[row]..firstOutcome[row + 1];
        return (nextState.AsMemory(range), probability.AsMemory(range));
    }

    /// <summary>A policy's U, K and actions for every state, and their means over the initial states.</summary>
    internal sealed record Solution(byte[] Policy, double[] U, double[] K, double Cost, double Frequency)
    {
        internal double Value(double price) => Cost + (price * Frequency);
    }

    /// <summary>Evaluates a policy exactly (to about 1e-12).</summary>
    internal Solution Evaluate(byte[] policy) => Evaluate(policy, new double[cost.Length], new double[cost.Length]);

    /// <summary>The best policy at a price, by policy iteration from a near solution or from always waiting.</summary>
    /// <param name="price">Price of one offload, congestion price and multiplier together.</param>
    /// <param name="mayOffload">False to forbid offloading everywhere (theta = 0).</param>
    /// <param name="near">A solution to start from, or null.</param>
    internal Solution Optimise(double price, bool mayOffload, Solution? near)
    {
        var solution = near ?? Evaluate(new byte[cost.Length]);
        if (!mayOffload && Array.IndexOf(solution.Policy, (byte)DeviceAction.Offload) >= 0)
        {
            solution = Evaluate(new byte[cost.Length]);
        }

        while (Improve(solution, price, mayOffload) is { } better)
        {
            solution = Evaluate(better, (double[])solution.U.Clone(), (double[])solution.K.Clone());
        }

        return solution;
    }

    private byte[]? Improve(Solution solution, double price, bool mayOffload)
    {
        byte[]? better = null;
        for (var state = 0; state < cost.Length; state++)
        {
            var best = solution.U[state] + (price * solution.K[state]);
            var tolerance = ImprovementTolerance * (1 + Math.Abs(best));
            for (var action = 0; action < Actions; action++)
            {
                var row = (state * Actions) + action;
                if (!legal[row] || (action == (int)DeviceAction.Offload && !mayOffload))
                {
                    continue;
                }

                Expect(row, solution.U, solution.K, out var u, out var k);
                var offload = action == (int)DeviceAction.Offload ? price : 0;
                var value = ((1 - gamma) * (cost[state] + offload)) + (gamma * (u + (price * k)));
                if (value < best - tolerance)
                {
                    best = value;
                    better ??= (byte[])solution.Policy.Clone();
                    better[state] = (byte)action;
                }
            }
        }

        return better;
    }

    private Solution Evaluate(byte[] policy, double[] u, double[] k)
    {
        // A sweep's change d bounds the remaining error by d * gamma / (1 - gamma). From the highest state down: in EdgeDevice a
        // state leads to older ages, which come later in the numbering, so most of what a sweep reads is already new.
        var goal = 1e-12 * (1 - gamma);
        double change, largest;
        do
        {
            change = 0;
            largest = 0;
            for (var state = cost.Length - 1; state >= 0; state--)
            {
                var action = policy[state];
                Expect((state * Actions) + action, u, k, out var nextU, out var nextK);
                var newU = ((1 - gamma) * cost[state]) + (gamma * nextU);
                var newK = (action == (int)DeviceAction.Offload ? 1 - gamma : 0) + (gamma * nextK);
                change = Math.Max(change, Math.Max(Math.Abs(newU - u[state]), Math.Abs(newK - k[state])));
                largest = Math.Max(largest, Math.Abs(newU));
                u[state] = newU;
                k[state] = newK;
            }
        }
        while (change > Math.Max(goal, 4e-16 * largest));

        double meanCost = 0, frequency = 0;
        for (var state = 0; state < initial.Length; state++)
        {
            meanCost += initial[state] * u[state];
            frequency += initial[state] * k[state];
        }

        return new Solution(policy, u, k, meanCost, frequency);
    }

    private void Expect(int row, double[] u, double[] k, out double meanU, out double meanK)
    {
        meanU = 0;
        meanK = 0;
        for (var i = firstOutcome[row]; i < firstOutcome[row + 1]; i++)
        {
            meanU += probability[i] * u[nextState[i]];
            meanK += probability[i] * k[nextState[i]];
        }
    }
}
