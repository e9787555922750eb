using System.Globalization;
using ScottPlot;
using ScottPlot.TickGenerators;
using SkiaSharp;

namespace Dcc.Cli.Reporting.Plots;

/// <summary>
/// How every plot looks: little ink, the colours of Okabe and Ito that the colour-blind can tell apart, and a font of its own, because a
/// server often has none. report.css maps the same colours to those of a dark page.
/// </summary>
internal static class PlotStyle
{
    /// <summary>Of a plot in a page, in CSS pixels; two stand side by side.</summary>
    internal const int Width = 540;

    internal const int Height = 340;

    /// <summary>Pixels of a PNG per CSS pixel.</summary>
    internal const int PngScale = 2;

    private const string FontName = "Arimo";
    private const float TextSize = 13;
    private const float LegendRow = 24;

    internal static readonly Color Ink = new("#22303C");
    internal static readonly Color Faint = new("#DDE3E8");
    internal static readonly Color Grey = new("#74808A");
    internal static readonly Color Blue = new("#0072B2");
    internal static readonly Color Vermilion = new("#D55E00");
    internal static readonly Color Green = new("#009E73");
    internal static readonly Color Purple = new("#CC79A7");
    internal static readonly Color Sky = new("#56B4E9");
    internal static readonly Color Orange = new("#E69F00");
    internal static readonly Color Black = new("#3B3B3B");

    /// <summary>For as many series as a plot may have; then they repeat.</summary>
    internal static readonly Color[] Series = [Blue, Vermilion, Green, Purple, Orange, Sky, Black];

    /// <summary>Loads what draws.</summary>
    /// <exception cref="IOException">It cannot be loaded on this machine.</exception>
    internal static void Load()
    {
        try
        {
            if (!Fonts.FontResolvers.OfType<OwnFont>().Any())
            {
                Fonts.FontResolvers.Insert(0, new OwnFont());
                Fonts.Default = FontName;
            }
        }
        catch (Exception exception) when (exception is TypeInitializationException or DllNotFoundException or BadImageFormatException)
        {
            var cause = exception.GetBaseException().Message.Split(". ")[0];
            throw new IOException($"plots cannot be drawn: the library libSkiaSharp cannot be loaded here ({cause})", exception);
        }
    }

    /// <summary>An empty plot.</summary>
    /// <param name="x">What the horizontal axis shows, with its unit.</param>
    /// <param name="y">What the vertical axis shows, with its unit.</param>
    internal static Plot New(string x, string y)
    {
        var plot = new Plot { ScaleFactor = 1 };
        plot.XLabel(x);
        plot.YLabel(y);
        plot.Axes.Right.FrameLineStyle.IsVisible = plot.Axes.Top.FrameLineStyle.IsVisible = false;
        plot.Grid.MajorLineColor = Faint;
        plot.Grid.XAxisStyle.IsVisible = false;
        foreach (var axis in plot.Axes.GetAxes())
        {
            axis.FrameLineStyle.Color = axis.MajorTickStyle.Color = Grey;
            axis.MinorTickStyle.Length = 0;
            axis.MajorTickStyle.Length = 3;
            axis.Label.Bold = false;
            axis.Label.FontSize = axis.TickLabelStyle.FontSize = TextSize;
            axis.Label.ForeColor = axis.TickLabelStyle.ForeColor = Ink;
        }

        plot.Axes.Left.TickGenerator = new NumericAutomatic { LabelFormatter = Label };
        plot.Axes.Bottom.TickGenerator = new NumericAutomatic { LabelFormatter = Label };
        plot.Legend.OutlineWidth = 0;
        plot.Legend.ShadowColor = Colors.Transparent;
        plot.Legend.BackgroundColor = Colors.Transparent;
        plot.Legend.FontSize = TextSize;
        plot.Legend.FontColor = Ink;
        plot.Legend.Orientation = Orientation.Horizontal;
        plot.Legend.SymbolWidth = 24;
        plot.Legend.TightHorizontalWrapping = true;
        return plot;
    }

    /// <summary>Puts the legend above the data.</summary>
    internal static Plot WithLegend(this Plot plot)
    {
        const float LetterWidth = 6.1f, BesideText = 40, ShownWidth = Width - 90;
        var rows = MathF.Ceiling(plot.Legend.GetItems().Sum(item => (item.LabelText.Length * LetterWidth) + BesideText) / ShownWidth);
        var panel = plot.ShowLegend(Edge.Top);
        panel.Alignment = Alignment.LowerLeft;
        panel.MaximumSize = LegendRow * rows;
        return plot;
    }

    /// <summary>A horizontal axis for whole numbers, as of rounds and devices, from 0.</summary>
    internal static void WholeNumbers(this Plot plot, int last)
    {
        const double Narrow = 0.2, OfAll = 0.015;
        var margin = Math.Max(Narrow, OfAll * last);
        plot.Axes.SetLimitsX(-margin, last + margin);
        plot.Axes.Bottom.WholeNumbers();
    }

    /// <summary>Ticks at whole numbers only.</summary>
    internal static void WholeNumbers(this IAxis axis) =>
        axis.TickGenerator = new NumericAutomatic { IntegerTicksOnly = true, LabelFormatter = Label };

    /// <summary>The axis holds decimal logarithms; its labels say the numbers.</summary>
    internal static void Logarithms(this IAxis axis, double least, double most)
    {
        var ticks = new NumericManual();
        var (first, last) = ((int)Math.Floor(least), (int)Math.Ceiling(most));
        int[] digits = (most - least) switch { > 3 => [1], > 1.2 => [1, 3], > 0.5 => [1, 2, 5], _ => [1, 2, 3, 4, 5, 6, 7, 8, 9] };
        for (var power = first; power <= last; power++)
        {
            foreach (var digit in digits)
            {
                var value = Math.Log10(digit) + power;
                if (value >= least - 1e-9 && value <= most + 1e-9)
                {
                    ticks.AddMajor(value, Label(digit * Math.Pow(10, power)));
                }
            }
        }

        axis.TickGenerator = ticks;
    }

    /// <summary>A linear axis from 0, or a logarithmic one where the values are far apart.</summary>
    /// <param name="axis">The axis.</param>
    /// <param name="values">All that is drawn along it; at least one is finite.</param>
    /// <param name="least">Where the axis begins.</param>
    /// <param name="most">Where it ends.</param>
    /// <returns>The place of a value on the axis.</returns>
    internal static Converter<double, double> Scale(this IAxis axis, double[] values, out double least, out double most)
    {
        const double FarApart = 20;
        double[] known = [.. values.Where(double.IsFinite)];
        var (low, high) = (known.Min(), known.Max());
        if (low <= 0 || high <= FarApart * low)
        {
            (least, most) = (0, Math.Max(high, 1e-3) * 1.05);
            return value => value;
        }

        (least, most) = (Math.Log10(low) - 0.1, Math.Log10(high) + 0.1);
        axis.Logarithms(least, most);
        return value => Math.Log10(value);
    }

    /// <summary>A line through points, with a dot at each where they are few. Where y is not finite the line is interrupted.</summary>
    internal static void Line(this Plot plot, string? legend, double[] x, double[] y, Color color, LinePattern? pattern = null, float width = 2)
    {
        const int FewPoints = 25;
        var line = plot.Add.Scatter(x, y, color);
        line.LineWidth = width;
        line.LinePattern = pattern ?? LinePattern.Solid;
        line.MarkerSize = x.Length <= FewPoints && pattern is null ? 5 : 0;
        line.LegendText = legend ?? "";
    }

    private static string Label(double value) => value.ToString("0.######", CultureInfo.InvariantCulture);

    // Every font that a plot asks for.
    private sealed class OwnFont : IFontResolver
    {
        private readonly SKTypeface face = SKTypeface.FromStream(typeof(OwnFont).Assembly.GetManifestResourceStream("report.ttf"));

        public SKTypeface? CreateTypeface(string fontName, FontWeight weight, FontSlant slant, FontSpacing spacing) => face;

        public SKTypeface? CreateTypeface(string fontName, bool bold, bool italic) => face;
    }
}
