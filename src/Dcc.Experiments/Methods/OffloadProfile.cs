using Dcc.Core.Devices;
using Dcc.Core.Policies;

namespace Dcc.Experiments.Methods;

/// <summary>
/// The exact probability that a device offloads at each step, by carrying the distribution of its state forward: what Lemma 1's true penalty is
/// made of. A mixture draws its component at the start.
/// </summary>
internal sealed class OffloadProfile
{
    private const double Settled = 1e-15;
    private const int MostSweeps = 200_000;

    private readonly EdgeDevice device;
    private readonly PolicyMixture policy;
    private readonly List<Outcome> outcomes = [];

    internal OffloadProfile(EdgeDevice device, PolicyMixture policy)
    {
        this.device = device;
        this.policy = policy;
    }

    /// <summary>P(offload) at steps 0..steps-1 from the evaluations' start: x = 1, e uniform.</summary>
    internal double[] FromSynchronisedStart(int steps)
    {
        var profile = new double[steps];
        foreach (var (actions, weight) in Components())
        {
            var chain = Chain(actions);
            var now = Start();
            for (var step = 0; step < steps; step++)
            {
                profile[step] += weight * Offloads(actions, now);
                now = Advance(chain, now, laziness: 0);
            }
        }

        return profile;
    }

    /// <summary>P(offload) in every step from each component's stationary distribution: also the long-run frequency.</summary>
    internal double Stationary()
    {
        var frequency = 0.0;
        foreach (var (actions, weight) in Components())
        {
            var chain = Chain(actions);
            var now = Start();
            var change = 1.0;
            for (var sweep = 0; change > Settled && sweep < MostSweeps; sweep++)
            {
                // Staying put half of the time changes no stationary distribution and forgets every period.
                var next = Advance(chain, now, laziness: 0.5);
                change = 0;
                for (var state = 0; state < now.Length; state++)
                {
                    change = Math.Max(change, Math.Abs(next[state] - now[state]));
                }

                now = next;
            }

            frequency += weight * Offloads(actions, now);
        }

        return frequency;
    }

    private IEnumerable<(byte[] Actions, double Weight)> Components() =>
        policy.Components.Select((component, i) => (component.Actions, policy.Weights[i]));

    private (int Next, double Probability)[][] Chain(byte[] actions)
    {
        var chain = new (int, double)[device.StateCount][];
        for (var state = 0; state < chain.Length; state++)
        {
            outcomes.Clear();
            device.AddOutcomes(state, (DeviceAction)actions[state], outcomes);
            chain[state] = [.. outcomes.Select(outcome => (outcome.State, outcome.Probability))];
        }

        return chain;
    }

    private double[] Start()
    {
        outcomes.Clear();
        device.AddInitialStates(outcomes);
        var start = new double[device.StateCount];
        outcomes.ForEach(outcome => start[outcome.State] += outcome.Probability);
        return start;
    }

    private static double[] Advance((int Next, double Probability)[][] chain, double[] now, double laziness)
    {
        var next = new double[now.Length];
        for (var state = 0; state < now.Length; state++)
        {
            if (now[state] > 0)
            {
                next[state] += laziness * now[state];
                foreach (var (follower, probability) in chain[state])
                {
                    next[follower] += (1 - laziness) * now[state] * probability;
                }
            }
        }

        return next;
    }

    private static double Offloads(byte[] actions, double[] now)
    {
        var sum = 0.0;
        for (var state = 0; state < now.Length; state++)
        {
            sum += actions[state] == (byte)DeviceAction.Offload ? now[state] : 0;
        }

        return sum;
    }
}
