namespace Dcc.Core.Policies;

/// <summary>What a curve says at one constraint and price: cost per step J, offload frequency f, multiplier lambda.</summary>
public readonly record struct CurvePoint(double Cost, double Frequency, double Multiplier);

/// <summary>
/// J0(f), the least congestion-free cost per step at offload frequency f: convex, piecewise linear, decreasing from f = 0. Each vertex is a
/// deterministic policy; between two vertices lie their mixtures. One curve answers every (theta, price):
/// J(theta, p) = min over f &lt;= theta of J0(f) + p f (model.md section 3). The exact solver and price-q both end in such a curve.
/// </summary>
public sealed class CostCurve
{
    // An edge whose slope is within this of the price counts as flat, and the smaller frequency is reported.
    private const double FlatTolerance = 1e-9;

    private readonly double[] frequency;
    private readonly double[] cost;
    private readonly double[] slope;
    private readonly DeterministicPolicy[] policies;

    private CostCurve(double[] frequency, double[] cost, DeterministicPolicy[] policies)
    {
        this.frequency = frequency;
        this.cost = cost;
        this.policies = policies;
        slope = new double[frequency.Length - 1];
        for (var i = 0; i < slope.Length; i++)
        {
            slope[i] = (cost[i + 1] - cost[i]) / (frequency[i + 1] - frequency[i]);
        }
    }

    /// <summary>Vertex frequencies in [0, 1], ascending, the first at 0.</summary>
    public ReadOnlySpan<double> Frequencies => frequency;

    /// <summary>Vertex costs J0 per step, descending.</summary>
    public ReadOnlySpan<double> Costs => cost;

    /// <summary>The decreasing part of the lower convex hull of evaluated policies.</summary>
    /// <param name="points">Frequency, cost and policy; at least one at frequency 0 (never offload). Any order.</param>
    public static CostCurve LowerHull(IEnumerable<(double Frequency, double Cost, DeterministicPolicy Policy)> points)
    {
        var hull = new List<(double Frequency, double Cost, DeterministicPolicy Policy)>();
        foreach (var point in points.OrderBy(point => point.Frequency).ThenBy(point => point.Cost))
        {
            if (hull.Count > 0 && point.Cost >= hull[^1].Cost)
            {
                continue;
            }

            while (hull.Count > 1 && !TurnsUp(hull[^2], hull[^1], point))
            {
                hull.RemoveAt(hull.Count - 1);
            }

            hull.Add(point);
        }

        if (hull.Count == 0 || hull[0].Frequency != 0)
        {
            throw new ArgumentException("A curve needs a policy that never offloads.", nameof(points));
        }

        return new CostCurve(
            [.. hull.Select(point => point.Frequency)], [.. hull.Select(point => point.Cost)], [.. hull.Select(point => point.Policy)]);
    }

    /// <summary>J, f and lambda at a constraint and a price.</summary>
    /// <param name="theta">Constraint, in [0, 1].</param>
    /// <param name="price">Congestion price per offload.</param>
    /// <returns>
    /// The smallest optimal frequency where it is not unique, and at a kink the multiplier of the right derivative.
    /// </returns>
    public CurvePoint Read(double theta, double price)
    {
        var (edge, f) = Locate(theta, price);
        return new CurvePoint(CostAt(edge, f) + (price * f), f, Multiplier(edge, price));
    }

    /// <summary>The policy to deploy at a constraint and price: a mixture of the two neighbouring vertices.</summary>
    public PolicyMixture Policy(double theta, double price)
    {
        var (edge, f) = Locate(theta, price);
        if (f == frequency[edge])
        {
            return new PolicyMixture([policies[edge]], [1]);
        }

        var weight = (f - frequency[edge]) / (frequency[edge + 1] - frequency[edge]);
        return new PolicyMixture([policies[edge], policies[edge + 1]], [1 - weight, weight]);
    }

    // The vertex at or just left of the optimal frequency, and that frequency.
    private (int Vertex, double Frequency) Locate(double theta, double price)
    {
        // Slopes ascend: the unconstrained optimum is the first vertex whose edge to the right no longer pays for the price.
        int low = 0, high = slope.Length;
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (slope[middle] + price < -FlatTolerance)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        if (frequency[low] <= theta)
        {
            return (low, frequency[low]);
        }

        // The constraint binds: the last vertex at or below theta.
        int left = 0, right = low;
        while (right - left > 1)
        {
            var middle = (left + right) / 2;
            if (frequency[middle] <= theta)
            {
                left = middle;
            }
            else
            {
                right = middle;
            }
        }

        return (left, theta);
    }

    private double CostAt(int vertex, double f) =>
        f == frequency[vertex] ? cost[vertex] : cost[vertex] + (slope[vertex] * (f - frequency[vertex]));

    private double Multiplier(int vertex, double price) =>
        vertex < slope.Length ? Math.Max(0, -slope[vertex] - price) : 0;

    private static bool TurnsUp(
        (double Frequency, double Cost, DeterministicPolicy) a, (double Frequency, double Cost, DeterministicPolicy) b,
        (double Frequency, double Cost, DeterministicPolicy) c) =>
        (b.Cost - a.Cost) * (c.Frequency - b.Frequency) < (c.Cost - b.Cost) * (b.Frequency - a.Frequency);
}
