using System.Text.RegularExpressions;
using Dcc.Cli.Overhead;
using Dcc.Cli.Reporting.Plots;
using Dcc.Cli.Runs;

namespace Dcc.Cli.Reporting;

/// <summary>What the network carried, as plots and tables.</summary>
internal static partial class BytesSection
{
    private static readonly string[] Head = ["", "up", "down", "up per device-round", "down per device-round"];

    internal static Html Of(ByteSummary? bytes, IEnumerable<Figure?> figures)
    {
        if (bytes is null)
        {
            return "Nothing crossed a socket in this run.";
        }

        Html[][] layers =
        [
            .. bytes.Layers.Where(layer => layer.Value is not { Up: 0, Down: 0 }).Select(layer => Row(Words(layer.Key), layer.Value)),
            Row(bytes.AddsUp ? "on the socket" : "on the socket (DOES NOT ADD UP)", bytes.CrossedTheSocket),
            Row("TCP/IP headers of data segments", bytes.TcpIpHeadersOfDataSegments),
            Row("TCP/IP headers of bare segments", bytes.TcpIpHeadersOfBareSegments),
        ];
        return Html.Of($"""
            {HtmlPage.Figures(figures)}
            <div class="tables">
            {Html.Table("Bytes by layer, all causes", Head, layers)}
            {Html.Table("Bytes by cause, all layers", Head, bytes.Causes.Select(cause => Row(Words(cause.Key), cause.Value)))}
            {Html.Table("IP bytes per device and round, up and down", ["system", "least", "most"], Systems(bytes))}
            </div>
            <p class="note">Segments as the kernel counted them, at 52 bytes of headers each. This run's IP bytes hold one push and one report with the
            segments that carry them, without joining, heartbeats, retries and bare acknowledgements. The other systems were
            {ReferenceSystem.Source}.</p>
            """);
    }

    private static IEnumerable<Html[]> Systems(ByteSummary bytes)
    {
        var own = Html.Exact(bytes.IpBytesPerDeviceRound, ReportNumber.Short);
        return
        [
            [NetworkFigures.ThisRun, own, own],
            .. ReferenceSystem.All.Select(system =>
                (Html[])[system.Name, ReportNumber.Whole(system.LeastIpBytes), ReportNumber.Whole(system.MostIpBytes)]),
        ];
    }

    private static Html[] Row(string name, ByteCount count) =>
    [
        name, Html.Exact(count.Up, Whole), Html.Exact(count.Down, Whole),
        Html.Exact(count.UpPerDeviceRound, ReportNumber.Short), Html.Exact(count.DownPerDeviceRound, ReportNumber.Short),
    ];

    private static string Whole(double value) => ReportNumber.Whole((long)value);

    // dataFrameHeaders: data frame headers.
    private static string Words(string name) => Capital().Replace(name, match => " " + match.Value.ToLowerInvariant());

    [GeneratedRegex("[A-Z]")]
    private static partial Regex Capital();
}
