using System.Runtime.CompilerServices;

namespace Dcc.Core.Devices;

/// <summary>
/// A larger device, for learners that generalise: a sensor that lives on sunlight and speaks over a fading channel. State: age of information
/// x in 1..M, battery level e in 0..B, sky w in 0..3 (night, overcast, cloudy, sunny), channel c in 0..3 (worst to best). It serves
/// experiments: a run's system file describes <see cref="EdgeDevice"/>s only.
/// </summary>
/// <remarks>
/// <para>Each step costs u = x. The sky moves to a neighbour with probability 1/16, the channel with 3/8 (where there is no neighbour, it
/// stays), and the device harvests H, uniform in 0..0, 0..1, 0..3 or 2..6 by the sky before the move. All draws are independent.</para>
/// <para>Wait: e' = min(e + H, B), x' = min(x + 1, M).</para>
/// <para>Local, where e is at least 20: costs 16..20 units (uniform) and always completes: e' = min(e - C + H, B), x' = 1.</para>
/// <para>Offload, where e is at least the channel's energy, 12, 6, 3 or 1: costs that energy, and completes with probability 1/4, 5/8, 7/8
/// or 63/64 (x' = 1), or else is lost (x' = min(x + 1, M)). Lost or not, it has used the server and pays the congestion price.</para>
/// <para>State number: (((x - 1) * (B + 1) + e) * 4 + w) * 4 + c.</para>
/// </remarks>
public readonly struct SolarDevice : IKnownDeviceModel
{
    private const int Skies = 4;
    private const int Channels = 4;

    // The step's noise is cut into five fields of 12 bits: probabilities are whole parts of 4096.
    private const int Parts = 1 << 12;
    private const int SkyMoves = Parts / 16;
    private const int ChannelMoves = Parts * 3 / 8;

    private const int MinCost = 16;
    private const int MaxCost = 20;

    private readonly int maxAge;
    private readonly int battery;
    private readonly ulong reciprocal;

    /// <summary>Creates the device.</summary>
    /// <param name="maxAge">M, at least 1.</param>
    /// <param name="battery">B, at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are more than <see cref="EdgeDevice.MaxStates"/> pairs of age and level.</exception>
    public SolarDevice(int maxAge, int battery)
    {
        this.maxAge = maxAge;
        this.battery = battery;
        ArgumentOutOfRangeException.ThrowIfGreaterThan((long)maxAge * (battery + 1), EdgeDevice.MaxStates, nameof(maxAge));
        reciprocal = ((1UL << 32) / (uint)(battery + 1)) + 1;
    }

    /// <summary>The one of the experiments: M = 40, B = 150, 96 640 states.</summary>
    public static SolarDevice Large => new(maxAge: 40, battery: 150);

    private static ReadOnlySpan<byte> MinHarvest => [0, 0, 0, 2];

    private static ReadOnlySpan<byte> Harvests => [1, 2, 4, 5];

    private static ReadOnlySpan<byte> SendingEnergy => [12, 6, 3, 1];

    private static ReadOnlySpan<short> Completions => [Parts / 4, Parts * 5 / 8, Parts * 7 / 8, Parts * 63 / 64];

    /// <inheritdoc/>
    public int StateCount => maxAge * (battery + 1) * Skies * Channels;

    /// <summary>The number of the state with this age (1..M), level (0..B), sky and channel (0..3).</summary>
    public int State(int age, int level, int sky, int channel) =>
        ((((((age - 1) * (battery + 1)) + level) * Skies) + sky) * Channels) + channel;

    /// <summary>Age of information, 1..M.</summary>
    public int Age(int state) => Row(state) + 1;

    /// <summary>Battery level, 0..B.</summary>
    public int Level(int state) => Level(state, Row(state));

    /// <summary>Sky, 0 (night) to 3 (sunny).</summary>
    public static int Sky(int state) => state >> 2 & 3;

    /// <summary>Channel, 0 (worst) to 3 (best).</summary>
    public static int Channel(int state) => state & 3;

    /// <inheritdoc/>
    public bool IsLegal(int state, DeviceAction action) => action == DeviceAction.Wait || Level(state) >= MostSpent(state, action);

    /// <inheritdoc/>
    /// <remarks>From the low end of the noise, 12 bits each: harvest, cost of a computation, sky, channel, completion of an offload.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Step(int state, DeviceAction action, ulong noise, out float cost)
    {
        var row = Row(state);
        var (sky, channel) = (Sky(state), Channel(state));
        cost = row + 1;
        var spent = action switch
        {
            DeviceAction.Local => MinCost + Scale(noise >> 12, MaxCost - MinCost + 1),
            DeviceAction.Offload => SendingEnergy[channel],
            _ => 0,
        };
        var completes = action == DeviceAction.Local || (action == DeviceAction.Offload && Field(noise >> 48) < Completions[channel]);
        return Advance(
            row, Level(state, row) + MinHarvest[sky] + Scale(noise, Harvests[sky]) - spent, completes, Move(sky, Field(noise >> 24), SkyMoves),
            Move(channel, Field(noise >> 36), ChannelMoves));
    }

    /// <inheritdoc/>
    public int InitialState(ulong noise) =>
        State(1, (int)((noise & 0xFFFF) * (ulong)(battery + 1) >> 16), (int)(noise >> 60) & 3, (int)(noise >> 62));

    /// <inheritdoc/>
    public int TrainingState(ulong noise) =>
        InitialState(noise) + ((int)((noise >> 16 & 0xFFFF) * (ulong)maxAge >> 16) * (battery + 1) * Skies * Channels);

    /// <inheritdoc/>
    public int FeatureCount => 4 + Skies + Channels;

    /// <inheritdoc/>
    /// <remarks>
    /// Age / M, 1 / age, level / B, the level again where it decides what is legal (up to two computations), then sky and channel, one of each
    /// at 1: all in [0, 1].
    /// </remarks>
    public void WriteFeatures(int state, Span<float> features)
    {
        var (age, level) = (Age(state), Level(state));
        features.Clear();
        features[0] = (float)age / maxAge;
        features[1] = 1f / age;
        features[2] = (float)level / battery;
        features[3] = Math.Min(1, level / (2f * MaxCost));
        features[4 + Sky(state)] = 1;
        features[4 + Skies + Channel(state)] = 1;
    }

    /// <inheritdoc/>
    public double Cost(int state) => Age(state);

    /// <inheritdoc/>
    public void AddOutcomes(int state, DeviceAction action, List<Outcome> outcomes)
    {
        var (row, sky, channel) = (Row(state), Sky(state), Channel(state));
        var level = Level(state, row);
        var completion = action == DeviceAction.Offload ? Completions[channel] : action == DeviceAction.Local ? Parts : 0;
        var (cheapest, dearest) = action == DeviceAction.Local ? (MinCost, MaxCost) : (MostSpent(state, action), MostSpent(state, action));
        Span<double> changes = stackalloc double[16];
        changes.Clear();
        for (var harvest = 0; harvest < Harvests[sky]; harvest++)
        {
            for (var spent = cheapest; spent <= dearest; spent++)
            {
                changes[MinHarvest[sky] + harvest + dearest - spent] +=
                    Probability(harvest, Harvests[sky]) * Probability(spent - cheapest, dearest - cheapest + 1);
            }
        }

        for (var draw = 0; draw < 9; draw++)
        {
            // Both chains move down, stay or move up.
            var (skyMove, channelMove) = ((draw / 3) - 1, (draw % 3) - 1);
            var moves = MoveProbability(skyMove, SkyMoves) * MoveProbability(channelMove, ChannelMoves);
            var (nextSky, nextChannel) = (Math.Clamp(sky + skyMove, 0, Skies - 1), Math.Clamp(channel + channelMove, 0, Channels - 1));
            for (var change = 0; change < changes.Length; change++)
            {
                var (next, probability) = (level + change - dearest, moves * changes[change] / Parts);
                AddOutcome(outcomes, Advance(row, next, true, nextSky, nextChannel), probability * completion);
                AddOutcome(outcomes, Advance(row, next, false, nextSky, nextChannel), probability * (Parts - completion));
            }
        }
    }

    /// <inheritdoc/>
    public void AddInitialStates(List<Outcome> outcomes)
    {
        var count = (battery + 1) * Skies * Channels;
        for (var state = 0; state < count; state++)
        {
            outcomes.Add(new Outcome(state, 1.0 / count));
        }
    }

    private static void AddOutcome(List<Outcome> outcomes, int state, double probability)
    {
        if (probability > 0)
        {
            outcomes.Add(new Outcome(state, probability));
        }
    }

    private static int MostSpent(int state, DeviceAction action) =>
        action == DeviceAction.Local ? MaxCost : action == DeviceAction.Offload ? SendingEnergy[Channel(state)] : 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int Row(int state) => (int)(((uint)state >> 4) * reciprocal >> 32);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int Level(int state, int row) => (state >> 4) - (row * (battery + 1));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int Advance(int row, int level, bool completes, int sky, int channel)
    {
        var age = completes ? 0 : Math.Min(row + 1, maxAge - 1);
        return ((((age * (battery + 1)) + Math.Min(level, battery)) * Skies) + sky) * Channels + channel;
    }

    private static int Field(ulong noise) => (int)(noise & (Parts - 1));

    private static int Scale(ulong noise, int count) => Field(noise) * count / Parts;

    // How many of a field's values Scale maps to this one of count.
    private static double Probability(int value, int count) =>
        (double)(((((value + 1) * Parts) + count - 1) / count) - (((value * Parts) + count - 1) / count)) / Parts;

    // The lowest draws move down, the highest up.
    private static int Move(int position, int draw, int moves) =>
        draw < moves / 2 ? Math.Max(position - 1, 0) : draw >= Parts - (moves / 2) ? Math.Min(position + 1, 3) : position;

    private static double MoveProbability(int move, int moves) => (double)(move == 0 ? Parts - moves : moves / 2) / Parts;
}
