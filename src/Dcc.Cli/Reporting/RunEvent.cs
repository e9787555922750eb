using System.Text.Json;
using Dcc.Cli.Scenarios.Yaml;
using Dcc.Core.Validation;

namespace Dcc.Cli.Reporting;

/// <summary>A line of events.jsonl.</summary>
/// <param name="Time">Seconds since the run's start.</param>
/// <param name="Event">What happened.</param>
/// <param name="Round">The round, where known.</param>
/// <param name="Device">The device, where known.</param>
/// <param name="Process">The process, where it is about one.</param>
/// <param name="Reason">Why or what, where known.</param>
internal sealed record RunEvent(double Time, string Event, int? Round = null, int? Device = null, string? Process = null, string? Reason = null)
{
    internal const string FileName = "events.jsonl";

    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    };

    /// <summary>Whether it disturbed the run or undid a disturbance: everything but starting, joining and ending.</summary>
    internal bool Disturbs => Event is not ("started" or "joined" or "fault-ended" or "finished");

    /// <summary>Reads events.jsonl.</summary>
    /// <exception cref="InvalidInputException">A line is no event.</exception>
    internal static List<RunEvent> Read(IEnumerable<string> lines)
    {
        var events = new List<RunEvent>();
        foreach (var line in lines)
        {
            try
            {
                events.Add(JsonSerializer.Deserialize<RunEvent>(line, Options) ?? throw new JsonException("null is not an event."));
            }
            catch (JsonException)
            {
                throw new InvalidInputException(
                    $"{FileName} line {events.Count + 1}", "a JSON object with time and event", YamlScalar.Shorten(line));
            }
        }

        return events;
    }
}
