using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Dcc.Core.Validation;

namespace Dcc.Cli.Overhead;

/// <summary>Where a round's time comes from.</summary>
internal enum TimeSource
{
    /// <summary>Real sockets behind the link proxy.</summary>
    RealSockets,

    /// <summary>The link model in virtual time, with the measured bytes.</summary>
    VirtualTime,
}

/// <summary>A round's time on a link.</summary>
internal sealed record RoundTime(string Link, double MedianMilliseconds, string Source);

/// <summary>One exchange's costs per device and round.</summary>
/// <param name="Name">As files spell it.</param>
/// <param name="Title">Head of its column.</param>
/// <param name="Content">What travels.</param>
/// <param name="Up">Bytes up, by layer.</param>
/// <param name="Down">Bytes down, by layer.</param>
/// <param name="IpBytes">Up and down with the headers of segments that carry data; null where segments are not counted.</param>
/// <param name="Times">By link.</param>
/// <param name="BytesUntilNearBest">IP bytes of all devices until the cost is within 5 % of best known; null where unknown.</param>
/// <param name="LearnerRun">Whether this exchange's learner was run.</param>
internal sealed record ExchangeReport(
    string Name,
    string Title,
    string Content,
    ExchangeBytes Up,
    ExchangeBytes Down,
    double? IpBytes,
    IReadOnlyList<RoundTime> Times,
    double? BytesUntilNearBest,
    bool LearnerRun);

/// <summary>overhead.json: what the exchanges cost. Every one of the ledgers adds up, or there is no report.</summary>
internal sealed record OverheadReport(
    int Devices,
    int Rounds,
    ulong Seed,
    int Steps,
    IReadOnlyList<ExchangeReport> Exchanges,
    Convergence Convergence,
    IReadOnlyList<ReferenceSystem> References,
    string ReferenceSource,
    int Ledgers,
    double WallSeconds)
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    internal void WriteJson(StreamWriter writer) => writer.WriteLine(JsonSerializer.Serialize(this, Options));

    /// <summary>The report and where its files are, as one line for programs.</summary>
    internal string ToJsonLine(string folder)
    {
        var json = JsonSerializer.SerializeToNode(this, Options)!.AsObject();
        json.Add("output", Path.GetFullPath(folder));
        return json.ToJsonString(new JsonSerializerOptions(Options) { WriteIndented = false });
    }

    /// <summary>overhead.csv: one number a row.</summary>
    internal void WriteCsv(StreamWriter writer)
    {
        writer.WriteLine("exchange,quantity,direction,link,value,unit,source");
        foreach (var exchange in Exchanges)
        {
            WriteBytes(exchange.Name, "up", exchange.Up);
            WriteBytes(exchange.Name, "down", exchange.Down);
            Write(exchange.Name, "ip-bytes", "both", "", exchange.IpBytes, "bytes per device-round", KebabCase.Name(TimeSource.RealSockets));
            foreach (var time in exchange.Times)
            {
                Write(exchange.Name, "round-time", "both", time.Link, time.MedianMilliseconds, "milliseconds", time.Source);
            }

            Write(
                exchange.Name, "bytes-until-near-best", "both", "", exchange.BytesUntilNearBest, "bytes of all devices",
                exchange.LearnerRun ? "rounds of the algorithm times ip-bytes" : "not run here");
        }

        foreach (var system in References)
        {
            Write(system.Name.Replace(',', ';'), "ip-bytes-least", "both", "", system.LeastIpBytes, "bytes per device-round", ReferenceSource);
            Write(system.Name.Replace(',', ';'), "ip-bytes-most", "both", "", system.MostIpBytes, "bytes per device-round", ReferenceSource);
        }

        void WriteBytes(string exchange, string direction, ExchangeBytes bytes)
        {
            foreach (var (quantity, value) in bytes.Rows)
            {
                Write(exchange, quantity, direction, "", value, "bytes per device-round", KebabCase.Name(TimeSource.RealSockets));
            }
        }

        void Write(string exchange, string quantity, string direction, string link, double? value, string unit, string source) =>
            writer.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{exchange},{quantity},{direction},{link},{value:R},{unit},{source}"));
    }
}
