using System.Globalization;
using Dcc.Cli.Runs;

namespace Dcc.Cli.Reporting;

/// <summary>What a run came to, in sentences. Claims nothing that was not checked.</summary>
internal static class PlainSummary
{
    internal static IEnumerable<Html> Of(FinishedRun run)
    {
        yield return Ran(run);
        yield return Converged(run.Summary);
        yield return Carried(run);
        yield return Broke(run);
        yield return Same(run);
    }

    private static Html Ran(FinishedRun run)
    {
        var summary = run.Summary;
        var how = run.Provenance switch
        {
            { RelearnedDigest: not null, Scenario: var scenario } =>
                $"as separate processes over gRPC, each device behind an emulated link (scenario {scenario})",
            { Scenario: { } scenario } => $"in one process, with the links and faults of scenario {scenario} in virtual time",
            not null => "in one process, without a network",
            null => "in a way that was not recorded (no run.json)",
        };
        var classes = summary.ClassesInWords is { } words ? $" Device classes, cited and not measured here: {words}." : "";
        return Html.Of($"""
            {Count(summary.Devices, "device")} coordinated over {Count(summary.Rounds, "round")} {how}. Each learned with {summary.Solver}; the
            constraints moved by {summary.StepRule} under {summary.Congestion} congestion with exponent {summary.Exponent}.{classes}
            """);
    }

    private static Html Converged(RunSummary summary)
    {
        if (summary is not { ApproximateCost: { } cost, BestKnown: { } best, NeverOffload: { } never })
        {
            return "The devices' models are not known here, so nothing is said of the cost.";
        }

        var gap = (cost / best) - 1;
        var share = never > best ? Html.Of($", and {Percent((never - cost) / (never - best))} of what can be gained over never offloading") : Html.Empty;
        return Html.Of($"""
            At the final constraints a device costs {Html.Exact(cost, ReportNumber.Fine)} per step: {Percent(gap)} above the best known
            {Html.Exact(best, ReportNumber.Fine)}{share} ({Html.Exact(never, ReportNumber.Fine)}).
            """);
    }

    private static Html Carried(FinishedRun run)
    {
        if (run.Summary.Bytes is not { } bytes)
        {
            return run.HasTimes
                ? "No bytes crossed a socket; the times below are virtual."
                : "No network was involved: there are no bytes and no times to show.";
        }

        var total = bytes.Total.Up + bytes.Total.Down;
        var retry = bytes.Causes.TryGetValue("retry", out var count) && total > 0 ? (double)(count.Up + count.Down) / total : 0;
        var adds = bytes.AddsUp ? "every one of them accounted for by layer" : "and they do NOT add up by layer";
        return Html.Of($"""
            A round cost a device {Html.Exact(bytes.IpBytesPerDeviceRound, ReportNumber.Short)} IP bytes. In all, {ReportNumber.Bytes(total)} crossed
            the devices' sockets, {adds}; {Percent(retry)} of them because something had to be repeated.
            """);
    }

    private static Html Broke(FinishedRun run)
    {
        var summary = run.Summary;
        if (summary is not { Faults: { } faults, Retries: { } retries, Restarts: { } restarts })
        {
            return "What broke was not counted.";
        }

        var disturbed = faults + retries + restarts > 0
            ? $"{Count(faults, "fault")} {(faults == 1 ? "was" : "were")} injected, {Count(restarts, "process", "es")} started again and " +
                $"{Count(retries, "stream")} established again"
            : run.HasTimes
                ? "Nothing broke: no fault, no process started again, no stream established again"
                : "There was no network that could break";
        return Html.Of($"{disturbed}. All {Count(summary.Rounds, "round")} and the last evaluation were committed.");
    }

    private static Html Same(FinishedRun run)
    {
        var checkedNow = "Every hash, push and constraint of the journal was recomputed for this page and gave the digest below.";
        if (run.Relearned)
        {
            return Html.Of($"""
                {checkedNow} When the run had ended, every report was also learned again, in one process and without a network, and each was the same to
                the last bit: {Undisturbed(run)}.
                """);
        }

        return run.Provenance is { RelearnedDigest: null } || run.Parameters.Staleness > 0
            ? Html.Of($"{checkedNow} The devices learned in one process, which no fault of a network can reach.")
            : Html.Of($"{checkedNow} Whether an undisturbed run has the same digest was not checked: <code>dcc verify --relearn</code> does.");
    }

    private static string Undisturbed(FinishedRun run) => run.Parameters.Staleness > 0
        ? "with reports in this order, every run has this digest"
        : "an undisturbed run has this digest too";

    internal static string Count(int number, string noun, string plural = "s") =>
        string.Create(CultureInfo.InvariantCulture, $"{ReportNumber.Whole(number)} {noun}{(number == 1 ? "" : plural)}");

    private static string Percent(double fraction) => ReportNumber.Percent(fraction);
}
