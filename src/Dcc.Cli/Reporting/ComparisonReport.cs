using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Dcc.Cli.Reporting.Plots;
using Dcc.Cli.Runs;
using Dcc.Core.Engine;
using Dcc.Core.Validation;

namespace Dcc.Cli.Reporting;

/// <summary>One page about several runs: what differs between them and what came of it.</summary>
internal static class ComparisonReport
{
    private const int ShownHash = 12;
    private const int ShownVersion = 18;

    private static readonly (string Name, Func<FinishedRun, Html> Value)[] Results =
    [
        ("cost per device and step", run => Html.Exact(run.Summary.ApproximateCost, ReportNumber.Fine)),
        ("best known", run => Html.Exact(run.Summary.BestKnown, ReportNumber.Fine)),
        ("above best known", run => Html.Exact((run.Summary.ApproximateCost / run.Summary.BestKnown) - 1, ReportNumber.Percent)),
        ("never offloading", run => Html.Exact(run.Summary.NeverOffload, ReportNumber.Fine)),
        ("joint cost, steady state", run => Html.Exact(run.Summary.JointCost?.SteadyState, ReportNumber.Fine)),
        ("joint cost, discounted", run => Html.Exact(run.Summary.JointCost?.Discounted, ReportNumber.Fine)),
        ("IP bytes per device-round", run => Known(run.Summary.Bytes?.IpBytesPerDeviceRound, ReportNumber.Short)),
        ("bytes on the sockets, up", run => Known(run.Summary.Bytes?.Total.Up, ReportNumber.Bytes)),
        ("bytes on the sockets, down", run => Known(run.Summary.Bytes?.Total.Down, ReportNumber.Bytes)),
        ("round trip, median", run => Known(run.Summary.RoundTripMilliseconds?.Median, ReportNumber.Duration)),
        ("round trip, 99 %", run => Known(run.Summary.RoundTripMilliseconds?.Percentile99, ReportNumber.Duration)),
        ("round trip, longest", run => Known(run.Summary.RoundTripMilliseconds?.Longest, ReportNumber.Duration)),
        ("virtual time", run => Known(1000 * run.Summary.VirtualSeconds, ReportNumber.Duration)),
        ("faults", run => Known(run.Summary.Faults, value => ReportNumber.Whole((long)value))),
        ("processes started again", run => Known(run.Summary.Restarts, value => ReportNumber.Whole((long)value))),
        ("streams established again", run => Known(run.Summary.Retries, value => ReportNumber.Whole((long)value))),
        ("wall time", run => Html.Exact(1000 * run.Summary.WallSeconds, ReportNumber.Duration)),
        ("digest", run => Html.Of($"""<code title="{run.Summary.Digest}">{run.Summary.Digest[..ShownHash]}…</code>""")),
    ];

    private static readonly (string Name, Func<FinishedRun, string> Value)[] Settings =
    [
        ("command", run => run.Provenance?.Command.FirstOrDefault() ?? "not recorded"),
        ("scenario", run => run.Provenance is { } provenance ? provenance.Scenario ?? "none" : "not recorded"),
        ("devices", run => Text(run.Parameters.Devices)),
        ("rounds", run => Text(run.Parameters.Rounds)),
        ("seed", run => Text(run.Parameters.Seed)),
        ("solver", run => KebabCase.Name(run.Parameters.Solver)),
        ("steps", run => Text(run.Parameters.Steps)),
        ("step rule", run => KebabCase.Name(run.Parameters.StepRule)),
        ("congestion", run => KebabCase.Name(run.Parameters.Congestion)),
        ("congestion form", run => KebabCase.Name(run.Parameters.CongestionForm)),
        ("exponent", run => Text(run.Parameters.Exponent)),
        ("criterion", run => KebabCase.Name(run.Parameters.Criterion)),
        ("gradient", run => KebabCase.Name(run.Parameters.Gradient)),
        ("perturbation", run => KebabCase.Name(run.Parameters.Perturbation)),
        ("perturbation size", run => Text(run.Parameters.PerturbationSize)),
        ("initial theta", run => InitialTheta(run.Parameters)),
        ("system", run => run.Parameters.EmulatedSystem is { } system ? Hash(system) : "real devices"),
        ("dcc", run => run.Provenance is { Version: var version } ? version[..Math.Min(version.Length, ShownVersion)] : "not recorded"),
    ];

    /// <summary>Reads the runs and writes one page about them.</summary>
    /// <param name="folders">Output folders of finished runs, two or more.</param>
    /// <param name="path">The page, written whole or not at all.</param>
    /// <param name="cancellation">Ends the work.</param>
    /// <returns>The page's path.</returns>
    internal static string Write(string[] folders, string path, CancellationToken cancellation)
    {
        PlotStyle.Load();
        FinishedRun[] runs = [.. folders.Select(folder => FinishedRun.Read(folder, cancellation))];
        var own = runs.Select(run => run.Name).Distinct().Count() == runs.Length;
        WholeFile.Write(path, Page([.. runs.Select(run => new NamedRun(own ? run.Name : run.Folder, run))]));
        return path;
    }

    private static string Page(NamedRun[] runs)
    {
        var title = $"{PlainSummary.Count(runs.Length, "run")} compared";
        string[] head = ["", .. runs.Select(run => run.Name)];
        var settings = Settings.Where(setting => runs.Select(run => setting.Value(run.Run)).Distinct().Count() > 1).ToList();
        return HtmlPage.Of(title, Html.Of($"""
            <header><p class="kicker">Decentralised coordination via constrained MDPs</p>
            <h1>{title}</h1></header>
            {HtmlPage.Section("summary", "Summary", Html.Join(Sentences(runs, settings.Count).Select(sentence => Html.Of($"<p>{sentence}</p>\n"))))}
            {HtmlPage.Section("settings", "What differs", settings.Count == 0
                ? "No parameter."
                : Html.Table("Parameters that are not the same in all runs", head, settings.Select(setting =>
                    (Html[])[setting.Name, .. runs.Select(run => (Html)setting.Value(run.Run))])))}
            {HtmlPage.Section("convergence", "Side by side", HtmlPage.Figures(ComparisonFigures.Of(runs)))}
            {HtmlPage.Section("results", "Results", Html.Table(
                "Costs are exact, decomposed and per device and step, unless they say otherwise", head,
                Results.Select(result => (Html[])[result.Name, .. runs.Select(run => result.Value(run.Run))])
                    .Where(row => row.Skip(1).Any(cell => cell.ToString().Length > 0))))}
            {HtmlPage.Section("reproduce", "To make them again", HtmlPage.Facts(runs.Select(run => (run.Name, Reproduction.Command(run.Run)))))}
            """));
    }

    private static IEnumerable<Html> Sentences(NamedRun[] runs, int differing)
    {
        var groups = runs.GroupBy(run => run.Run.Summary.Digest).ToList();
        yield return groups.Count == 1
            ? Html.Of($"All digests are equal: the runs went through the same constraints to the last bit.")
            : Html.Of($"""
                There are {groups.Count} different digests: {string.Join("; ", groups.Select(group =>
                    string.Join(", ", group.Select(run => run.Name)) + (group.Count() > 1 ? " (equal)" : "")))}.
                """);
        yield return differing switch { 0 => "No parameter differs.", 1 => "1 parameter differs.", _ => $"{differing} parameters differ." };
        if (runs.Where(run => run.Run.Summary is { ApproximateCost: not null, BestKnown: not null })
            .MinBy(run => run.Run.Summary.ApproximateCost / run.Run.Summary.BestKnown) is { Run: { } nearest, Name: var name })
        {
            var gap = (nearest.Summary.ApproximateCost!.Value / nearest.Summary.BestKnown!.Value) - 1;
            yield return Html.Of($"Nearest to its best known cost is {name}: {ReportNumber.Percent(gap)} above it.");
        }
    }

    private static string InitialTheta(RunParameters parameters) => parameters.InitialTheta.Distinct().ToArray() is [var same]
        ? Text(same)
        : $"list {Hash(string.Join(',', parameters.InitialTheta.Select(theta => Text(theta))))}";

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..ShownHash];

    private static string Text(IFormattable value) => value.ToString(null, CultureInfo.InvariantCulture);

    private static Html Known(double? value, Func<double, string> show) => value is null ? "" : Html.Exact(value, show);
}
