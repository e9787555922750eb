using System.Globalization;
using Dcc.Cli.Overhead;
using Dcc.Core.Validation;
using Spectre.Console;

namespace Dcc.Cli.Terminal;

/// <summary>The tables that <c>dcc overhead</c> ends with, on stdout, within 80 columns.</summary>
internal static class OverheadTable
{
    internal static void Write(OverheadReport report, string folder)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings());
        console.Write(Bytes(report));
        console.Write(Times(report));
        foreach (var exchange in report.Exchanges)
        {
            Say(exchange.Title, exchange.Content);
        }

        Say("* virtual", "time from the link model with the measured bytes; all other times on real");
        Say("", "sockets. Median over rounds, from the first byte down to the last byte up.");
        Say("bytes", "on loopback sockets; segments of at most 1448 bytes, as the kernel counted.");
        Say("", "IP bytes: 52 for each segment that carries data; bare segments not in it.");
        Say("within 5 %", string.Create(
            CultureInfo.InvariantCulture,
            $"{report.Convergence.Rounds?.ToString(CultureInfo.InvariantCulture) ?? $"more than {Convergence.MostRounds}"} rounds of the algorithm, best known {report.Convergence.BestKnown:F4}; bytes of all devices"));
        Console.Out.WriteLine();
        Console.Out.WriteLine($"IP bytes per device and round elsewhere ({report.ReferenceSource}):");
        foreach (var system in report.References)
        {
            Console.Out.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"  {system.Name,-27} {system.LeastIpBytes}{(system.MostIpBytes > system.LeastIpBytes ? $" to {system.MostIpBytes}" : "")}"));
        }

        Console.Out.WriteLine();
        Say("measured", string.Create(CultureInfo.InvariantCulture, $"{report.Devices} devices, {report.Rounds} rounds, seed {report.Seed}"));
        Say("wall time", string.Create(CultureInfo.InvariantCulture, $"{report.WallSeconds:F1} s"));
        Say("output", folder);
    }

    private static Table Bytes(OverheadReport report)
    {
        var table = Columns("bytes per device-round", report);
        foreach (var (direction, bytes) in new (string, Func<ExchangeReport, ExchangeBytes>)[] { ("up", exchange => exchange.Up), ("down", exchange => exchange.Down) })
        {
            var rows = report.Exchanges.Select(exchange => bytes(exchange).Rows.ToList()).ToList();
            for (var row = 0; row < rows[0].Count; row++)
            {
                Add(table, $"{direction,-4} {rows[0][row].Name}", rows.Select(column => Rate(column[row].Bytes)));
            }
        }

        Add(table, "IP bytes, up and down", report.Exchanges.Select(exchange => Rate(exchange.IpBytes)));
        Add(table, "until cost within 5 %", report.Exchanges.Select(exchange =>
            exchange.LearnerRun ? Rate(exchange.BytesUntilNearBest) : "not run here"));
        return table;
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

    // Folded at words, so that no line passes 80 columns.
    private static void Say(string name, string text)
    {
        const int Width = 68;
        for (var first = true; text.Length > 0; first = false)
        {
            var end = text.Length <= Width ? text.Length : text.LastIndexOf(' ', Width) is var space and > 0 ? space : Width;
            Console.Out.WriteLine($"{(first ? name : ""),-10} {text[..end]}");
            text = text[end..].TrimStart();
        }
    }
}
