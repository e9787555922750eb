using Dcc.Core.Devices;
using Dcc.Core.Policies;

namespace Dcc.Core.Exact;

/// <summary>The whole exact cost curve of a known device.</summary>
public static class ExactCurve
{
    // A segment is an edge of the curve when no policy improves on its ends by more than this at its own slope.
    private const double EdgeTolerance = 1e-11;

    /// <summary>
    /// Finds every vertex of J0 by bisection on the price: the best policy at the slope of a segment either is a new vertex below it or
    /// proves the segment an edge of the curve.
    /// </summary>
    /// <param name="device">A device whose transition probabilities are known.</param>
    /// <param name="gamma">Discount, in (0, 1).</param>
    public static CostCurve Of<TDevice>(TDevice device, double gamma)
        where TDevice : struct, IKnownDeviceModel
    {
        var process = MarkovDecisionProcess.Of(device, gamma);
        var never = process.Optimise(0, mayOffload: false, near: null);
        var always = process.Optimise(0, mayOffload: true, near: never);
        var vertices = new List<(double, double, DeterministicPolicy)> { Vertex(never) };
        var segments = new Stack<(MarkovDecisionProcess.Solution Left, MarkovDecisionProcess.Solution Right)>();
        segments.Push((never, always));
        while (segments.TryPop(out var segment))
        {
            var (left, right) = segment;
            if (right.Frequency - left.Frequency < 1e-9)
            {
                vertices.Add(Vertex(right));
                continue;
            }

            var price = Math.Max(0, (left.Cost - right.Cost) / (right.Frequency - left.Frequency));
            var best = process.Optimise(price, mayOffload: true, near: right);
            var inside = best.Frequency > left.Frequency && best.Frequency < right.Frequency;
            if (inside && best.Value(price) < right.Value(price) - (EdgeTolerance * (1 + Math.Abs(right.Value(price)))))
            {
                segments.Push((best, right));
                segments.Push((left, best));
            }
            else
            {
                vertices.Add(Vertex(right));
            }
        }

        return CostCurve.LowerHull(vertices);
    }

    /// <summary>Exact discounted cost before congestion and offload frequency of a policy, per step, from the initial states.</summary>
    public static (double Cost, double Frequency) Evaluate<TDevice>(TDevice device, double gamma, PolicyMixture policy)
        where TDevice : struct, IKnownDeviceModel
    {
        var process = MarkovDecisionProcess.Of(device, gamma);
        double cost = 0, frequency = 0;
        for (var i = 0; i < policy.Components.Length; i++)
        {
            var component = process.Evaluate(policy.Components[i].Actions);
            cost += policy.Weights[i] * component.Cost;
            frequency += policy.Weights[i] * component.Frequency;
        }

        return (cost, frequency);
    }

    private static (double, double, DeterministicPolicy) Vertex(MarkovDecisionProcess.Solution solution) =>
        (solution.Frequency, solution.Cost, new DeterministicPolicy(solution.Policy));
}
