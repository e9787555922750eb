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

    // Long-run averages are taken over chains of this many steps, after a warm-up that forgets where they started.
    private const int ChainSteps = 1_000;
    private const int WarmUpSteps = 200;

    private readonly TDevice device;
    private readonly double[] weights;
    private readonly ulong[] noise;
    private readonly int episodes;

    /// <summary>Creates the evaluator.</summary>
    /// <param name="device">The device.</param>
    /// <param name="criterion">Discounted from fresh starts, or long-run average.</param>
    /// <param name="gamma">Discount.</param>
    /// <param name="steps">Steps to spend on each policy, about; at least eight episodes are run.</param>
    internal PolicyRollout(TDevice device, Criterion criterion, double gamma, int steps)
    {
        this.device = device;
        weights = criterion == Criterion.Average ? AverageWeights() : DiscountedWeights(gamma);
        noise = new ulong[weights.Length];
        episodes = Math.Max(8, steps / weights.Length);
    }

    /// <summary>Mean cost per step before congestion and mean offload frequency of each policy.</summary>
    /// <param name="policies">Actions by state, policy by policy innermost: policies[state * count + k].</param>
    /// <param name="cost">Receives one value per policy.</param>
    /// <param name="frequency">Receives one value per policy.</param>
    /// <param name="random">Advanced by the same number of words whatever the policies.</param>
    internal void Evaluate(ReadOnlySpan<byte> policies, Span<double> cost, Span<double> frequency, ref RandomStream random)
    {
        cost.Clear();
        frequency.Clear();
        var start = random.Next();
        for (var episode = 0; episode < episodes; episode++)
        {
            for (var step = 0; step < noise.Length; step++)
            {
                noise[step] = random.Next();
            }

            // Starts spread evenly (a golden-ratio sequence from a random offset): less noise than independent draws.
            var state = device.InitialState(start);
            start += 0x9E3779B97F4A7C15UL;
            for (var k = 0; k < cost.Length; k++)
            {
                RunEpisode(policies[k..], cost.Length, state, ref cost[k], ref frequency[k]);
            }
        }

        for (var k = 0; k < cost.Length; k++)
        {
            cost[k] /= episodes;
            frequency[k] /= episodes;
        }
    }

    private void RunEpisode(ReadOnlySpan<byte> policy, int stride, int state, ref double cost, ref double frequency)
    {
        var local = device;
        double costs = 0, offloads = 0;
        for (var step = 0; step < noise.Length; step++)
        {
            var action = (DeviceAction)policy[state * stride];
            state = local.Step(state, action, noise[step], out var stepCost);
            var weight = weights[step];
            costs += weight * stepCost;
            offloads += action == DeviceAction.Offload ? weight : 0;
        }

        cost += costs;
        frequency += offloads;
    }

    // (1 - gamma) gamma^t until gamma^t < CutOff, scaled to sum to 1: a cost that never changes is then measured exactly.
    private static double[] DiscountedWeights(double gamma)
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

    private static double[] AverageWeights()
    {
        var weights = new double[WarmUpSteps + ChainSteps];
        weights.AsSpan(WarmUpSteps).Fill(1.0 / ChainSteps);
        return weights;
    }
}
