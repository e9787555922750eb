using System.Numerics;
using System.Runtime.InteropServices;
using Dcc.Core.Devices;
using Dcc.Core.Exact;

namespace Dcc.Experiments.Methods;

/// <summary>Value iteration on the pairs of two devices' states, [first][second], with a penalty when both offload.</summary>
/// <remarks>
/// The expectation over both devices' outcomes is taken one device at a time: first over the second's (three tables, one for each of its
/// actions), then over the first's. A sweep of 390 x 390 states is some ten million multiplications in place of a billion.
/// </remarks>
internal sealed class PairSweeper
{
    private const int Actions = IDeviceModel.ActionCount;

    private readonly MarkovDecisionProcess one;
    private readonly MarkovDecisionProcess two;
    private readonly int states;
    private readonly int others;
    private readonly double bothOffload;
    private readonly double[] values;

    // Expectation over the second device's outcome of each of its actions; positive infinity where it is illegal.
    private readonly double[][] expected = new double[Actions][];
    private readonly double[] mean;
    private readonly double[] least;

    internal PairSweeper(MarkovDecisionProcess one, MarkovDecisionProcess two, double bothOffload)
    {
        this.one = one;
        this.two = two;
        this.bothOffload = bothOffload;
        states = one.Cost.Length;
        others = two.Cost.Length;
        values = new double[checked(states * others)];
        Best = new byte[values.Length];
        mean = new double[others];
        least = new double[others];
        for (var action = 0; action < Actions; action++)
        {
            expected[action] = new double[values.Length];
        }
    }

    /// <summary>The best pair of actions of every pair of states, as of the last sweep: 3 * the first device's + the second's.</summary>
    internal byte[] Best { get; }

    /// <summary>values := keep * values + (1 - keep) * (best cost + discount * expected values) - offset.</summary>
    /// <returns>The smallest and largest change of a value.</returns>
    internal (double Smallest, double Largest) Sweep(double discount, double keep, double offset)
    {
        ExpectSecond();
        double smallest = double.PositiveInfinity, largest = double.NegativeInfinity;
        for (var state = 0; state < states; state++)
        {
            ChooseBest(state, discount);
            var row = values.AsSpan(state * others, others);
            for (var other = 0; other < row.Length; other++)
            {
                var value = one.Cost[state] + two.Cost[other] + least[other];
                var change = ((1 - keep) * (value - row[other])) - offset;
                smallest = Math.Min(smallest, change);
                largest = Math.Max(largest, change);
                row[other] += change;
            }
        }

        return (smallest, largest);
    }

    /// <summary>Mean value over both devices' initial states.</summary>
    internal double InitialMean()
    {
        var sum = 0.0;
        for (var pair = 0; pair < values.Length; pair++)
        {
            sum += one.Initial[pair / others] * two.Initial[pair % others] * values[pair];
        }

        return sum;
    }

    private void ExpectSecond()
    {
        for (var row = 0; row < others * Actions; row++)
        {
            var (next, probabilities) = two.Outcomes(row);
            var target = expected[row % Actions];
            for (var pair = row / Actions; pair < target.Length; pair += others)
            {
                target[pair] = Mean(values.AsSpan(pair - (row / Actions), others), next.Span, probabilities.Span);
            }
        }
    }

    private static double Mean(ReadOnlySpan<double> values, ReadOnlySpan<int> next, ReadOnlySpan<double> probabilities)
    {
        var mean = next.IsEmpty ? double.PositiveInfinity : 0;
        for (var i = 0; i < next.Length; i++)
        {
            mean += probabilities[i] * values[next[i]];
        }

        return mean;
    }

    // The least over the nine pairs of actions for one state of the first device and every state of the second.
    private void ChooseBest(int state, double discount)
    {
        var chosen = Best.AsSpan(state * others, others);
        least.AsSpan().Fill(double.PositiveInfinity);
        for (var first = 0; first < Actions; first++)
        {
            var (next, probabilities) = one.Outcomes((state * Actions) + first);
            for (var second = 0; second < Actions && !next.IsEmpty; second++)
            {
                mean.AsSpan().Clear();
                for (var i = 0; i < next.Length; i++)
                {
                    Accumulate(probabilities.Span[i], expected[second].AsSpan(next.Span[i] * others, others), mean);
                }

                var offload = (int)DeviceAction.Offload;
                var penalty = first == offload && second == offload ? bothOffload : 0;
                for (var other = 0; other < mean.Length; other++)
                {
                    var value = penalty + (discount * mean[other]);
                    if (value < least[other])
                    {
                        least[other] = value;
                        chosen[other] = (byte)((first * Actions) + second);
                    }
                }
            }
        }
    }

    // sum += weight * row. Lanes never mix, so the width of vectors changes no bit.
    private static void Accumulate(double weight, ReadOnlySpan<double> row, Span<double> sum)
    {
        var rows = MemoryMarshal.Cast<double, Vector<double>>(row);
        var sums = MemoryMarshal.Cast<double, Vector<double>>(sum);
        for (var i = 0; i < rows.Length; i++)
        {
            sums[i] += weight * rows[i];
        }

        for (var i = rows.Length * Vector<double>.Count; i < row.Length; i++)
        {
            sum[i] += weight * row[i];
        }
    }
}
