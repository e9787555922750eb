using System.Text.Json;
using System.Text.Json.Serialization;
using Dcc.Cli.Scenarios;

namespace Dcc.Cli.Runs;

/// <summary>events.jsonl: one JSON object a line, in order of writing.</summary>
internal sealed class EventsFile(string path) : IDisposable
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    private readonly Lock gate = new();
    private readonly StreamWriter writer = new(path) { AutoFlush = true };

    /// <summary>Writes an event; from any thread.</summary>
    /// <param name="time">Seconds since the run's start; virtual in a simulation.</param>
    /// <param name="kind">What happened.</param>
    /// <param name="round">The round, where known.</param>
    /// <param name="device">The device, where known.</param>
    /// <param name="process">The process, where it is about one.</param>
    /// <param name="reason">Why, where known.</param>
    internal void Write(double time, string kind, int? round = null, int? device = null, string? process = null, string? reason = null)
    {
        var line = JsonSerializer.Serialize(
            new { time, @event = kind, round, device, process, reason = string.IsNullOrEmpty(reason) ? null : reason }, Options);
        lock (gate)
        {
            writer.WriteLine(line);
        }
    }

    /// <summary>Writes that a fault of a scenario was injected ("fault") or is over ("fault-ended").</summary>
    internal void WriteFault(TimeSpan time, string kind, TimelineFault fault) => Write(
        time.TotalSeconds, kind, fault.Round, fault.Action is DeviceAction { Devices: [var only] } ? only : null, reason: fault.ToString());

    public void Dispose() => writer.Dispose();
}
