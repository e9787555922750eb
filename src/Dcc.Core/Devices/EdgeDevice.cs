using System.Runtime.CompilerServices;
using Dcc.Core.Randomness;

namespace Dcc.Core.Devices;

/// <summary>
/// The paper's device (Appendix B, model.md section 1): age of information x in 1..M, battery level e in e_min..B, where a local
/// computation may overdraw the battery and the device then recharges until the pending batch completes.
/// </summary>
/// <remarks>State number: (x - 1) * levels + (e - e_min).</remarks>
public readonly struct EdgeDevice : IKnownDeviceModel
{
    private readonly int maxAge;
    private readonly int battery;
    private readonly int lowest;
    private readonly int levels;
    private readonly int minHarvest;
    private readonly int harvests;
    private readonly int minCost;
    private readonly int costs;
    private readonly ulong reciprocal;

    /// <summary>Creates the device.</summary>
    /// <param name="parameters">Valid parameters.</param>
    /// <param name="maxAge">M, at least 1.</param>
    /// <param name="battery">B, at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are more than <see cref="MaxStates"/> states.</exception>
    public EdgeDevice(DeviceParameters parameters, int maxAge, int battery)
    {
        this.maxAge = maxAge;
        this.battery = battery;
        lowest = parameters.LowestLevel;
        levels = battery - lowest + 1;
        minHarvest = parameters.MinHarvest;
        harvests = parameters.MaxHarvest - parameters.MinHarvest + 1;
        minCost = parameters.MinCost;
        costs = parameters.MaxCost - parameters.MinCost + 1;
        ArgumentOutOfRangeException.ThrowIfGreaterThan((long)maxAge * levels, MaxStates, nameof(maxAge));

        // state / levels == (state * reciprocal) >> 32 for every state below 2^16: a multiplication in place of a division.
        reciprocal = ((1UL << 32) / (uint)levels) + 1;
    }

    /// <summary>The most states a device may have.</summary>
    public const int MaxStates = 1 << 16;

    /// <inheritdoc/>
    public int StateCount => maxAge * levels;

    /// <summary>The number of the state with this age (1..M) and battery level (e_min..B).</summary>
    public int State(int age, int level) => ((age - 1) * levels) + (level - lowest);

    /// <summary>Age of information, 1..M.</summary>
    public int Age(int state) => Row(state) + 1;

    /// <summary>Battery level, e_min..B.</summary>
    public int Level(int state) => Level(state, Row(state));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool IsLegal(int state, DeviceAction action) => action == DeviceAction.Wait || Level(state) >= 0;

    /// <inheritdoc/>
    /// <remarks>The high half of the noise is the harvest, the low half the computation's cost.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Step(int state, DeviceAction action, ulong noise, out float cost)
    {
        var row = Row(state);
        var level = Level(state, row);
        cost = row + 1 - Math.Min(level, 0);
        var harvest = minHarvest + RandomStream.Scale((uint)(noise >> 32), harvests);
        var spent = action == DeviceAction.Local ? minCost + RandomStream.Scale((uint)noise, costs) : 0;
        return Advance(row, level, level + harvest - spent, action);
    }

    /// <inheritdoc/>
    public int InitialState(ulong noise) => State(1, RandomStream.Scale((uint)(noise >> 32), battery + 1));

    /// <inheritdoc/>
    public int TrainingState(ulong noise) =>
        State(1 + RandomStream.Scale((uint)noise, maxAge), RandomStream.Scale((uint)(noise >> 32), battery + 1));

    /// <inheritdoc/>
    public int FeatureCount => 5;

    /// <inheritdoc/>
    /// <remarks>
    /// Age / M, 1 / age (what a completed batch saves is steepest at young ages), stored energy / B, debt / e_min, and whether there is a
    /// debt, at which the device can but wait: all in [0, 1].
    /// </remarks>
    public void WriteFeatures(int state, Span<float> features)
    {
        var (age, level) = (Age(state), Level(state));
        features[0] = (float)age / maxAge;
        features[1] = 1f / age;
        features[2] = (float)Math.Max(level, 0) / battery;
        features[3] = level < 0 ? (float)level / lowest : 0;
        features[4] = level < 0 ? 1 : 0;
    }

    /// <inheritdoc/>
    public double Cost(int state) => Age(state) - Math.Min(Level(state), 0);

    /// <inheritdoc/>
    public void AddOutcomes(int state, DeviceAction action, List<Outcome> outcomes)
    {
        var row = Row(state);
        var level = Level(state, row);
        var (cheapest, dearest) = action == DeviceAction.Local ? (minCost, minCost + costs - 1) : (0, 0);
        var maxHarvest = minHarvest + harvests - 1;
        var pairs = (double)harvests * (dearest - cheapest + 1);
        for (var change = minHarvest - dearest; change <= maxHarvest - cheapest; change++)
        {
            // Pairs (H, C) with H - C = change.
            var ways = Math.Min(maxHarvest, change + dearest) - Math.Max(minHarvest, change + cheapest) + 1;
            outcomes.Add(new Outcome(Advance(row, level, level + change, action), ways / pairs));
        }
    }

    /// <inheritdoc/>
    public void AddInitialStates(List<Outcome> outcomes)
    {
        for (var level = 0; level <= battery; level++)
        {
            outcomes.Add(new Outcome(State(1, level), 1.0 / (battery + 1)));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int Row(int state) => (int)(((uint)state * reciprocal) >> 32);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int Level(int state, int row) => state - (row * levels) + lowest;

    // A batch completes when it is offloaded, or when a computation started now or earlier has its energy.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int Advance(int row, int level, int next, DeviceAction action)
    {
        var computing = (action == DeviceAction.Local) | (level < 0);
        var completes = (action == DeviceAction.Offload) | (computing & (next >= 0));
        var age = completes ? 0 : Math.Min(row + 1, maxAge - 1);
        return (age * levels) + (Math.Min(next, battery) - lowest);
    }
}
