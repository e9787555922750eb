using System.Globalization;

namespace Dcc.Cli.Reporting;

/// <summary>Every device in a row, sortable in the page.</summary>
internal static class DeviceTable
{
    // Beyond this a browser is slow and nobody reads; the caption says so.
    private const int MostRows = 5000;

    internal static Html Of(FinishedRun run)
    {
        var shown = Math.Min(run.Devices, MostRows);
        var all = shown == run.Devices
            ? $"All {PlainSummary.Count(run.Devices, "device")}"
            : $"The first {ReportNumber.Whole(shown)} of {ReportNumber.Whole(run.Devices)} devices; summary.json and rounds.csv have the others";
        var joined = run.Events.Where(happened => happened.Event == "joined").CountBy(happened => happened.Device ?? -1).ToDictionary();
        return Html.Table(
            $"{all}. A head sorts its column; numbers are exact in the files.",
            ["device", "θ", "offload frequency", "last J", "median round trip, ms", "bytes", "joins"],
            Enumerable.Range(0, shown).Select(device => Row(run, device, joined.GetValueOrDefault(device))),
            Html.Trusted("class=\"sortable\""));
    }

    private static Html[] Row(FinishedRun run, int device, int joins)
    {
        var times = new Quantiles(run.RoundTrips.Select(round => round[device]));
        return
        [
            device.ToString(CultureInfo.InvariantCulture),
            ReportNumber.Fine(run.Summary.FinalTheta[device]),
            run.Summary.OffloadFrequency is { } frequency ? ReportNumber.Fine(frequency[device]) : "",
            run.Rounds[^1].HasReport(device) ? ReportNumber.Fine(run.Rounds[^1].Reports[device].Cost) : "absent",
            times.Count == 0 ? "" : times.Median.ToString("F1", CultureInfo.InvariantCulture),
            run.Bytes is { } bytes ? bytes.ByDevice[device].ToString(CultureInfo.InvariantCulture) : "",
            joins.ToString(CultureInfo.InvariantCulture),
        ];
    }
}
