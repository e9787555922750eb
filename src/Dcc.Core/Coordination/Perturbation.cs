using System.Text.Json.Serialization;
using Dcc.Core.Numerics;
using Dcc.Core.Randomness;
using Dcc.Core.Validation;

namespace Dcc.Core.Coordination;

/// <summary>How the coordinator perturbs constraints for its finite differences.</summary>
[JsonConverter(typeof(KebabCaseConverter<PerturbationKind>))]
public enum PerturbationKind
{
    /// <summary>A random sign times c_n.</summary>
    Sign,

    /// <summary>Normal with standard deviation c_n (Appendix D). Violates Theorem 1's bound on E[1/eps^2].</summary>
    Gaussian,
}

/// <summary>Draws eps_i and eps'_i with c_n = c / (n+1)^0.101.</summary>
/// <param name="kind">Distribution.</param>
/// <param name="size">c, in [1e-12, 0.5].</param>
/// <param name="seed">The run's seed.</param>
public sealed class Perturbation(PerturbationKind kind, double size, ulong seed)
{
    private const double Decay = 0.101;

    /// <summary>c_n.</summary>
    public double Magnitude(int round) => size / DeterministicMath.Pow(round + 1, Decay);

    /// <summary>One device's two perturbations, never 0, such that neither perturbed point leaves its feasible interval.</summary>
    /// <param name="device">Device index.</param>
    /// <param name="round">Round n, 0-based.</param>
    /// <param name="magnitude"><see cref="Magnitude"/> of the round.</param>
    /// <param name="theta">theta_i in [0, 1].</param>
    /// <param name="others">theta_-i in [0, othersLimit].</param>
    /// <param name="othersLimit">N - 1; 0 for a lone device, which has nothing to perturb there.</param>
    public (double Own, double Others) Draw(
        int device, int round, double magnitude, double theta, double others, int othersLimit)
    {
        var random = RandomStream.For(seed, StreamPurpose.Perturbation, device, round);
        var own = DrawInside(theta, 1, magnitude, ref random);
        return (own, othersLimit == 0 ? 0 : DrawInside(others, othersLimit, magnitude, ref random));
    }

    // A draw that would leave [0, limit] has its sign flipped; should that leave it too (a Gaussian's tail), it is drawn again.
    private double DrawInside(double point, double limit, double magnitude, ref RandomStream random)
    {
        while (true)
        {
            var draw = magnitude * (kind == PerturbationKind.Sign ? Sign(ref random) : Normal(ref random));
            if (draw != 0 && Inside(point + draw, limit))
            {
                return draw;
            }

            if (draw != 0 && Inside(point - draw, limit))
            {
                return -draw;
            }
        }
    }

    private static bool Inside(double x, double limit) => x >= 0 && x <= limit;

    private static double Sign(ref RandomStream random) => (long)random.Next() < 0 ? -1 : 1;

    // Marsaglia's polar method: a logarithm and a square root (exactly rounded by IEEE 754), no sine or cosine.
    private static double Normal(ref RandomStream random)
    {
        while (true)
        {
            var u = (2 * random.NextUnit()) - 1;
            var v = (2 * random.NextUnit()) - 1;
            var square = (u * u) + (v * v);
            if (square is > 0 and < 1)
            {
                return u * Math.Sqrt(-2 * DeterministicMath.Log(square) / square);
            }
        }
    }
}
