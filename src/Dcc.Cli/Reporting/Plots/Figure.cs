using System.Text;
using ScottPlot;

namespace Dcc.Cli.Reporting.Plots;

/// <summary>A plot with what belongs to it.</summary>
/// <param name="Name">Of its files, lower case with hyphens.</param>
/// <param name="Title">What it shows.</param>
/// <param name="Caption">How to read it, in one or two sentences.</param>
/// <param name="Plot">The drawing.</param>
/// <param name="Data">What is drawn.</param>
internal sealed record Figure(string Name, string Title, string Caption, Plot Plot, CsvText Data)
{
    private string? svg;

    /// <summary>The plot as SVG without a background.</summary>
    internal string Svg => svg ??= PlotSvg.Of(Plot, Name, Title);

    /// <summary>The three files of the plot: name and content.</summary>
    internal IEnumerable<(string Name, byte[] Content)> Files()
    {
        yield return ($"{Name}.svg", Encoding.UTF8.GetBytes(PlotSvg.Alone(Svg)));
        const int Scale = PlotStyle.PngScale;
        Plot.ScaleFactor = Scale;
        yield return ($"{Name}.png", Plot.GetImageBytes(Scale * PlotStyle.Width, Scale * PlotStyle.Height, ImageFormat.Png));
        yield return ($"{Name}.csv", Encoding.UTF8.GetBytes(Data.ToString()));
    }
}
