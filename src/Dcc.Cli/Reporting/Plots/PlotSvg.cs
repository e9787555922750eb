using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using ScottPlot;

namespace Dcc.Cli.Reporting.Plots;

/// <summary>
/// Makes of Skia's SVG one that a page and an editor can work with: it scales, several stand in one page, it says what it is, and text is
/// whole words where Skia places every letter.
/// </summary>
internal static partial class PlotSvg
{
    private const string Fonts = "Arimo, Arial, Helvetica, 'Liberation Sans', sans-serif";

    /// <summary>An <c>svg</c> element for use inside HTML.</summary>
    internal static string Of(Plot plot, string name, string title)
    {
        plot.ScaleFactor = 1;
        plot.FigureBackground.Color = plot.DataBackground.Color = Colors.Transparent;
        var svg = plot.GetSvgXml(PlotStyle.Width, PlotStyle.Height);
        plot.FigureBackground.Color = Colors.White;
        svg = svg[svg.IndexOf('>', svg.IndexOf("<svg", StringComparison.Ordinal))..][1..];
        svg = Letters().Replace(svg, match => Words(match));
        svg = Indentation().Replace(svg, "");
        svg = svg.Replace("id=\"", $"id=\"{name}-", StringComparison.Ordinal)
            .Replace("url(#", $"url(#{name}-", StringComparison.Ordinal)
            .Replace("<image ", "<image image-rendering=\"pixelated\" ", StringComparison.Ordinal)
            .Replace("href=\"#", $"href=\"#{name}-", StringComparison.Ordinal);
        var box = string.Create(CultureInfo.InvariantCulture, $"0 0 {PlotStyle.Width} {PlotStyle.Height}");
        return $"<svg viewBox=\"{box}\" role=\"img\" font-family=\"{Fonts}\"><title>{WebUtility.HtmlEncode(title)}</title>{svg.Trim()}";
    }

    /// <summary>The same as a file of its own, on white.</summary>
    internal static string Alone(string svg) => svg
        .Replace("<svg ", "<svg xmlns=\"http://www.w3.org/2000/svg\" xmlns:xlink=\"http://www.w3.org/1999/xlink\" ", StringComparison.Ordinal)
        .Replace("</title>", "</title><rect width=\"100%\" height=\"100%\" fill=\"white\"/>", StringComparison.Ordinal) + "\n";

    // The middle of the word stays where Skia put it, whatever the font.
    private static string Words(Match match)
    {
        double[] x = [.. match.Groups["x"].Value.Split(',').Where(number => !string.IsNullOrWhiteSpace(number)).Select(Number)];
        var text = match.Groups["text"].Value.Trim();
        var lastLetter = x.Length > 1 ? (x[^1] - x[0]) / (x.Length - 1) : 0;
        var y = Number(match.Groups["y"].Value.Split(',')[0]);
        var middle = x.Length > 1 ? (x[0] + x[^1] + lastLetter) / 2 : x[0];
        var anchor = x.Length > 1 ? " text-anchor=\"middle\"" : "";
        return string.Create(
            CultureInfo.InvariantCulture, $"<text{match.Groups["before"].Value}{anchor} x=\"{middle:0.##}\" y=\"{y:0.##}\">{text}</text>");
    }

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);

    [GeneratedRegex("""<text(?<before>[^>]*?) font-family="[^"]*" x="(?<x>[^"]*)" y="(?<y>[^"]*)">(?<text>[^<]*)</text>""")]
    private static partial Regex Letters();

    [GeneratedRegex(@"\n\s*")]
    private static partial Regex Indentation();
}
