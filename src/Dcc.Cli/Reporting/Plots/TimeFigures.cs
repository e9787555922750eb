using ScottPlot;

namespace Dcc.Cli.Reporting.Plots;

/// <summary>How long rounds took, and what happened meanwhile.</summary>
internal static class TimeFigures
{
    private const int QuantileSteps = 200;
    private const int Width = PlotStyle.Width;

    internal static Figure RoundTimes(FinishedRun run, RoundClock clock)
    {
        double[] x = [.. Enumerable.Range(0, run.RoundTrips.Length)];
        var trips = Array.ConvertAll(run.RoundTrips, times => new Quantiles(times));
        var slowest = Array.ConvertAll(trips, round => round.At(1));
        var median = Array.ConvertAll(trips, round => round.Median);
        var whole = Array.ConvertAll(x, round => clock.Milliseconds((int)round));
        var plot = PlotStyle.New("round", "milliseconds");
        var disturbances = clock.Disturbances(run);
        foreach (var place in disturbances)
        {
            plot.Add.VerticalLine(place, 1, PlotStyle.Vermilion, LinePattern.Dotted);
        }

        var map = plot.Axes.Left.Scale([.. slowest, .. median, .. whole], out var least, out var most);
        if (whole.Any(double.IsFinite))
        {
            plot.Line("commit to commit", x, Array.ConvertAll(whole, map), PlotStyle.Grey, width: 1.4f);
        }

        plot.Line("slowest device", x, Array.ConvertAll(slowest, map), PlotStyle.Blue);
        plot.Line("median device", x, Array.ConvertAll(median, map), PlotStyle.Sky);
        if (disturbances.Length > 0)
        {
            plot.Legend.ManualItems.Add(new LegendItem
            {
                LabelText = "fault, kill or restart", LineColor = PlotStyle.Vermilion, LineWidth = 1.5f, LinePattern = LinePattern.Dotted,
            });
        }

        plot.Axes.Bottom.WholeNumbers();
        plot.Axes.SetLimits(-0.6, x.Length - 0.4, least, most);
        var data = new CsvText("round", "commitToCommitMilliseconds", "slowestMilliseconds", "medianMilliseconds", "devicesUnknown");
        foreach (var round in x)
        {
            var n = (int)round;
            data.Add(n, whole[n], slowest[n], median[n], run.Devices - trips[n].Count);
        }

        var marks = disturbances.Length == 0
            ? ""
            : " Dotted lines mark what disturbed the run. After a restart of the coordinator a device's time counts from the push sent again.";
        return new Figure(
            "round-time", "Time of each round",
            $"From the push to the report of the slowest and the median device{Meaning(run)}; commit to commit is the whole round." + marks,
            plot.WithLegend(), data);
    }

    internal static Figure RoundTripDistribution(FinishedRun run, RoundClock clock)
    {
        var disturbed = clock.Disturbances(run).Select(place => (int)Math.Round(place)).ToHashSet();
        var quiet = new Quantiles(run.RoundTrips.Where((_, round) => !disturbed.Contains(round)).SelectMany(times => times));
        var faulty = new Quantiles(run.RoundTrips.Where((_, round) => disturbed.Contains(round)).SelectMany(times => times));
        double[] fractions = [.. Enumerable.Range(0, QuantileSteps + 1).Select(step => (double)step / QuantileSteps)];
        var plot = PlotStyle.New("milliseconds from push to report", "fraction of device-rounds");
        double[] ends = [quiet.At(0), quiet.At(1), faulty.At(0), faulty.At(1)];
        var map = plot.Axes.Bottom.Scale(ends, out var least, out var most);
        Draw(faulty.Count == 0 ? null : "rounds without a fault", quiet, PlotStyle.Blue);
        Draw("rounds with one", faulty, PlotStyle.Vermilion);
        plot.Axes.SetLimits(least, most, 0, 1.02);
        var data = new CsvText("fraction", "quietRoundsMilliseconds", "disturbedRoundsMilliseconds");
        Array.ForEach(fractions, fraction => data.Add(fraction, quiet.At(fraction), faulty.At(fraction)));
        return new Figure(
            "round-trips", "Distribution of round trips",
            $"Read: this fraction of all round trips took at most so long{Meaning(run)}.", faulty.Count == 0 ? plot : plot.WithLegend(), data);

        void Draw(string? legend, Quantiles of, Color color)
        {
            if (of.Count > 0)
            {
                plot.Line(legend, Array.ConvertAll(fractions, fraction => map(of.At(fraction))), fractions, color);
            }
        }
    }

    internal static Figure Timeline(FinishedRun run)
    {
        string[] kinds = [.. run.Events.Select(happened => happened.Event).Where(kind => kind is not "fault-ended").Distinct()];
        var longest = Math.Max(run.Events[^1].Time, 1e-9);
        var plot = PlotStyle.New("seconds since the start" + (run.Summary.VirtualSeconds is null ? "" : ", virtual"), "");
        var data = new CsvText("seconds", "event", "round", "device", "process", "reason");
        run.Events.ToList().ForEach(happened =>
            data.Add(happened.Time, happened.Event, happened.Round, happened.Device, happened.Process, happened.Reason));
        for (var lane = 0; lane < kinds.Length; lane++)
        {
            var color = kinds[lane] switch
            {
                "started" or "joined" or "finished" => PlotStyle.Blue,
                "restarted" => PlotStyle.Green,
                _ => PlotStyle.Vermilion,
            };
            foreach (var fault in run.Events.Where(happened => kinds[lane] == "fault" && happened.Event == "fault"))
            {
                var end = run.Events.FirstOrDefault(later => later.Event == "fault-ended" && later.Reason == fault.Reason && later.Time >= fault.Time);
                if (end is not null)
                {
                    var bar = plot.Add.Line(fault.Time, -lane, end.Time, -lane);
                    bar.LineColor = color.WithAlpha(0.35);
                    bar.LineWidth = 9;
                }
            }

            // Dots that would lie on each other are one.
            double[] times =
            [
                .. run.Events.Where(happened => happened.Event == kinds[lane]).Select(happened => happened.Time)
                    .DistinctBy(time => (int)(Width * time / longest)),
            ];
            plot.Add.Markers(times, Array.ConvertAll(times, _ => -(double)lane), MarkerShape.FilledCircle, 6, color);
        }

        plot.Axes.Left.SetTicks([.. kinds.Select((_, lane) => -(double)lane)], kinds);
        plot.Axes.Left.MajorTickStyle.Length = 0;
        plot.Axes.SetLimits(-0.02 * longest, 1.02 * longest, 0.4 - kinds.Length, 0.6);
        return new Figure("timeline", "What happened when", "A dot an event; a bar lasts as long as the fault was in force.", plot, data);
    }

    private static string Meaning(FinishedRun run) =>
        run.Summary.VirtualSeconds is null ? ", learning included" : ", in virtual time, where learning takes none";
}
