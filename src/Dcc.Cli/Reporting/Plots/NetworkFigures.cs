using Dcc.Cli.Overhead;
using Dcc.Cli.Runs;
using Dcc.Core.Validation;
using Dcc.Links.Ledger;
using ScottPlot;

namespace Dcc.Cli.Reporting.Plots;

/// <summary>What a run's network carried, and what others' rounds cost.</summary>
internal static class NetworkFigures
{
    /// <summary>Name of the run beside the reference systems.</summary>
    internal const string ThisRun = "this run";

    internal static Figure Bytes(CarriedBytes carried, ByteSummary summary)
    {
        var causes = Enum.GetValues<LedgerCause>();
        var rounds = Math.Max(1, summary.DeviceRounds);
        var plot = PlotStyle.New("bytes per device and round, up and down", "");
        var data = new CsvText("cause", "layer", "bytes", "bytesPerDeviceRound");
        var ends = new double[causes.Length];
        var series = 0;
        foreach (var layer in Enum.GetValues<LedgerLayer>())
        {
            var bars = new List<Bar>();
            foreach (var cause in causes)
            {
                var bytes = carried.Of(cause, layer);
                var rate = (double)bytes / rounds;
                data.Add(KebabCase.Name(cause), KebabCase.Name(layer), bytes, rate);
                bars.Add(new Bar
                {
                    Position = -(int)cause, ValueBase = ends[(int)cause], Value = ends[(int)cause] + rate, Size = 0.6,
                    Orientation = Orientation.Horizontal, FillColor = PlotStyle.Series[series % PlotStyle.Series.Length], LineWidth = 0,
                });
                ends[(int)cause] += rate;
            }

            if (bars.Any(bar => bar.Value > bar.ValueBase))
            {
                plot.Add.Bars(bars).LegendText = KebabCase.Name(layer).Replace('-', ' ');
                series++;
            }
        }

        foreach (var cause in causes)
        {
            var text = plot.Add.Text(ReportNumber.Short(ends[(int)cause]), ends[(int)cause], -(int)cause);
            Label(text, Alignment.MiddleLeft, 5);
        }

        Names(plot, [.. causes.Select(cause => (-(double)(int)cause, KebabCase.Name(cause)))]);
        plot.Axes.SetLimits(0, ends.Max() * 1.15, 0.6 - causes.Length, 0.6);
        return new Figure(
            "bytes", "Bytes by cause and layer",
            "All bytes at the devices' sockets, over the number of device-rounds; TCP/IP headers lie below them. Retry is what a fault caused: " +
            "later set-ups, repeated messages, what was cut off.", plot.WithLegend(), data);
    }

    /// <summary>Null where the kernel's segments are not known.</summary>
    internal static Figure? Elsewhere(ByteSummary summary)
    {
        if (summary.IpBytesPerDeviceRound is not { } own)
        {
            return null;
        }

        (string Name, double Least, double Most)[] rows =
            [(ThisRun, own, own), .. ReferenceSystem.All.Select(system => (system.Name, (double)system.LeastIpBytes, (double)system.MostIpBytes))];
        var plot = PlotStyle.New("IP bytes per device and round, logarithmic", "");
        var data = new CsvText("system", "leastIpBytes", "mostIpBytes");
        for (var row = 0; row < rows.Length; row++)
        {
            var (name, least, most) = rows[row];
            var color = row == 0 ? PlotStyle.Vermilion : PlotStyle.Blue;
            var line = plot.Add.Line(Math.Log10(least), -row, Math.Log10(most), -row);
            line.LineColor = color;
            line.LineWidth = 3;
            plot.Add.Marker(Math.Log10(least), -row, MarkerShape.FilledCircle, 9, color);
            plot.Add.Marker(Math.Log10(most), -row, MarkerShape.FilledCircle, 9, color);
            var text = least == most ? ReportNumber.Short(least) : $"{ReportNumber.Short(least)} to {ReportNumber.Short(most)}";
            Label(plot.Add.Text(text, Math.Log10(most), -row), Alignment.MiddleLeft, 9);
            data.Add(name, least, most);
        }

        Names(plot, [.. rows.Select((row, index) => (-(double)index, row.Name))]);
        var (left, right) = (Math.Log10(rows.Min(row => row.Least)) - 0.15, Math.Log10(rows.Max(row => row.Most)) + 0.45);
        plot.Axes.Bottom.Logarithms(left, right);
        plot.Axes.SetLimits(left, right, 0.5 - rows.Length, 0.5);
        return new Figure(
            "bytes-elsewhere", "A round beside other systems",
            "One push and one report with the headers of the segments that carry them. The others: a round of three scalars up and one down, " +
            $"{ReferenceSystem.Source}.",
            plot, data);
    }

    private static void Label(ScottPlot.Plottables.Text text, Alignment alignment, float offset)
    {
        text.LabelAlignment = alignment;
        text.OffsetX = offset;
        text.LabelFontSize = 13;
        text.LabelFontColor = PlotStyle.Ink;
    }

    private static void Names(Plot plot, (double Position, string Name)[] names)
    {
        plot.Axes.Left.SetTicks([.. names.Select(name => name.Position)], [.. names.Select(name => name.Name)]);
        plot.Axes.Left.MajorTickStyle.Length = 0;
        plot.Grid.YAxisStyle.IsVisible = false;
        plot.Grid.XAxisStyle.IsVisible = true;
    }
}
