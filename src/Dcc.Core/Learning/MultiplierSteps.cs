using Dcc.Core.Numerics;

namespace Dcc.Core.Learning;

/// <summary>
/// Steps of the multiplier: lambda_(k+1) = max(0, lambda_k + alpha_k (f - theta)) with alpha_k = Rate / (k+1)^Decay for k from 0.
/// </summary>
internal readonly record struct MultiplierSteps(double Rate, double Decay)
{
    /// <summary>The paper's Table 1, whose rate of 1 is for the unnormalised constraint, 1 / (1 - gamma) = 20 times larger.</summary>
    internal static readonly MultiplierSteps Paper = new(20, 0.6);

    /// <summary>
    /// For learners that follow a price slowly. The paper's first step throws the multiplier to 18 where offloading is free, and a policy
    /// network that has then stopped offloading for 25 updates finds no way back (gaps of 49 %).
    /// </summary>
    internal static readonly MultiplierSteps Gentle = new(3, 0.3);

    internal double At(int update) => Rate / DeterministicMath.Pow(update + 1, Decay);
}
