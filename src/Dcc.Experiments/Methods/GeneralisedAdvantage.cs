namespace Dcc.Experiments.Methods;

/// <summary>
/// Generalised advantage estimation (Schulman et al., 2016): A_t = sum over k of (gamma lambda)^k delta_(t+k), with
/// delta_t = r_t + gamma V_(t+1) - V_t. Rewards are minus costs here.
/// </summary>
internal static class GeneralisedAdvantage
{
    /// <summary>Estimates advantages of a rollout that nothing ended: the values after its last step stand for all that follows.</summary>
    /// <param name="costs">[step][copy].</param>
    /// <param name="values">[step][copy], one step more than costs: of what is still to come, as rewards.</param>
    /// <param name="copies">Copies of the environment.</param>
    /// <param name="gamma">Discount.</param>
    /// <param name="lambda">0 trusts the values, 1 the rollout.</param>
    /// <param name="advantages">Receives [step][copy]. Added to the value they give the critic's target.</param>
    internal static void Estimate(
        ReadOnlySpan<float> costs, ReadOnlySpan<float> values, int copies, float gamma, float lambda, Span<float> advantages)
    {
        for (var i = costs.Length - 1; i >= 0; i--)
        {
            var later = i + copies < costs.Length ? advantages[i + copies] : 0;
            advantages[i] = -costs[i] + (gamma * values[i + copies]) - values[i] + (gamma * lambda * later);
        }
    }

    /// <summary>Shifts and scales to mean 0 and standard deviation 1.</summary>
    internal static void Normalise(Span<float> advantages)
    {
        double sum = 0, squares = 0;
        foreach (var value in advantages)
        {
            sum += value;
        }

        var mean = sum / advantages.Length;
        foreach (var value in advantages)
        {
            squares += (value - mean) * (value - mean);
        }

        var scale = 1 / (Math.Sqrt(squares / advantages.Length) + 1e-8);
        foreach (ref var value in advantages)
        {
            value = (float)((value - mean) * scale);
        }
    }
}
