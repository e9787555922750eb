using System.Globalization;
using ScottPlot;

namespace Dcc.Cli.Reporting.Plots;

/// <summary>Cost and constraints round by round, and how often each device offloads in the end.</summary>
internal static class ConvergenceFigures
{
    // More devices than these are a band, or a sorted curve, in place of a mark each.
    private const int FewDevices = 7;
    private const int SomeDevices = 60;
    private const int MostMapRows = 400;
    private const int MostMapColumns = 600;
    private const string Rounds = "round";

    // Below this a gap is not drawn, in percent: the best known theta is no better known than that.
    private const double LeastGap = 1e-3;

    internal static Figure Cost(FinishedRun run)
    {
        var x = Axis(run);
        var reported = Array.ConvertAll(x, round => run.ReportedCost((int)round));
        var plot = PlotStyle.New(Rounds, "cost per device and step");
        Level(plot, "never offload", run.Summary.NeverOffload, PlotStyle.Grey, LinePattern.Dotted);
        Level(plot, "best known", run.Summary.BestKnown, PlotStyle.Green, LinePattern.DenselyDashed);
        plot.Line("reported J", x, reported, PlotStyle.Orange, width: 1.3f);
        if (run.ExactCost is { } exact)
        {
            plot.Line("exact cost", x, exact, PlotStyle.Blue, width: 2.4f);
        }

        plot.WholeNumbers(x.Length - 1);
        var data = new CsvText("round", "exactCost", "meanReportedCost", "neverOffload", "bestKnown");
        foreach (var round in x)
        {
            data.Add((int)round, run.ExactCost?[(int)round], reported[(int)round], run.Summary.NeverOffload, run.Summary.BestKnown);
        }

        return new Figure(
            "cost", "Cost per round",
            "Exact is the decomposed cost of all devices acting optimally at the round's θ; reported is the mean of what the devices measured, " +
            "with their learning error.", plot.WithLegend(), data);
    }

    /// <summary>Null where nothing is known to compare with.</summary>
    internal static Figure? Gap(FinishedRun run)
    {
        if (run is not { ExactCost: not null, Summary.BestKnown: not null })
        {
            return null;
        }

        var x = Axis(run);
        var percent = Gaps(run);
        var plot = PlotStyle.New(Rounds, "above best known, %");
        plot.Line(null, x, Logarithms(percent), PlotStyle.Blue);
        GapAxis(plot, percent);
        plot.WholeNumbers(x.Length - 1);
        var data = new CsvText("round", "percentAboveBestKnown");
        Array.ForEach(x, round => data.Add((int)round, percent[(int)round]));
        return new Figure(
            "gap", "Distance from the best known cost",
            "Exact cost over the best cost known for these devices, on a logarithmic axis; what lies below 0.001 % is not drawn.", plot, data);
    }

    /// <summary>Exact cost above the best known in percent, by round, of a run for which both are known.</summary>
    internal static double[] Gaps(FinishedRun run) => Array.ConvertAll(run.ExactCost!, cost => 100 * ((cost / run.Summary.BestKnown!.Value) - 1));

    /// <summary>Gaps as they stand on <see cref="GapAxis"/>.</summary>
    internal static double[] Logarithms(double[] percent) => Array.ConvertAll(percent, value => value < LeastGap ? double.NaN : Math.Log10(value));

    internal static void GapAxis(Plot plot, IEnumerable<double> percent)
    {
        double[] shown = [.. percent.Where(value => value >= LeastGap).Select(Math.Log10).DefaultIfEmpty(0)];
        var (least, most) = (shown.Min() - 0.1, shown.Max() + 0.1);
        plot.Axes.Left.Logarithms(least, most);
        plot.Axes.SetLimitsY(least, most);
    }

    internal static Figure Theta(FinishedRun run)
    {
        var x = Axis(run);
        var plot = PlotStyle.New(Rounds, "constraint θ, offloads per step");
        plot.WholeNumbers(x.Length - 1);
        if (run.Devices <= FewDevices)
        {
            var data = new CsvText(["round", .. Enumerable.Range(0, run.Devices).Select(device => Invariant($"device{device}"))]);
            for (var device = 0; device < run.Devices; device++)
            {
                double[] theta = [.. run.Rounds.Select(round => round.Pushes[device].Theta)];
                plot.Line(Invariant($"device {device}"), x, theta, PlotStyle.Series[device]);
            }

            Array.ForEach(x, round => data.Add([(int)round, .. run.Theta((int)round).Cast<object>()]));
            return new Figure("theta", "Constraints per round", "θ is how often a device may offload.", plot.WithLegend(), data);
        }

        var quantiles = Array.ConvertAll(x, round => new Quantiles(run.Theta((int)round)));
        var mean = Array.ConvertAll(x, round => run.Theta((int)round).Average());
        Band("least to most", 0, 1, 0.15);
        Band("10 to 90 %", 0.1, 0.9, 0.35);
        plot.Line("median", x, Array.ConvertAll(quantiles, round => round.Median), PlotStyle.Blue);
        plot.Line("mean", x, mean, PlotStyle.Vermilion, LinePattern.DenselyDashed);
        var band = new CsvText("round", "least", "percentile10", "median", "mean", "percentile90", "most");
        foreach (var round in x)
        {
            var of = quantiles[(int)round];
            band.Add((int)round, of.At(0), of.At(0.1), of.Median, mean[(int)round], of.At(0.9), of.At(1));
        }

        return new Figure(
            "theta", "Constraints per round",
            Invariant($"θ is how often a device may offload; the bands hold all {run.Devices} devices and the middle 80 %."),
            plot.WithLegend(), band);

        void Band(string legend, double low, double high, double opacity)
        {
            var fill = plot.Add.FillY(
                x, Array.ConvertAll(quantiles, round => round.At(low)), Array.ConvertAll(quantiles, round => round.At(high)));
            fill.FillColor = PlotStyle.Blue.WithAlpha(opacity);
            fill.LineWidth = 0;
            fill.MarkerSize = 0;
            fill.LegendText = legend;
        }
    }

    /// <summary>Null for a single device.</summary>
    internal static Figure? ThetaMap(FinishedRun run)
    {
        if (run.Devices == 1)
        {
            return null;
        }

        var sorted = run.Devices > SomeDevices;
        var final = run.Summary.FinalTheta;
        int[] order = [.. sorted ? Enumerable.Range(0, run.Devices).OrderBy(device => final[device]) : Enumerable.Range(0, run.Devices)];
        var plot = PlotStyle.New(Rounds, sorted ? "devices, by final θ" : "device");
        var map = plot.Add.Heatmap(Cells(run, order));
        map.Colormap = new ScottPlot.Colormaps.Viridis();
        map.Rectangle = new CoordinateRect(-0.5, run.Rounds.Count - 0.5, -0.5, run.Devices - 0.5);
        map.FlipVertically = true;
        plot.Axes.SetLimits(-0.5, run.Rounds.Count - 0.5, -0.5, run.Devices - 0.5);
        plot.Axes.Bottom.WholeNumbers();
        plot.Axes.Left.WholeNumbers();
        plot.HideGrid();
        var bar = plot.Add.ColorBar(map);
        bar.Label = "constraint θ";
        bar.LabelStyle.Bold = false;
        bar.LabelStyle.FontSize = bar.Axis.TickLabelStyle.FontSize = plot.Axes.Left.TickLabelStyle.FontSize;
        bar.LabelStyle.ForeColor = bar.Axis.TickLabelStyle.ForeColor = PlotStyle.Ink;
        bar.Axis.MinorTickStyle.Length = 0;
        bar.Width = 12;
        var data = new CsvText(["round", .. Enumerable.Range(0, run.Devices).Select(device => Invariant($"device{device}"))]);
        for (var round = 0; round < run.Rounds.Count; round++)
        {
            data.Add([round, .. run.Theta(round).Cast<object>()]);
        }

        return new Figure(
            "theta-map", "Every device's constraint", sorted
                ? "A row a device, in the order of their final θ; of many devices or rounds neighbours are averaged."
                : "A row a device.", plot, data);
    }

    internal static Figure Offload(FinishedRun run)
    {
        var theta = run.Summary.FinalTheta;
        var frequency = run.Summary.OffloadFrequency;
        var many = run.Devices > SomeDevices;
        int[] order = [.. many ? Enumerable.Range(0, run.Devices).OrderBy(device => theta[device]) : Enumerable.Range(0, run.Devices)];
        double[] x = [.. Enumerable.Range(0, run.Devices)];
        var plot = PlotStyle.New(many ? "devices, by final θ" : "device", "offloads per step");
        var marks = plot.Add.Markers(
            x, Array.ConvertAll(order, device => theta[device]), many ? MarkerShape.FilledCircle : MarkerShape.HorizontalBar, many ? 3 : 16,
            PlotStyle.Vermilion);
        marks.MarkerLineWidth = 2;
        marks.LegendText = "final constraint θ";
        if (frequency is not null)
        {
            var dots = plot.Add.Markers(
                x, Array.ConvertAll(order, device => frequency[device]), MarkerShape.FilledCircle, many ? 2 : 7, PlotStyle.Blue);
            dots.LegendText = "offload frequency";
        }

        plot.WholeNumbers(run.Devices - 1);
        plot.Axes.SetLimitsY(0, Math.Max(0.02, Math.Max(theta.Max(), frequency?.Max() ?? 0)) * 1.08);
        var data = new CsvText("device", "theta", "offloadFrequency");
        Array.ForEach(order, device => data.Add(device, theta[device], frequency?[device]));
        return new Figure(
            "offload", "Offload frequency per device", run.Summary.Criterion == "average"
                ? "How often each device's deployed policy offloads in the steady-state simulation, beside how often it may."
                : "How often each device's deployed policy offloads (exact, discounted), beside how often it may.", plot.WithLegend(), data);
    }

    private static double[] Axis(FinishedRun run) => [.. Enumerable.Range(0, run.Rounds.Count)];

    private static void Level(Plot plot, string legend, double? value, Color color, LinePattern pattern)
    {
        if (value is { } known)
        {
            plot.Add.HorizontalLine(known, 1.6f, color, pattern).LegendText = legend;
        }
    }

    // Row 0 is the first device of the order; neighbours are averaged where the map would have more cells than can be seen.
    private static double[,] Cells(FinishedRun run, int[] order)
    {
        var rows = Math.Min(order.Length, MostMapRows);
        var columns = Math.Min(run.Rounds.Count, MostMapColumns);
        var cells = new double[rows, columns];
        var counts = new int[rows, columns];
        for (var round = 0; round < run.Rounds.Count; round++)
        {
            var column = (int)((long)round * columns / run.Rounds.Count);
            for (var place = 0; place < order.Length; place++)
            {
                var row = (int)((long)place * rows / order.Length);
                cells[row, column] += run.Rounds[round].Pushes[order[place]].Theta;
                counts[row, column]++;
            }
        }

        for (var row = 0; row < rows; row++)
        {
            for (var column = 0; column < columns; column++)
            {
                cells[row, column] /= counts[row, column];
            }
        }

        return cells;
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
