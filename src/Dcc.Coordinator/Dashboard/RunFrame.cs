using System.Runtime.InteropServices;
using System.Text.Json;
using Dcc.Protocol.V1;

namespace Dcc.Coordinator.Dashboard;

/// <summary>
/// What a browser is told at once: many updates of a run's watch made into one. Of what each update replaces it holds the latest; of theta per
/// device and round it shows at most so many values that 1 000 devices at 100 rounds per second still fit.
/// </summary>
internal sealed class RunFrame
{
    private const int MostThetaShown = 20_000;

    private readonly List<RunEvent> events = [];
    private readonly List<RoundCommitted> rounds = [];
    private readonly RoundTripHistogram roundTrips = new();
    private RunStatus? status;
    private RunSnapshot? snapshot;
    private ReferenceCosts? costs;
    private CarriedBytes? bytes;

    internal bool IsEmpty => (status ?? (object?)snapshot ?? costs ?? (object?)bytes) is null && events.Count == 0 && rounds.Count == 0;

    /// <summary>Whether it begins everything anew.</summary>
    internal bool HasSnapshot => snapshot is not null;

    internal void Add(RunUpdate update)
    {
        switch (update.ContentCase)
        {
            case RunUpdate.ContentOneofCase.Status:
                status = update.Status;
                break;
            case RunUpdate.ContentOneofCase.Event:
                events.Add(update.Event);
                break;
            case RunUpdate.ContentOneofCase.Round:
                rounds.Add(update.Round);
                roundTrips.Add(update.Round.RoundTripMilliseconds);
                break;
            case RunUpdate.ContentOneofCase.Snapshot:
                snapshot = update.Snapshot;
                events.AddRange(snapshot.Events);
                rounds.AddRange(snapshot.Rounds);
                rounds.ForEach(round => roundTrips.Add(round.RoundTripMilliseconds));
                (costs, bytes) = (snapshot.Costs, snapshot.Bytes);
                break;
            case RunUpdate.ContentOneofCase.Costs:
                costs = update.Costs;
                break;
            case RunUpdate.ContentOneofCase.Bytes:
                bytes = update.Bytes;
                break;
            default:
                throw new InvalidOperationException($"Unknown update {update.ContentCase}.");
        }
    }

    internal void Clear()
    {
        events.Clear();
        rounds.Clear();
        roundTrips.Clear();
        (status, snapshot, costs, bytes) = (null, null, null, null);
    }

    internal void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        if (snapshot is not null)
        {
            json.WriteStartArray("connected");
            foreach (var device in snapshot.Connected)
            {
                json.WriteNumberValue(device);
            }

            json.WriteEndArray();
        }

        if (status is not null)
        {
            json.WritePropertyName("status");
            RunJson.Write(json, status);
        }

        WriteEvents(json);
        WriteRounds(json);
        WriteNotes(json);
        json.WriteEndObject();
    }

    private void WriteEvents(Utf8JsonWriter json)
    {
        if (events.Count > 0)
        {
            json.WriteStartArray("events");
            events.ForEach(happened => RunJson.Write(json, happened));
            json.WriteEndArray();
        }
    }

    private void WriteRounds(Utf8JsonWriter json)
    {
        if (rounds is not [.., var last])
        {
            return;
        }

        json.WriteStartArray("summaries");
        rounds.ForEach(round => RunJson.Write(json, round));
        json.WriteEndArray();
        WriteTheta(json);
        json.WriteNumber("lastRound", last.Round);
        RunJson.Write(json, "lastCost", last.Cost);
        RunJson.Write(json, "lastRoundTrip", last.RoundTripMilliseconds);
        json.WriteStartArray("roundTrips");
        foreach (var count in roundTrips.Counts)
        {
            json.WriteNumberValue(count);
        }

        json.WriteEndArray();
    }

    // theta in [0, 1] as 16-bit fractions, a row of all devices for each round in thetaRounds.
    private void WriteTheta(Utf8JsonWriter json)
    {
        var shown = rounds.Where(round => round.Theta.Count > 0).ToList();
        if (snapshot is null && shown is [{ Theta.Count: var devices }, ..])
        {
            var stride = Math.Max(1, shown.Count * devices / MostThetaShown);
            shown = [.. shown.Where((_, index) => (shown.Count - 1 - index) % stride == 0)];
        }

        json.WriteStartArray("thetaRounds");
        shown.ForEach(round => json.WriteNumberValue(round.Round));
        json.WriteEndArray();
        var values = shown.SelectMany(round => round.Theta).Select(theta => (ushort)MathF.Round(theta * ushort.MaxValue)).ToArray();
        json.WriteBase64String("theta", MemoryMarshal.AsBytes<ushort>(values));
    }

    private void WriteNotes(Utf8JsonWriter json)
    {
        if (costs is not null)
        {
            json.WriteStartObject("costs");
            json.WriteNumber("neverOffload", costs.NeverOffload);
            json.WriteNumber("bestKnown", costs.BestKnown);
            json.WriteEndObject();
        }

        if (bytes is not null)
        {
            json.WriteStartArray("bytes");
            foreach (var layer in bytes.Layers)
            {
                json.WriteStartObject();
                json.WriteString("layer", layer.Layer);
                json.WriteNumber("up", layer.Up);
                json.WriteNumber("down", layer.Down);
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }
    }
}
