using System.Globalization;
using Dcc.Cli.Reporting.Plots;

namespace Dcc.Cli.Reporting;

/// <summary>What happened when: a plot, and a table of all but the first starts and joins, which are said in one line.</summary>
internal static class EventSection
{
    private const int MostRows = 2000;

    internal static Html Of(FinishedRun run, RoundClock clock, Figure? timeline)
    {
        var seen = new HashSet<(string, int?, string?)>();
        var usual = run.Events
            .Where(happened => happened.Event is "started" or "joined" && seen.Add((happened.Event, happened.Device, happened.Process))).ToHashSet();
        var rows = run.Events.Where(happened => !usual.Contains(happened)).ToList();
        var count = PlainSummary.Count(usual.Count, "event");
        var first = usual.Count == 0 ? "" : string.Create(
            CultureInfo.InvariantCulture,
            $"Not listed: the first start of each process and join of each device, {count} up to {usual.Max(happened => happened.Time):F2} s. ");
        var more = rows.Count > MostRows
            ? $"The first {ReportNumber.Whole(MostRows)} of {ReportNumber.Whole(rows.Count)}; events.jsonl has the others. "
            : "";
        return Html.Of($"""
            {HtmlPage.Figures([timeline])}
            {Html.Table(
                $"Events. {first}{more}Round is where it happened: round n ends with its commit.",
                ["seconds", "round", "event", "device or process", "what"],
                rows.Take(MostRows).Select(happened => Row(happened, clock)))}
            """);
    }

    private static Html[] Row(RunEvent happened, RoundClock clock) =>
    [
        happened.Time.ToString("F3", CultureInfo.InvariantCulture),
        clock.PlaceOf(happened) is { } place ? Math.Max(0, happened.Round ?? Math.Round(place)).ToString(CultureInfo.InvariantCulture) : "",
        happened.Event,
        happened.Process ?? (happened.Device is { } device ? string.Create(CultureInfo.InvariantCulture, $"device {device}") : ""),
        happened.Reason ?? "",
    ];
}
