using System.Globalization;
using System.Text.Json.Nodes;
using Dcc.Core.Validation;
using Dcc.Links;

namespace Dcc.Cli.Control;

/// <summary>Writes a link in the words that scenario files and the control API read; only a trace, which is a file there, has none.</summary>
internal static class LinkWords
{
    internal static JsonObject Write(LinkSettings link) => new() { ["up"] = Write(link.Up), ["down"] = Write(link.Down) };

    private static JsonObject Write(DirectionSettings settings)
    {
        var words = new JsonObject
        {
            ["latency"] = Duration(settings.Latency),
            ["jitter"] = Duration(settings.Jitter),
            ["jitterDistribution"] = KebabCase.Name(settings.JitterDistribution),
            ["jitterCorrelation"] = settings.JitterCorrelation,
            ["queue"] = string.Create(CultureInfo.InvariantCulture, $"{settings.QueueBytes} B"),
            ["loss"] = settings.Loss,
            ["resetAfter"] = Duration(settings.ResetAfter),
        };
        if (settings.Trace is null)
        {
            words["bandwidth"] = settings.BandwidthBytesPerSecond is { } bandwidth
                ? string.Create(CultureInfo.InvariantCulture, $"{bandwidth * 8 / 1000} kbit/s")
                : "unlimited";
        }

        if (settings.Burst is { } burst)
        {
            words["burst"] = new JsonObject { ["toBad"] = burst.ToBad, ["toGood"] = burst.ToGood, ["lossInBad"] = burst.LossInBad };
        }

        return words;
    }

    private static string Duration(TimeSpan time) => string.Create(CultureInfo.InvariantCulture, $"{time.TotalMilliseconds} ms");
}
