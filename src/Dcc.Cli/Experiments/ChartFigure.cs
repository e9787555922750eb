using Dcc.Cli.Reporting;
using Dcc.Cli.Reporting.Plots;
using Dcc.Experiments.Results;
using ScottPlot;
using ScottPlot.TickGenerators;
using PlotStyle = Dcc.Cli.Reporting.Plots.PlotStyle;

namespace Dcc.Cli.Experiments;

/// <summary>Draws an experiment's charts.</summary>
internal static class ChartFigure
{
    private const double Whisker = 1.5;

    internal static Figure Of(Chart chart)
    {
        var plot = PlotStyle.New(chart.X, chart.Y);
        var data = chart switch
        {
            BoxChart boxes => Boxes(plot, boxes),
            LineChart lines => Lines(plot, lines),
            ScatterChart points => Points(plot, points),
            _ => throw new ArgumentOutOfRangeException(nameof(chart), chart.GetType().Name, "Unknown chart."),
        };
        return new Figure(chart.Name, chart.Title, chart.Caption, plot, data);
    }

    // In every group one box per series, and left of it the interquartile mean with its interval.
    private static CsvText Boxes(Plot plot, BoxChart chart)
    {
        const double GroupWidth = 0.8, BoxShare = 0.6, MeanShare = 0.38;
        var data = new CsvText("group", "series", "runs", "iqm", "low95", "high95", "whiskerLow", "quartile1", "median", "quartile3", "whiskerHigh");
        var slot = GroupWidth / chart.Series.Length;
        for (var s = 0; s < chart.Series.Length; s++)
        {
            var (series, color) = (chart.Series[s], PlotStyle.Series[s % PlotStyle.Series.Length]);
            var boxes = new List<Box>();
            for (var group = 0; group < chart.Groups.Length; group++)
            {
                if (series.Values[group].Length == 0)
                {
                    continue;
                }

                var (spread, quantiles) = (Spread.Of(series.Values[group]), new Quantiles(series.Values[group]));
                var middle = group - (GroupWidth / 2) + (slot * (s + 0.5));
                var (low, high) = Whiskers(series.Values[group], quantiles);
                boxes.Add(new Box
                {
                    Position = middle, Width = slot * BoxShare, BoxMin = quantiles.At(0.25), BoxMiddle = quantiles.Median, BoxMax = quantiles.At(0.75),
                    WhiskerMin = low, WhiskerMax = high,
                });
                var mean = plot.Add.Scatter(new[] { middle - (slot * MeanShare) }, new[] { spread.Mean }, color);
                mean.MarkerSize = 5;
                var interval = plot.Add.Line(middle - (slot * MeanShare), spread.Low, middle - (slot * MeanShare), spread.High);
                interval.Color = color;
                data.Add(
                    chart.Groups[group], series.Label, spread.Count, spread.Mean, spread.Low, spread.High, low, quantiles.At(0.25), spread.Median,
                    quantiles.At(0.75), high);
            }

            if (boxes.Count > 0)
            {
                var drawn = plot.Add.Boxes(boxes);
                drawn.LegendText = chart.Series.Length > 1 ? series.Label : "";

                // Adding them gives them colours of the library's own.
                drawn.FillColor = color.WithAlpha(0.35);
                drawn.LineColor = color;
            }
        }

        plot.Axes.Bottom.TickGenerator = new NumericManual([.. Enumerable.Range(0, chart.Groups.Length).Select(group => (double)group)], chart.Groups);
        plot.Axes.SetLimitsX(-0.6, chart.Groups.Length - 0.4);
        plot.WithLegend();
        return data;
    }

    // To the last value within one and a half box lengths.
    private static (double Low, double High) Whiskers(double[] values, Quantiles quantiles)
    {
        var reach = Whisker * (quantiles.At(0.75) - quantiles.At(0.25));
        return (values.Where(value => value >= quantiles.At(0.25) - reach).Min(), values.Where(value => value <= quantiles.At(0.75) + reach).Max());
    }

    private static CsvText Lines(Plot plot, LineChart chart)
    {
        var data = new CsvText("series", "x", "runs", "iqm", "low95", "high95", "median");
        for (var s = 0; s < chart.Series.Length; s++)
        {
            var (series, color) = (chart.Series[s], PlotStyle.Series[s % PlotStyle.Series.Length]);
            var x = chart.LogarithmicX ? Array.ConvertAll(series.X, Math.Log10) : series.X;
            if (x.Length > 1)
            {
                var band = plot.Add.FillY(x, Array.ConvertAll(series.Y, y => y.Low), Array.ConvertAll(series.Y, y => y.High));
                band.FillColor = color.WithAlpha(0.18);
                band.LineWidth = 0;
                band.LegendText = "";
            }

            plot.Line(series.Label, x, Array.ConvertAll(series.Y, y => y.Mean), color);
            for (var i = 0; i < series.X.Length; i++)
            {
                var y = series.Y[i];
                data.Add(series.Label, series.X[i], y.Count, y.Mean, y.Low, y.High, y.Median);
            }
        }

        if (chart.LogarithmicX && chart.Series.SelectMany(series => series.X).Where(x => x > 0).ToArray() is { Length: > 0 } all)
        {
            plot.Axes.Bottom.Logarithms(Math.Log10(all.Min()), Math.Log10(all.Max()));
        }

        plot.WithLegend();
        return data;
    }

    private static CsvText Points(Plot plot, ScatterChart chart)
    {
        var data = new CsvText("series", "x", "y");
        List<double> drawn = [];
        for (var s = 0; s < chart.Series.Length; s++)
        {
            var series = chart.Series[s];
            var x = new List<double>();
            var y = new List<double>();
            for (var i = 0; i < series.X.Length; i++)
            {
                data.Add(series.Label, series.X[i], series.Y[i]);
                if (!chart.Logarithmic || (series.X[i] >= ScatterChart.Least && series.Y[i] >= ScatterChart.Least))
                {
                    x.Add(chart.Logarithmic ? Math.Log10(series.X[i]) : series.X[i]);
                    y.Add(chart.Logarithmic ? Math.Log10(series.Y[i]) : series.Y[i]);
                }
            }

            drawn.AddRange(x.Concat(y));
            var points = plot.Add.ScatterPoints(x, y, PlotStyle.Series[s % PlotStyle.Series.Length].WithAlpha(0.6));
            points.MarkerSize = 4;
            points.LegendText = chart.Series.Length > 1 ? series.Label : "";
        }

        var (least, most) = (drawn.DefaultIfEmpty(0).Min(), drawn.DefaultIfEmpty(1).Max());
        if (chart.Logarithmic)
        {
            plot.Axes.Bottom.Logarithms(least, most);
            plot.Axes.Left.Logarithms(least, most);
        }

        // Last: a dashed pattern would stay on for the markers.
        plot.Line(null, [least, most], [least, most], PlotStyle.Grey, LinePattern.DenselyDashed, width: 1);
        plot.WithLegend();
        return data;
    }
}
