using System.Globalization;

namespace Dcc.Cli.Reporting;

/// <summary>Numbers for readers; files have them in full.</summary>
internal static class ReportNumber
{
    /// <summary>Costs and constraints: four decimals.</summary>
    internal static string Fine(double value) => value.ToString("F4", CultureInfo.InvariantCulture);

    /// <summary>A percentage with a sensible number of digits.</summary>
    internal static string Percent(double fraction) => (100 * fraction) switch
    {
        0 => "0 %",
        var percent when Math.Abs(percent) < 0.01 => "less than 0.01 %",
        var percent => percent.ToString("F2", CultureInfo.InvariantCulture) + " %",
    };

    /// <summary>Whole numbers with thin spaces between thousands.</summary>
    internal static string Whole(long value) => value.ToString("#,0", CultureInfo.InvariantCulture).Replace(',', '\u202F');

    /// <summary>About three digits, at most one decimal from 10 on.</summary>
    internal static string Short(double value) => Math.Abs(value) switch
    {
        >= 1e6 => value.ToString("0.##e0", CultureInfo.InvariantCulture),
        >= 1000 => Whole((long)Math.Round(value)),
        >= 10 => value.ToString("0.#", CultureInfo.InvariantCulture),
        _ => value.ToString("0.###", CultureInfo.InvariantCulture),
    };

    /// <summary>A duration in the unit that suits it.</summary>
    internal static string Duration(double milliseconds) => milliseconds switch
    {
        < 1000 => $"{Short(milliseconds)} ms",
        < 120_000 => $"{Short(milliseconds / 1000)} s",
        _ => $"{Short(milliseconds / 60_000)} min",
    };

    /// <summary>Bytes in the decimal unit that suits them.</summary>
    internal static string Bytes(double bytes) => bytes switch
    {
        < 10_000 => $"{Short(bytes)} B",
        < 10e6 => $"{Short(bytes / 1e3)} kB",
        _ => $"{Short(bytes / 1e6)} MB",
    };
}
