using System.Runtime.InteropServices;
using System.Text.Json;
using Dcc.Protocol.V1;

namespace Dcc.Coordinator.Dashboard;

/// <summary>How the page's JSON tells of runs.</summary>
internal static class RunJson
{
    /// <summary>A run's status.</summary>
    internal static void Write(Utf8JsonWriter json, RunStatus status)
    {
        json.WriteStartObject();
        json.WriteString("run", status.Run);
        json.WriteString("path", RunPath.Encode(status.Run));
        json.WriteString("state", status.State);
        if (status.Reason.Length > 0)
        {
            json.WriteString("reason", status.Reason);
        }

        json.WriteNumber("round", status.Round);
        json.WriteNumber("rounds", status.Rounds);
        json.WriteNumber("devices", status.Devices);
        json.WriteNumber("connected", status.Connected);
        json.WriteNumber("missing", status.Missing);
        json.WriteString("digest", status.Digest);
        json.WriteNumber("meanTheta", status.MeanTheta);
        json.WriteNumber("joins", status.Joins);
        json.WriteNumber("reportsAccepted", status.ReportsAccepted);
        json.WriteNumber("reportsDuplicate", status.ReportsDuplicate);
        json.WriteNumber("reportsStale", status.ReportsStale);
        json.WriteNumber("reportsFenced", status.ReportsFenced);
        json.WriteNumber("reportsClipped", status.ReportsClipped);
        json.WriteStartObject("refused");
        foreach (var (reason, count) in status.Refused)
        {
            json.WriteNumber(reason, count);
        }

        json.WriteEndObject();
        json.WriteNumber("opened", status.OpenedUnixMilliseconds);
        json.WriteEndObject();
    }

    /// <summary>An event; what is not known of it is left out.</summary>
    internal static void Write(Utf8JsonWriter json, RunEvent happened)
    {
        json.WriteStartObject();
        json.WriteString("kind", happened.Kind);
        if (happened.HasDevice)
        {
            json.WriteNumber("device", happened.Device);
        }

        if (happened.HasRound)
        {
            json.WriteNumber("round", happened.Round);
        }

        if (happened.Reason.Length > 0)
        {
            json.WriteString("reason", happened.Reason);
        }

        if (happened.Process.Length > 0)
        {
            json.WriteString("process", happened.Process);
        }

        json.WriteNumber("time", happened.UnixMilliseconds);
        json.WriteEndObject();
    }

    /// <summary>A round's summary: [round, mean theta, min, max, mean cost, gradient norm, duration in ms, Unix time in ms], null where unknown.</summary>
    internal static void Write(Utf8JsonWriter json, RoundCommitted round)
    {
        json.WriteStartArray();
        json.WriteNumberValue(round.Round);
        WriteFinite(json, round.MeanTheta);
        WriteFinite(json, round.MinTheta);
        WriteFinite(json, round.MaxTheta);
        WriteFinite(json, round.MeanCost);
        WriteFinite(json, round.HasGradientNorm ? round.GradientNorm : double.NaN);
        WriteFinite(json, round.HasDurationMilliseconds ? round.DurationMilliseconds : double.NaN);
        if (round.HasUnixMilliseconds)
        {
            json.WriteNumberValue(round.UnixMilliseconds);
        }
        else
        {
            json.WriteNullValue();
        }

        json.WriteEndArray();
    }

    /// <summary>Numbers as base64 of little-endian floats: a third of their size in digits.</summary>
    internal static void Write(Utf8JsonWriter json, string name, IEnumerable<float> values) =>
        json.WriteBase64String(name, MemoryMarshal.AsBytes<float>(values.ToArray()));

    // Sums of what devices report may overflow; JSON has no infinity.
    private static void WriteFinite(Utf8JsonWriter json, double value)
    {
        if (float.IsFinite((float)value))
        {
            json.WriteNumberValue((float)value);
        }
        else
        {
            json.WriteNullValue();
        }
    }
}
