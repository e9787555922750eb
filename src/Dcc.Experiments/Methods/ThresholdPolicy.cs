using Dcc.Core.Devices;
using Dcc.Core.Learning;
using Dcc.Core.Policies;
using Dcc.Core.Randomness;

namespace Dcc.Experiments.Methods;

/// <summary>
/// What an engineer would write for a <see cref="SolarDevice"/>: offload when the data are old enough for the channel, compute locally when the
/// battery is full enough and the data are old enough, else wait.
/// </summary>
/// <param name="OffloadAge">Age from which to offload, by channel; above the device's M for never.</param>
/// <param name="LocalLevel">Battery level from which to compute.</param>
/// <param name="LocalAge">Age from which to compute.</param>
/// <param name="LocalFirst">Whether to compute where both apply.</param>
internal sealed record ThresholdPolicy(int[] OffloadAge, int LocalLevel, int LocalAge, bool LocalFirst)
{
    private const int Sweeps = 6;

    private static readonly int[] Ages = [1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 15, 20, 30, int.MaxValue];
    private static readonly int[] Levels = [20, 25, 30, 35, 40, 50, 60, 70, 80, 90, 100, 120, 135, 150];

    // From offloading being free to a charge at which it hardly pays.
    private static readonly double[] Charges = [0, 0.5, 1, 2, 3, 5, 8, 12, 20, 40, 80];

    private static readonly ThresholdPolicy[] Starts =
        [new([6, 5, 4, 3], 60, 4, true), new([15, 10, 6, 4], 30, 6, false), new([int.MaxValue, int.MaxValue, 10, 8], 40, 5, true)];

    /// <summary>
    /// The best of the family at every constraint and price: the lower hull of the best at many charges (price and multiplier together), which
    /// is what the multiplier's iterations end in. Read J and f from it.
    /// </summary>
    /// <param name="device">The device.</param>
    /// <param name="gamma">Discount, in (0, 1).</param>
    /// <param name="seed">Of the simulations.</param>
    /// <param name="steps">Steps of each simulation, about.</param>
    internal static CostCurve Curve(SolarDevice device, double gamma, ulong seed, int steps = 100_000)
    {
        var rollout = new PolicyRollout<SolarDevice>(device, Criterion.Discounted, gamma, 4 * steps);
        var points = new List<(double, double, DeterministicPolicy)>();
        foreach (var found in Charges.Select(charge => Best(device, gamma, charge, seed, steps)))
        {
            foreach (var policy in new[] { found, found with { OffloadAge = [.. found.OffloadAge.Select(_ => int.MaxValue)] } })
            {
                // Measured on other luck than it was chosen for.
                var random = RandomStream.For(seed, StreamPurpose.Evaluation, 0, round: 1);
                double cost = 0, frequency = 0;
                var actions = policy.Actions(device);
                rollout.Evaluate(actions, new Span<double>(ref cost), new Span<double>(ref frequency), ref random);
                points.Add((frequency, cost, new DeterministicPolicy(actions)));
            }
        }

        return CostCurve.LowerHull(points);
    }

    /// <summary>The best found at one charge: coordinate descent over all parameters, from three starts, on common random numbers.</summary>
    internal static ThresholdPolicy Best(SolarDevice device, double gamma, double charge, ulong seed, int steps = 100_000)
    {
        var rollout = new PolicyRollout<SolarDevice>(device, Criterion.Discounted, gamma, steps);
        var (best, bestCost) = (Starts[0], double.PositiveInfinity);
        foreach (var start in Starts)
        {
            var (policy, cost) = (start, double.PositiveInfinity);
            for (var sweep = 0; sweep < Sweeps; sweep++)
            {
                var before = cost;
                for (var coordinate = 0; coordinate < 7; coordinate++)
                {
                    (policy, cost) = Cheapest(device, rollout, [.. policy.Varied(coordinate)], charge, seed);
                }

                if (cost >= before)
                {
                    break;
                }
            }

            (best, bestCost) = cost < bestCost ? (policy, cost) : (best, bestCost);
        }

        return best;
    }

    /// <summary>Its action in every state.</summary>
    internal byte[] Actions(SolarDevice device)
    {
        var actions = new byte[device.StateCount];
        for (var state = 0; state < actions.Length; state++)
        {
            var age = device.Age(state);
            var local = age >= LocalAge && device.Level(state) >= LocalLevel && device.IsLegal(state, DeviceAction.Local);
            var offload = age >= OffloadAge[SolarDevice.Channel(state)] && device.IsLegal(state, DeviceAction.Offload);
            var choice = local && (LocalFirst || !offload) ? DeviceAction.Local : offload ? DeviceAction.Offload : DeviceAction.Wait;
            actions[state] = (byte)choice;
        }

        return actions;
    }

    private IEnumerable<ThresholdPolicy> Varied(int coordinate) => coordinate switch
    {
        < 4 => Ages.Select(age =>
        {
            var ages = (int[])OffloadAge.Clone();
            ages[coordinate] = age;
            return this with { OffloadAge = ages };
        }),
        4 => Levels.Select(level => this with { LocalLevel = level }),
        5 => Ages.Select(age => this with { LocalAge = age }),
        _ => [this with { LocalFirst = true }, this with { LocalFirst = false }],
    };

    private static (ThresholdPolicy Policy, double Cost) Cheapest(
        SolarDevice device, PolicyRollout<SolarDevice> rollout, ThresholdPolicy[] candidates, double charge, ulong seed)
    {
        var policies = new byte[device.StateCount * candidates.Length];
        for (var k = 0; k < candidates.Length; k++)
        {
            var actions = candidates[k].Actions(device);
            for (var state = 0; state < actions.Length; state++)
            {
                policies[(state * candidates.Length) + k] = actions[state];
            }
        }

        var random = RandomStream.For(seed, StreamPurpose.Evaluation, 0);
        var (cost, frequency) = (new double[candidates.Length], new double[candidates.Length]);
        rollout.Evaluate(policies, cost, frequency, ref random);
        var best = 0;
        for (var k = 0; k < candidates.Length; k++)
        {
            cost[k] += charge * frequency[k];
            best = cost[k] < cost[best] ? k : best;
        }

        return (candidates[best], cost[best]);
    }
}
