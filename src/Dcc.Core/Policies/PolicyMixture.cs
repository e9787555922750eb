namespace Dcc.Core.Policies;

/// <summary>
/// A deterministic policy: the action (<see cref="Devices.DeviceAction"/>) of every state.
/// </summary>
public sealed record DeterministicPolicy(byte[] Actions);

/// <summary>
/// A policy to deploy: deterministic policies with weights that sum to 1, one drawn at the start of each episode. Discounted costs and
/// frequencies of the mixture are then the weighted means of its components'.
/// </summary>
public sealed record PolicyMixture
{
    /// <summary>Creates a mixture.</summary>
    /// <exception cref="ArgumentException">No component, or lengths differ.</exception>
    public PolicyMixture(DeterministicPolicy[] components, double[] weights)
    {
        if (components.Length == 0 || components.Length != weights.Length)
        {
            throw new ArgumentException("A mixture needs one weight for each of at least one component.", nameof(weights));
        }

        Components = components;
        Weights = weights;
    }

    /// <summary>The deterministic policies.</summary>
    public DeterministicPolicy[] Components { get; }

    /// <summary>Their probabilities.</summary>
    public double[] Weights { get; }

    /// <summary>The component that a uniform number in [0, 1) selects.</summary>
    public DeterministicPolicy Draw(double unit)
    {
        var last = Components.Length - 1;
        for (var i = 0; i < last; i++)
        {
            unit -= Weights[i];
            if (unit < 0)
            {
                return Components[i];
            }
        }

        return Components[last];
    }
}
