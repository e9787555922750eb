using System.Globalization;
using Dcc.Cli.Load;
using Spectre.Console;

namespace Dcc.Cli.Terminal;

/// <summary>The table that <c>dcc load</c> ends with, on stdout, within 80 columns.</summary>
internal static class LoadTable
{
    private const int NameWidth = 8;

    internal static void Write(LoadReport report)
    {
        var table = new Table().Border(TableBorder.Simple);
        foreach (var head in new[] { "devices", "server", "rounds/s", "CPU us\nserver", "CPU us\ndevices", "kB per\nstream", "ms\nmedian", "ms\n99 %" })
        {
            table.AddColumn(new TableColumn(head).RightAligned().NoWrap());
        }

        foreach (var row in report.Rows)
        {
            Add(table, row.Devices, "coordinator", row.Coordinator);
            Add(table, row.Devices, "bare stream", row.Floor);
        }

        Screen.Output().Write(table);
        Screen.WriteFact("CPU", "user and system time per device and round, of the server's process and of the devices' processes", NameWidth);
        Screen.WriteFact("ratio", string.Join(", ", report.Rows.Select(row => string.Create(
            CultureInfo.InvariantCulture, $"{row.ServerCpuRatio?.ToString("F2", CultureInfo.InvariantCulture) ?? "unknown"} at {row.Devices} devices"))) + ": server CPU, coordinator over bare stream", NameWidth);
        Screen.WriteFact("ms", "from a report to the next push: the others' reports, the commit, the push", NameWidth);
        Screen.WriteFact("here", string.Create(
            CultureInfo.InvariantCulture,
            $"store {report.Store}, metrics {(report.Metrics ? "on" : "off")}, devices in {report.Processes} processes, {report.StreamsPerConnection} per connection, {report.Processors} processors shared by all"), NameWidth);
    }

    private static void Add(Table table, int devices, string server, LoadFigures figures) => table.AddRow(
        devices.ToString(CultureInfo.InvariantCulture), server, Number(figures.RoundsPerSecond), Number(figures.ServerCpuMicroseconds),
        Number(figures.ClientCpuMicroseconds), Number(figures.ServerBytesPerStream / 1e3), Number(figures.MedianMilliseconds),
        Number(figures.Percentile99Milliseconds));

    private static string Number(double value) => value.ToString(value < 100 ? "F1" : "F0", CultureInfo.InvariantCulture);
}
