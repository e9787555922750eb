using System.Globalization;
using Dcc.Cli.Runs;
using Spectre.Console;

namespace Dcc.Cli.Terminal;

/// <summary>The table a run ends with, on stdout, within 80 columns.</summary>
internal static class ResultTable
{
    private const int ShownDevices = 20;

    internal static void Write(RunSummary summary, string folder)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings());
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

        var facts = new (string Name, string Value)[]
        {
            ("cost per device", $"{Number(summary.ApproximateCost)} (exact, at the final theta){AboveBest(summary)}"),
            ("never offloading", Number(summary.NeverOffload)),
            ("best known", Number(summary.BestKnown)),
            ("joint cost", $"{Number(summary.JointCost?.SteadyState)} steady state, {Number(summary.JointCost?.Discounted)} discounted"),
            ("digest", summary.Digest),
            ("wall time", string.Create(CultureInfo.InvariantCulture, $"{summary.WallSeconds:F2} s")),
            ("output", folder),
        };
        foreach (var (name, value) in facts)
        {
            Console.Out.WriteLine($"{name,-17} {value}");
        }
    }

    private static string AboveBest(RunSummary summary) => string.Create(
        CultureInfo.InvariantCulture, $", {100 * ((summary.ApproximateCost / summary.BestKnown) - 1):F2} % above best known");

    private static string Number(double? value) => value is { } known ? known.ToString("F4", CultureInfo.InvariantCulture) : "unknown";
}
