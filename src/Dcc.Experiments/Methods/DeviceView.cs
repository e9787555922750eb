using Dcc.Core.Devices;

namespace Dcc.Experiments.Methods;

/// <summary>What a neural learner sees of one device, tabulated for every state: features and legal actions.</summary>
/// <remarks>
/// Features: age / M, battery level / B (negative when overdrawn), whether it is overdrawn, and the device's own four parameters over the
/// largest that Appendix F samples, since one actor serves devices that differ.
/// </remarks>
internal sealed class DeviceView
{
    /// <summary>Number of features of a device.</summary>
    internal const int Features = 7;

    private const float LargestHarvest = 3;
    private const float LargestCost = 10;

    private readonly byte[] legal;

    internal DeviceView(EdgeSystem system, int index)
    {
        var device = system.Device(index);
        var parameters = system.Devices[index];
        States = device.StateCount;
        Table = new float[States * Features];
        legal = new byte[States];
        for (var state = 0; state < States; state++)
        {
            var level = device.Level(state);
            ReadOnlySpan<float> features =
            [
                (float)device.Age(state) / system.MaxAge, (float)level / system.Battery, level < 0 ? 1 : 0,
                parameters.MinHarvest / LargestHarvest, parameters.MaxHarvest / LargestHarvest,
                parameters.MinCost / LargestCost, parameters.MaxCost / LargestCost,
            ];
            features.CopyTo(Table.AsSpan(state * Features));
            for (var action = 0; action < IDeviceModel.ActionCount; action++)
            {
                legal[state] |= (byte)(device.IsLegal(state, (DeviceAction)action) ? 1 << action : 0);
            }
        }
    }

    internal int States { get; }

    /// <summary>[state][Features].</summary>
    internal float[] Table { get; }

    internal ReadOnlySpan<float> Of(int state) => Table.AsSpan(state * Features, Features);

    /// <summary>Bit a is set if action a may be taken.</summary>
    internal int Legal(int state) => legal[state];
}
