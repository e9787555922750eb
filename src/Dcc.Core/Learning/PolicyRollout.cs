using Dcc.Core.Devices;
using Dcc.Core.Randomness;

namespace Dcc.Core.Learning;

/// <summary>
/// Monte Carlo evaluation of deterministic policies, several in lockstep on the same random words (common random numbers), so that their
/// differences carry far less noise than their values.
/// </summary>
internal sealed class PolicyRollout<TDevice>
    where TDevice : struct, IDeviceModel
{
    // 0.95^180 < 1e-4: what is cut off an evaluation is below a thousandth of a percent of its cost.
    private const double CutOff = 1e-4;
    private const int WarmUpSteps = 200;

    private readonly TDevice device;
    private readonly Criterion criterion;
    private readonly double[] weights;
    private readonly int episodes;
    private readonly int warmUp;

    /// <summary>Creates the evaluator.</summary>
    /// <param name="device">The device.</param>
    /// <param name="criterion">Discounted from fresh starts, or long-run average.</param>
    /// <param name="gamma">Discount.</param>
    /// <param name="steps">Steps to spend on each policy, about; at least eight episodes are run.</param>
    internal PolicyRollout(TDevice device, Criterion criterion, double gamma, int steps)
    {
        this.device = device;
        this.criterion = criterion;
        weights = StepWeights(gamma);
        episodes = Math.Max(8, steps / weights.Length);
        if (criterion == Criterion.Average)
        {
            warmUp = WarmUpSteps;
            weights = new double[Math.Max(weights.Length, 1000)];
            Array.Fill(weights, 1.0 / weights.Length);
            episodes = Math.Max(8, steps / (warmUp + weights.Length));
        }
    }

    /// <summary>Mean cost per step before congestion and mean offload frequency of each policy.</summary>
    /// <param name="policies">Actions by state, policy by policy innermost: policies[state * count + k].</param>
    /// <param name="cost">Receives one value per policy.</param>
    /// <param name="frequency">Receives one value per policy.</param>
    /// <param name="random">Advanced by the same number of words whatever the policies.</param>
    internal void Evaluate(ReadOnlySpan<byte> policies, Span<double> cost, Span<double> frequency, ref RandomStream random)
    {
        var count = cost.Length;
        Span<int> states = stackalloc int[count];
        cost.Clear();
        frequency.Clear();
        var start = random.Next();
        for (var episode = 0; episode < episodes; episode++)
        {
            // Starts spread evenly (a golden-ratio sequence from a random offset): less noise than independent draws.
            states.Fill(device.InitialState(start));
            start += 0x9E3779B97F4A7C15UL;
            for (var step = 0; step < warmUp; step++)
            {
                Advance(policies, states, random.Next());
            }

            foreach (var weight in weights)
            {
                Accumulate(policies, states, random.Next(), weight, cost, frequency);
            }
        }

        for (var k = 0; k < count; k++)
        {
            cost[k] /= episodes;
            frequency[k] /= episodes;
        }
    }

    private void Accumulate(
        ReadOnlySpan<byte> policies, Span<int> states, ulong noise, double weight, Span<double> cost, Span<double> frequency)
    {
        var local = device;
        for (var k = 0; k < states.Length; k++)
        {
            var action = (DeviceAction)policies[(states[k] * states.Length) + k];
            states[k] = local.Step(states[k], action, noise, out var stepCost);
            cost[k] += weight * stepCost;
            frequency[k] += action == DeviceAction.Offload ? weight : 0;
        }
    }

    private void Advance(ReadOnlySpan<byte> policies, Span<int> states, ulong noise)
    {
        for (var k = 0; k < states.Length; k++)
        {
            states[k] = device.Step(states[k], (DeviceAction)policies[(states[k] * states.Length) + k], noise, out _);
        }
    }

    // (1 - gamma) gamma^t until gamma^t < CutOff, scaled to sum to 1: a cost that never changes is then measured exactly.
    private static double[] StepWeights(double gamma)
    {
        var weights = new List<double>();
        double power = 1, sum = 0;
        do
        {
            weights.Add(power);
            sum += power;
            power *= gamma;
        }
        while (power >= CutOff);
        return [.. weights.Select(weight => weight / sum)];
    }
}
