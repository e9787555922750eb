using Dcc.Cli.Reporting.Plots;

namespace Dcc.Cli.Reporting;

/// <summary>The report of one run: report.html and the files of its plots.</summary>
internal static class RunReport
{
    internal const string FileName = "report.html";
    private const string PlotFolder = "plots";

    /// <summary>Reads a finished run and writes its report into its folder, every file whole or not at all.</summary>
    /// <param name="folder">The run's output folder.</param>
    /// <param name="cancellation">Ends the work.</param>
    /// <returns>The page's path.</returns>
    /// <exception cref="Dcc.Core.Validation.InvalidInputException">No finished run, or a file that is not what a run writes.</exception>
    /// <exception cref="IOException">It cannot be drawn or written.</exception>
    internal static string Write(string folder, CancellationToken cancellation)
    {
        PlotStyle.Load();
        var run = FinishedRun.Read(folder, cancellation);
        var clock = new RoundClock(run);
        Figure?[] convergence =
        [
            ConvergenceFigures.Cost(run), ConvergenceFigures.Gap(run), ConvergenceFigures.Theta(run), ConvergenceFigures.ThetaMap(run),
            ConvergenceFigures.Offload(run),
        ];
        Figure?[] bytes = run is { Bytes: { } carried, Summary.Bytes: { } summary }
            ? [NetworkFigures.Bytes(carried, summary), NetworkFigures.Elsewhere(summary)]
            : [];
        Figure?[] times = run.HasTimes ? [TimeFigures.RoundTimes(run, clock), TimeFigures.RoundTripDistribution(run, clock)] : [];
        var timeline = run.Events.Any(happened => happened.Disturbs || happened.Event == "started") ? TimeFigures.Timeline(run) : null;
        var page = Page(run, clock, convergence, bytes, times, timeline);
        var plots = Directory.CreateDirectory(Path.Combine(folder, PlotFolder)).FullName;
        Figure?[] all = [.. convergence, .. bytes, .. times, timeline];
        foreach (var (name, content) in all.OfType<Figure>().SelectMany(figure => figure.Files()))
        {
            cancellation.ThrowIfCancellationRequested();
            WholeFile.Write(Path.Combine(plots, name), content);
        }

        var path = Path.Combine(folder, FileName);
        WholeFile.Write(path, page);
        return path;
    }

    private static string Page(FinishedRun run, RoundClock clock, Figure?[] convergence, Figure?[] bytes, Figure?[] times, Figure? timeline)
    {
        var summary = run.Summary;
        var what = $"{PlainSummary.Count(summary.Devices, "device")}, {PlainSummary.Count(summary.Rounds, "round")}, seed {summary.Seed}";
        return HtmlPage.Of($"DCC run {run.Name}: {what}", Html.Of($"""
            <header><p class="kicker">Decentralised coordination via constrained MDPs: report of a run</p>
            <h1>{run.Name}</h1>
            <p>{what}</p></header>
            {Tiles(run)}
            {HtmlPage.Section("summary", "Summary", Html.Join(PlainSummary.Of(run).Select(sentence => Html.Of($"<p>{sentence}</p>\n"))))}
            {HtmlPage.Section("convergence", "Convergence and offloading", HtmlPage.Figures(convergence))}
            {HtmlPage.Section("bytes", "Bytes", BytesSection.Of(summary.Bytes, bytes))}
            {HtmlPage.Section("times", "Times", run.HasTimes ? HtmlPage.Figures(times) : "Without a network a round has no times.")}
            {HtmlPage.Section("devices", "Devices", DeviceTable.Of(run))}
            {HtmlPage.Section("events", "Events", EventSection.Of(run, clock, timeline))}
            {HtmlPage.Section("reproduce", "To make it again", Reproduction.Of(run))}
            <footer><p>The data and pictures behind each plot are in the folder plots beside this page.</p></footer>
            """));
    }

    private static Html Tiles(FinishedRun run)
    {
        var summary = run.Summary;
        return HtmlPage.Facts(
        [
            ("cost per device and step", Html.Exact(summary.ApproximateCost, ReportNumber.Fine)),
            ("above best known", Html.Exact((summary.ApproximateCost / summary.BestKnown) - 1, ReportNumber.Percent)),
            ("IP bytes per device-round", summary.Bytes is { } bytes ? Html.Exact(bytes.IpBytesPerDeviceRound, ReportNumber.Short) : "no network"),
            ("median round trip", summary.RoundTripMilliseconds is { } times ? Html.Exact(times.Median, ReportNumber.Duration) : "no network"),
            ("faults, restarts, retries", summary.Faults is null ? "not known" : $"{summary.Faults}, {summary.Restarts}, {summary.Retries}"),
            ("digest", Html.Of($"<code title=\"{summary.Digest}\">{summary.Digest[..10]}…</code>")),
        ]);
    }
}
