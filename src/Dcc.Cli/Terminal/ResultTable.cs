using System.Globalization;
using Dcc.Cli.Runs;
using Spectre.Console;

namespace Dcc.Cli.Terminal;

/// <summary>The table a run ends with, on stdout, within 80 columns but for a long path.</summary>
internal static class ResultTable
{
    private const int ShownDevices = 20;

    // Leaves 64 columns, a digest's.
    private const int NameWidth = 15;

    internal static void Write(RunSummary summary, string folder)
    {
        var console = Screen.Output();
        var devices = new Table().Border(TableBorder.Simple)
            .AddColumn(new TableColumn("device").RightAligned())
            .AddColumn(new TableColumn("theta").RightAligned())
            .AddColumn(new TableColumn("offload frequency").RightAligned());
        var shown = Math.Min(summary.FinalTheta.Length, ShownDevices);
        for (var i = 0; i < shown; i++)
        {
            devices.AddRow(
                i.ToString(CultureInfo.InvariantCulture), Number(summary.FinalTheta[i]), Number(summary.OffloadFrequency?[i]));
        }

        console.Write(devices);
        if (shown < summary.FinalTheta.Length)
        {
            Console.Out.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"  ... and {summary.FinalTheta.Length - shown} more devices in summary.json"));
        }

        if (summary.Bytes is { } bytes)
        {
            console.Write(Bytes(bytes));
        }

        var facts = new (string Name, string Value)[]
        {
            ("cost per device", $"{Number(summary.ApproximateCost)} (exact, at the final theta){AboveBest(summary)}"),
            ("no offloading", Number(summary.NeverOffload)),
            ("best known", Number(summary.BestKnown)),
            ("joint cost", $"{Number(summary.JointCost?.SteadyState)} steady state, {Number(summary.JointCost?.Discounted)} discounted"),
            ("network", Network(summary)),
            ("push to report", Times(summary)),
            ("device classes", summary.ClassesInWords ?? ""),
            ("digest", summary.Digest),
            ("wall time", string.Create(CultureInfo.InvariantCulture, $"{summary.WallSeconds:F2} s")),
        };
        foreach (var (name, value) in facts.Where(fact => fact.Value.Length > 0))
        {
            Screen.WriteFact(name, value, NameWidth);
        }

        Screen.WritePath("output", folder, NameWidth);
    }

    private static string Network(RunSummary summary) => summary.Bytes is null ? "" : string.Create(
        CultureInfo.InvariantCulture,
        $"{summary.Bytes.IpBytesPerDeviceRound:F1} IP bytes per device and round, {summary.Faults} faults, {summary.Retries} retries, {summary.Restarts} restarts");

    private static string Times(RunSummary summary) => summary.RoundTripMilliseconds is not { } times ? "" : string.Create(
        CultureInfo.InvariantCulture,
        $"{times.Median:F0} ms median, {times.Percentile99:F0} ms at 99 %, {times.Longest:F0} ms longest{(summary.VirtualSeconds is null ? "" : ", virtual")}");

    private static Table Bytes(ByteSummary bytes)
    {
        var table = new Table().Border(TableBorder.Simple).AddColumn("bytes");
        foreach (var title in (string[])["up", "down", "up/round", "down/round"])
        {
            table.AddColumn(new TableColumn(title).RightAligned());
        }

        foreach (var (name, count) in bytes.Layers.Where(layer => layer.Value is not { Up: 0, Down: 0 }))
        {
            Add(name, count);
        }

        Add(bytes.AddsUp ? "on the socket" : "on the socket (DOES NOT ADD UP)", bytes.CrossedTheSocket);
        Add("TCP/IP headers of data", bytes.TcpIpHeadersOfDataSegments);
        Add("bare TCP segments", bytes.TcpIpHeadersOfBareSegments);
        foreach (var (name, count) in bytes.Causes)
        {
            Add($"  of these for {name}", count);
        }

        return table;

        void Add(string name, ByteCount count) => table.AddRow(
            name, Whole(count.Up), Whole(count.Down), Rate(count.UpPerDeviceRound), Rate(count.DownPerDeviceRound));
    }

    private static string Whole(long value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Rate(double? value) => value?.ToString("F1", CultureInfo.InvariantCulture) ?? "";

    private static string AboveBest(RunSummary summary) => string.Create(
        CultureInfo.InvariantCulture, $", {100 * ((summary.ApproximateCost / summary.BestKnown) - 1):F2} % above best known");

    private static string Number(double? value) => value is { } known ? known.ToString("F4", CultureInfo.InvariantCulture) : "unknown";
}
