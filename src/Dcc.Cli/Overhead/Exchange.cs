using System.Globalization;
using Dcc.Core.Devices;

namespace Dcc.Cli.Overhead;

/// <summary>What devices and a coordinator say to each other in every round: first something down, then something up.</summary>
/// <param name="Name">As files spell it.</param>
/// <param name="Title">Head of its column.</param>
/// <param name="Content">What travels, with sizes and encoding.</param>
/// <param name="UpBytes">Content of a device's round up, by device; null for this protocol's own messages.</param>
/// <param name="DownBytes">Content of a device's round down, by device; null for this protocol's own messages.</param>
internal sealed record Exchange(string Name, string Title, string Content, Func<int, int>? UpBytes, Func<int, int>? DownBytes)
{
    /// <summary>The name of this protocol's exchange.</summary>
    internal const string Protocol = "this-protocol";

    /// <summary>The name of the exchange that ships experience.</summary>
    internal const string Experience = "experience";

    /// <summary>Transitions in a chunk: 45 000 bytes, below <see cref="ChunkScript.LongestPayload"/>.</summary>
    internal const int BatchSteps = 5_000;

    // State and next state as uint16, action as one byte, reward as float32, packed: nothing that a centralised learner needs is smaller.
    private const int TransitionBytes = 2 + 1 + 4 + 2;

    // A policy of age and battery level over three actions, with the two hidden layers of 64 that PPO and A2C implementations default to.
    private static readonly int[] Layers = [2, 64, 64, IDeviceModel.ActionCount];

    /// <summary>The four exchanges, in the table's order.</summary>
    /// <param name="system">The devices: their states size the Q-tables.</param>
    /// <param name="steps">Transitions of a device's round that centralised training ships.</param>
    internal static IReadOnlyList<Exchange> All(EdgeSystem system, int steps)
    {
        int[] tables = [.. Enumerable.Range(0, system.Devices.Length).Select(device =>
            system.Device(device).StateCount * IDeviceModel.ActionCount * sizeof(double))];
        var weights = Layers.Zip(Layers[1..], (inputs, outputs) => (inputs + 1) * outputs).Sum() * sizeof(float);
        return
        [
            new(Protocol, "this", "4 doubles down, 3 doubles up: dcc.v1 push and report", null, null),
            new(
                "q-tables", "Q-tables",
                Text($"Q-table up, average down: states x 3 doubles, {tables.Min()} to {tables.Max()} bytes"),
                device => tables[device], device => tables[device]),
            new(
                Experience, "experience",
                Text($"{steps} transitions of {TransitionBytes} bytes up (state u16, action u8, reward f32, next u16) ") +
                Text($"in chunks of {BatchSteps}; empty acknowledgement down"),
                _ => steps * TransitionBytes, _ => 0),
            new(
                "weights", "weights",
                Text($"network {string.Join('-', Layers)} as float32 up, average down: {weights} bytes"),
                _ => weights, _ => weights),
        ];
    }

    /// <summary>The longest payload of a chunk of this exchange.</summary>
    internal int ChunkBytes => Name == Experience ? BatchSteps * TransitionBytes : ChunkScript.LongestPayload;

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
