using System.Numerics;
using Dcc.Core.Devices;
using Dcc.Core.Neural;
using Dcc.Core.Randomness;

namespace Dcc.Core.Learning.Deep;

/// <summary>Choices among the actions whose bit is set in a mask; bit 0, waiting, always is.</summary>
internal static class MaskedActions
{
    internal const int Count = IDeviceModel.ActionCount;

    /// <summary>The mask that leaves every action but offloading.</summary>
    internal const int NoOffload = ~(1 << (int)DeviceAction.Offload);

    private const int ChunkRows = 256;

    /// <summary>The allowed action with the least value; the first of equals.</summary>
    internal static int Least(ReadOnlySpan<float> values, int mask)
    {
        var best = 0;
        for (var action = 1; action < Count; action++)
        {
            best = (mask >> action & 1) != 0 && values[action] < values[best] ? action : best;
        }

        return best;
    }

    /// <summary>A uniformly random allowed action from 32 uniform bits.</summary>
    internal static int Random(int mask, uint bits)
    {
        for (var skip = RandomStream.Scale(bits, BitOperations.PopCount((uint)mask)); skip > 0; skip--)
        {
            mask &= mask - 1;
        }

        return BitOperations.TrailingZeroCount(mask);
    }

    /// <summary>The least-valued allowed action of every state, by a network whose outputs are the actions' values.</summary>
    internal static byte[] GreedyPolicy(DenseNetwork network, StateTable states, int mask)
    {
        var actions = new byte[states.StateCount];
        for (var first = 0; first < actions.Length; first += ChunkRows)
        {
            var rows = Math.Min(ChunkRows, actions.Length - first);
            var values = network.Forward(states.Features.Slice(first * states.FeatureCount, rows * states.FeatureCount), rows);
            for (var row = 0; row < rows; row++)
            {
                actions[first + row] = (byte)Least(values[(row * Count)..], states.Legal(first + row) & mask);
            }
        }

        return actions;
    }
}
