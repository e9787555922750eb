using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Dcc.Core.Devices;
using Dcc.Core.Policies;

namespace Dcc.Core.Learning;

/// <summary>
/// Q-values of one or more tables trained side by side, single precision: [state][action][table]. Illegal actions hold
/// <see cref="Forbidden"/> and are never taken, so the minimum over a row needs no mask.
/// </summary>
internal sealed class QTable
{
    /// <summary>Larger than any value a legal action can have, small enough to stay finite under arithmetic.</summary>
    internal const float Forbidden = 1e9f;

    private const int Actions = IDeviceModel.ActionCount;

    private readonly float[] values;
    private readonly int tables;

    private QTable(float[] values, int tables)
    {
        this.values = values;
        this.tables = tables;
    }

    internal static QTable Create<TDevice>(TDevice device, int tables)
        where TDevice : struct, IDeviceModel
    {
        var values = new float[device.StateCount * Actions * tables];
        for (var row = 0; row < device.StateCount * Actions; row++)
        {
            if (!device.IsLegal(row / Actions, (DeviceAction)(row % Actions)))
            {
                values.AsSpan(row * tables, tables).Fill(Forbidden);
            }
        }

        return new QTable(values, tables);
    }

    internal ref float First => ref MemoryMarshal.GetArrayDataReference(values);

    /// <summary>Forbids an action everywhere in one table.</summary>
    internal void Forbid(DeviceAction action, int table)
    {
        for (var i = ((int)action * tables) + table; i < values.Length; i += Actions * tables)
        {
            values[i] = Forbidden;
        }
    }

    /// <summary>Takes over every value but those of one action.</summary>
    internal void CopyExcept(DeviceAction action, QTable other)
    {
        for (var i = 0; i < values.Length; i++)
        {
            if (i / tables % Actions != (int)action)
            {
                values[i] = other.values[i];
            }
        }
    }

    /// <summary>A copy that shares nothing.</summary>
    internal QTable Clone() => new((float[])values.Clone(), tables);

    /// <summary>The action with the least value; the first of equals.</summary>
    /// <param name="row">The value of the first action; those of the next lie <paramref name="stride"/> further.</param>
    /// <param name="stride">Number of tables.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static int Greedy(ref float row, int stride)
    {
        var wait = row;
        var local = Unsafe.Add(ref row, stride);
        var offload = Unsafe.Add(ref row, 2 * stride);
        return wait <= local ? (wait <= offload ? 0 : 2) : (local <= offload ? 1 : 2);
    }

    /// <summary>A uniformly random legal action from 32 uniform bits.</summary>
    internal static int RandomAction<TDevice>(TDevice device, int state, uint bits)
        where TDevice : struct, IDeviceModel
    {
        var count = 0;
        Span<int> legal = stackalloc int[Actions];
        for (var action = 0; action < Actions; action++)
        {
            if (device.IsLegal(state, (DeviceAction)action))
            {
                legal[count++] = action;
            }
        }

        return legal[Randomness.RandomStream.Scale(bits, count)];
    }

    /// <summary>The greedy action of every state and table: [state][table].</summary>
    internal byte[] GreedyPolicies()
    {
        var policies = new byte[values.Length / Actions];
        for (var state = 0; state < policies.Length / tables; state++)
        {
            for (var table = 0; table < tables; table++)
            {
                policies[(state * tables) + table] = (byte)Greedy(ref values[(state * Actions * tables) + table], tables);
            }
        }

        return policies;
    }

    /// <summary>One policy out of <see cref="GreedyPolicies"/>.</summary>
    internal static DeterministicPolicy Column(byte[] policies, int tables, int table)
    {
        var actions = new byte[policies.Length / tables];
        for (var state = 0; state < actions.Length; state++)
        {
            actions[state] = policies[(state * tables) + table];
        }

        return new DeterministicPolicy(actions);
    }
}
