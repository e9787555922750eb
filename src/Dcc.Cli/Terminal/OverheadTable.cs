using System.Globalization;
using Dcc.Cli.Overhead;
using Dcc.Core.Validation;
using Spectre.Console;

namespace Dcc.Cli.Terminal;

/// <summary>The tables that <c>dcc overhead</c> ends with, on stdout, within 80 columns but for a long path.</summary>
internal static class OverheadTable
{
    private const int NameWidth = 10;

    private const string BytesNote =
        "on loopback sockets, joining not counted; segments of at most 1448 bytes as the kernel counted them. IP bytes: 52 for each segment " +
        "that carries data, bare segments not in it.";

    private const string TimesNote =
        "median over rounds, from the first byte down to the slowest device's last byte up; * in virtual time: the measured bytes over the " +
        "link model, in which computing takes no time. All others on real sockets.";

    private const string ToleranceNote =
        "rounds of the algorithm, run here, times IP bytes, all devices. not run: the exchange is scripted and its learner is not run here.";

    private const string ReferenceNote = "IP bytes per device and round of three scalars up and one down";

    internal static void Write(OverheadReport report, string folder)
    {
        var console = Screen.Output();
        console.Write(Bytes(report));
        console.Write(Times(report));
        foreach (var exchange in report.Exchanges)
        {
            Say(exchange.Title, exchange.Content);
        }

        Say("bytes", BytesNote);
        Say("times", TimesNote);
        Say("within 5 %", WithinTolerance(report.Convergence));
        Say("elsewhere", $"{ReferenceNote} ({report.ReferenceSource}): {string.Join("; ", report.References.Select(Reference))}");
        Say("measured", string.Create(
            CultureInfo.InvariantCulture,
            $"{report.Devices} devices, {report.Rounds} rounds, seed {report.Seed}; each of {report.Ledgers} ledgers adds up to the bytes of its socket"));
        Say("wall time", string.Create(CultureInfo.InvariantCulture, $"{report.WallSeconds:F1} s"));
        Screen.WritePath("output", folder, NameWidth);
    }

    private static string WithinTolerance(Convergence convergence)
    {
        var rounds = convergence.Rounds?.ToString(CultureInfo.InvariantCulture) ?? $"more than {Convergence.MostRounds}";
        return string.Create(CultureInfo.InvariantCulture, $"of the best known cost {convergence.BestKnown:F4}: {rounds} {ToleranceNote}");
    }

    private static string Reference(ReferenceSystem system) => string.Create(
        CultureInfo.InvariantCulture,
        $"{system.Name} {system.LeastIpBytes}{(system.MostIpBytes > system.LeastIpBytes ? $" to {system.MostIpBytes}" : "")}");

    private static Table Bytes(OverheadReport report)
    {
        var table = Columns("bytes per device-round", report);
        AddLayers(table, "up", report.Exchanges.Select(exchange => exchange.Up));
        AddLayers(table, "down", report.Exchanges.Select(exchange => exchange.Down));
        Add(table, "IP bytes, up and down", report.Exchanges.Select(exchange => Rate(exchange.IpBytes)));
        Add(table, "bytes until within 5 %", report.Exchanges.Select(exchange =>
            exchange.LearnerRun ? Rate(exchange.BytesUntilNearBest) : "not run"));
        return table;
    }

    private static void AddLayers(Table table, string direction, IEnumerable<ExchangeBytes> exchanges)
    {
        var columns = exchanges.Select(bytes => bytes.Rows.ToList()).ToList();
        for (var row = 0; row < columns[0].Count; row++)
        {
            Add(table, $"{direction,-4} {columns[0][row].Name}", columns.Select(column => Rate(column[row].Bytes)));
        }
    }

    private static Table Times(OverheadReport report)
    {
        var table = Columns("milliseconds per round", report);
        for (var row = 0; row < report.Exchanges[0].Times.Count; row++)
        {
            Add(table, report.Exchanges[0].Times[row].Link, report.Exchanges.Select(exchange => Time(exchange.Times[row])));
        }

        return table;
    }

    private static Table Columns(string head, OverheadReport report)
    {
        var table = new Table().Border(TableBorder.Simple).AddColumn(new TableColumn(head).NoWrap());
        foreach (var exchange in report.Exchanges)
        {
            table.AddColumn(new TableColumn(exchange.Title).RightAligned().NoWrap());
        }

        return table;
    }

    private static void Add(Table table, string name, IEnumerable<string> cells) => table.AddRow([name, .. cells]);

    private static string Rate(double? value) => value is { } known
        ? known.ToString(known < 1000 ? "F1" : "F0", CultureInfo.InvariantCulture)
        : "unknown";

    private static string Time(RoundTime time) => string.Create(
        CultureInfo.InvariantCulture, $"{time.MedianMilliseconds:F1}{(time.Source == KebabCase.Name(TimeSource.VirtualTime) ? "*" : " ")}");

    private static void Say(string name, string text) => Screen.WriteFact(name, text, NameWidth);
}
