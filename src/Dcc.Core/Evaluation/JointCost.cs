using Dcc.Core.Coordination;
using Dcc.Core.Devices;
using Dcc.Core.Policies;
using Dcc.Core.Randomness;

namespace Dcc.Core.Evaluation;

/// <summary>
/// Cost per device and step of all devices acting together, each offloader paying d(number of offloaders in that step): eq. 1 without the
/// approximation of eq. 6.
/// </summary>
public sealed class JointCost<TDevice>
    where TDevice : struct, IDeviceModel
{
    private const int WarmUpSteps = 300;
    private const double RedrawProbability = 1.0 / 50;
    private const double CutOff = 1e-4;

    private readonly TDevice[] devices;
    private readonly IJointPolicy policy;
    private readonly Congestion congestion;
    private readonly double gamma;
    private readonly ulong seed;
    private readonly long budget;
    private readonly int[] states;
    private readonly byte[] actions;
    private readonly RandomStream[] streams;

    /// <summary>Prepares a simulation.</summary>
    /// <param name="devices">The devices.</param>
    /// <param name="policies">What each was deployed with.</param>
    /// <param name="congestion">The penalty d.</param>
    /// <param name="gamma">Discount of the discounted cost.</param>
    /// <param name="seed">The run's seed.</param>
    /// <param name="budget">Device-steps to spend on each of the two costs, about.</param>
    public JointCost(
        TDevice[] devices, PolicyMixture[] policies, Congestion congestion, double gamma, ulong seed, long budget = 8_000_000)
        : this(devices, new DeployedMixtures(policies), congestion, gamma, seed, budget)
    {
    }

    /// <summary>Prepares a simulation.</summary>
    /// <param name="devices">The devices.</param>
    /// <param name="policy">What they all do.</param>
    /// <param name="congestion">The penalty d.</param>
    /// <param name="gamma">Discount of the discounted cost.</param>
    /// <param name="seed">The run's seed.</param>
    /// <param name="budget">Device-steps to spend on each of the two costs, about.</param>
    public JointCost(TDevice[] devices, IJointPolicy policy, Congestion congestion, double gamma, ulong seed, long budget = 8_000_000)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(policy.DeviceCount, devices.Length, nameof(policy));
        this.devices = devices;
        this.policy = policy;
        this.congestion = congestion;
        this.gamma = gamma;
        this.seed = seed;
        this.budget = budget;
        states = new int[devices.Length];
        actions = new byte[devices.Length];
        streams = new RandomStream[devices.Length];
    }

    /// <summary>
    /// Long-run average per step: random phases, a warm-up, and mixtures drawn anew with probability 1/50 per step. Also each device's
    /// offload frequency.
    /// </summary>
    public (double Cost, double[] Frequency) SteadyState()
    {
        Seed(episode: 0);
        for (var i = 0; i < states.Length; i++)
        {
            states[i] = devices[i].TrainingState(streams[i].Next());
            policy.Draw(i, streams[i].NextUnit());
        }

        var steps = (int)Math.Max(200, budget / states.Length);
        var offloads = new double[states.Length];
        var sum = 0.0;
        for (var step = -WarmUpSteps; step < steps; step++)
        {
            for (var i = 0; i < states.Length; i++)
            {
                if (streams[i].NextUnit() < RedrawProbability)
                {
                    policy.Draw(i, streams[i].NextUnit());
                }
            }

            var cost = Advance(step < 0 ? null : offloads);
            sum += step < 0 ? 0 : cost;
        }

        return (sum / steps / states.Length, [.. offloads.Select(count => count / steps)]);
    }

    /// <summary>Discounted and normalised, all devices fresh at t = 0 as in the paper: x = 1, e uniform, mixtures drawn per episode.</summary>
    public double Discounted()
    {
        var horizon = 0;
        for (var power = 1.0; power >= CutOff; power *= gamma)
        {
            horizon++;
        }

        var episodes = (int)Math.Clamp(budget / states.Length / horizon, 20, 4_000);
        double sum = 0, weights = 0;
        for (var episode = 1; episode <= episodes; episode++)
        {
            Seed(episode);
            for (var i = 0; i < states.Length; i++)
            {
                states[i] = devices[i].InitialState(streams[i].Next());
                policy.Draw(i, streams[i].NextUnit());
            }

            var weight = 1.0;
            for (var step = 0; step < horizon; step++)
            {
                sum += weight * Advance(null);
                weights += weight;
                weight *= gamma;
            }
        }

        return sum / weights / states.Length;
    }

    private void Seed(int episode)
    {
        for (var i = 0; i < streams.Length; i++)
        {
            streams[i] = RandomStream.For(seed, StreamPurpose.JointCost, i, episode);
        }

        policy.Begin(seed, episode);
    }

    // One joint step; returns the summed cost of all devices.
    private double Advance(double[]? offloads)
    {
        var cost = 0.0;
        var offloaders = 0;
        policy.Act(states, actions);
        for (var i = 0; i < states.Length; i++)
        {
            var action = (DeviceAction)actions[i];
            states[i] = devices[i].Step(states[i], action, streams[i].Next(), out var own);
            cost += own;
            if (action == DeviceAction.Offload)
            {
                offloaders++;
                if (offloads is not null)
                {
                    offloads[i]++;
                }
            }
        }

        return offloaders == 0 ? cost : cost + (offloaders * congestion.Penalty(offloaders));
    }
}
