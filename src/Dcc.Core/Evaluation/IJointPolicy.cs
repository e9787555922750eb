using Dcc.Core.Policies;

namespace Dcc.Core.Evaluation;

/// <summary>
/// What all devices of a system do in a simulation of their joint cost. Implemented by what is deployed on devices (one mixture each), and by
/// comparisons that no device could run: stochastic policies, and policies that see every device at once.
/// </summary>
public interface IJointPolicy
{
    /// <summary>Number of devices.</summary>
    int DeviceCount { get; }

    /// <summary>A new episode begins: 0 in steady state, from 1 in discounted episodes. Equal seeds and episodes give equal luck.</summary>
    void Begin(ulong seed, int episode);

    /// <summary>A device draws what it follows until its next draw.</summary>
    /// <param name="device">Device index.</param>
    /// <param name="unit">A uniform number in [0, 1).</param>
    void Draw(int device, double unit);

    /// <summary>Every device's action (<see cref="Devices.DeviceAction"/>) in its state; only legal ones.</summary>
    void Act(ReadOnlySpan<int> states, Span<byte> actions);
}

/// <summary>Every device follows its own mixture.</summary>
internal sealed class DeployedMixtures(PolicyMixture[] policies) : IJointPolicy
{
    private readonly byte[][] acting = new byte[policies.Length][];

    public int DeviceCount => policies.Length;

    public void Begin(ulong seed, int episode)
    {
    }

    public void Draw(int device, double unit) => acting[device] = policies[device].Draw(unit).Actions;

    public void Act(ReadOnlySpan<int> states, Span<byte> actions)
    {
        for (var i = 0; i < states.Length; i++)
        {
            actions[i] = acting[i][states[i]];
        }
    }
}
