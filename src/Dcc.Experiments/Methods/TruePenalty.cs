using Dcc.Core.Coordination;

namespace Dcc.Experiments.Methods;

/// <summary>
/// The expected penalty of eq. 5 when devices offload independently of each other: the number of other offloaders is then a sum of independent
/// draws, whose distribution is built up device by device.
/// </summary>
internal static class TruePenalty
{
    /// <summary>q_i E[d(1 + K_-i)] for every device i, K_-i the number of others that offload in the step.</summary>
    /// <param name="offloads">q_j, the probability that device j offloads in the step.</param>
    /// <param name="congestion">The penalty d.</param>
    internal static double[] Of(double[] offloads, Congestion congestion)
    {
        var penalties = new double[offloads.Length];
        var others = new double[offloads.Length];
        for (var i = 0; i < offloads.Length; i++)
        {
            Array.Clear(others);
            others[0] = 1;
            for (var j = 0; j < offloads.Length; j++)
            {
                for (var k = others.Length - 1; j != i && k >= 0; k--)
                {
                    others[k] = (others[k] * (1 - offloads[j])) + (k > 0 ? others[k - 1] * offloads[j] : 0);
                }
            }

            for (var k = 0; k < others.Length; k++)
            {
                penalties[i] += offloads[i] * others[k] * congestion.Penalty(1 + k);
            }
        }

        return penalties;
    }
}
