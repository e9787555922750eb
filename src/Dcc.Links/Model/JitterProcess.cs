using Dcc.Core.Numerics;
using Dcc.Core.Randomness;

namespace Dcc.Links.Model;

/// <summary>
/// Variations of the delay. A correlated sequence is a Gaussian autoregression of order one, z' = rho z + sqrt(1 - rho^2) e, mapped through its
/// distribution function, so that the variations have the distribution asked for at any correlation (netem's weighted sum does not).
/// </summary>
internal struct JitterProcess
{
    private const double ParetoShape = 3;

    private bool started;
    private double z;

    /// <summary>The next variation; negative ones shorten the delay.</summary>
    internal TimeSpan Next(DirectionSettings settings, ref RandomStream stream)
    {
        if (settings.Jitter == TimeSpan.Zero)
        {
            return TimeSpan.Zero;
        }

        // Centred in its cell: never 0 or 1, whose quantiles are infinite.
        var uniform = ((stream.Next() >> 12) + 0.5) * (1.0 / (1UL << 52));
        if (settings.JitterCorrelation > 0)
        {
            var fresh = NormalDistribution.Quantile(uniform);
            var rho = settings.JitterCorrelation;
            z = started ? (rho * z) + (Math.Sqrt(1 - (rho * rho)) * fresh) : fresh;
            started = true;
            uniform = NormalDistribution.Cumulative(z);
        }

        return settings.Jitter * (settings.JitterDistribution switch
        {
            JitterDistribution.Uniform => (2 * uniform) - 1,
            JitterDistribution.Normal => settings.JitterCorrelation > 0 ? z : NormalDistribution.Quantile(uniform),
            // Scale s has mean s / (shape - 1) once shifted to zero.
            _ => (ParetoShape - 1) * (DeterministicMath.Pow(1 - uniform, -1 / ParetoShape) - 1),
        });
    }
}
