using Dcc.Core.Devices;

namespace Dcc.Core.Learning.Deep;

/// <summary>What a network needs to know of every state of a device, computed once: its features and its legal actions.</summary>
internal sealed class StateTable
{
    private readonly float[] features;
    private readonly byte[] legal;

    private StateTable(float[] features, byte[] legal, int featureCount)
    {
        this.features = features;
        this.legal = legal;
        FeatureCount = featureCount;
    }

    internal static StateTable Of<TDevice>(TDevice device)
        where TDevice : struct, IDeviceModel
    {
        var width = device.FeatureCount;
        var features = new float[device.StateCount * width];
        var legal = new byte[device.StateCount];
        for (var state = 0; state < legal.Length; state++)
        {
            device.WriteFeatures(state, features.AsSpan(state * width, width));
            for (var action = 0; action < IDeviceModel.ActionCount; action++)
            {
                legal[state] |= (byte)(device.IsLegal(state, (DeviceAction)action) ? 1 << action : 0);
            }
        }

        return new StateTable(features, legal, width);
    }

    internal int StateCount => legal.Length;

    internal int FeatureCount { get; }

    /// <summary>Bit a is set where action a is legal. Bit 0, waiting, always is.</summary>
    internal int Legal(int state) => legal[state];

    /// <summary>The features of all states, [state][feature].</summary>
    internal ReadOnlySpan<float> Features => features;

    /// <summary>Gathers the features of some states into a batch, [row][feature].</summary>
    internal void Gather(ReadOnlySpan<int> states, Span<float> batch)
    {
        for (var row = 0; row < states.Length; row++)
        {
            features.AsSpan(states[row] * FeatureCount, FeatureCount).CopyTo(batch[(row * FeatureCount)..]);
        }
    }
}
