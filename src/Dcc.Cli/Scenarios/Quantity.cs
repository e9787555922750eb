using System.Globalization;

namespace Dcc.Cli.Scenarios;

/// <summary>
/// Numbers with units as scenarios write them: a plain decimal number, at most one space, a unit from a short list. A bare number is no quantity,
/// except a probability; prefixes are decimal for rates (1 kbit = 1000 bit) and binary for sizes (1 KiB = 1024 B).
/// </summary>
internal static class Quantity
{
    internal const string DurationForm = "a duration such as 50 ms or 2 s";
    internal const string BandwidthForm = "a bandwidth such as 20 Mbit/s (kbit/s, Mbit/s, Gbit/s), or unlimited";
    internal const string BytesForm = "a size such as 64 KiB (B, KiB, MiB)";
    internal const string ProbabilityForm = "a probability such as 1 % or 0.01";

    private static readonly (string Unit, double Factor)[] Durations = [("ms", TimeSpan.TicksPerMillisecond), ("s", TimeSpan.TicksPerSecond)];
    private static readonly (string Unit, double Factor)[] Bandwidths = [("kbit/s", 1e3 / 8), ("Mbit/s", 1e6 / 8), ("Gbit/s", 1e9 / 8)];
    private static readonly (string Unit, double Factor)[] Sizes = [("KiB", 1024), ("MiB", 1024 * 1024), ("B", 1)];

    internal static bool TryDuration(string text, out TimeSpan value)
    {
        var read = TryMeasure(text, Durations, out var ticks) && ticks < long.MaxValue / 2;
        value = read ? TimeSpan.FromTicks((long)Math.Round(ticks)) : default;
        return read;
    }

    /// <summary>Bytes per second; infinity for unlimited.</summary>
    internal static bool TryBandwidth(string text, out double value)
    {
        value = double.PositiveInfinity;
        return text == "unlimited" || TryMeasure(text, Bandwidths, out value);
    }

    internal static bool TryBytes(string text, out int value)
    {
        var read = TryMeasure(text, Sizes, out var bytes) && bytes <= int.MaxValue && Math.Floor(bytes) == bytes;
        value = read ? (int)bytes : 0;
        return read;
    }

    /// <summary>A fraction, or a percentage.</summary>
    internal static bool TryProbability(string text, out double value) =>
        (text.EndsWith('%') ? TryMeasure(text, [("%", 0.01)], out value) : TryNumber(text, out value)) && value <= 1;

    /// <summary>A finite decimal number, with no sign but minus, no separators and no white space.</summary>
    internal static bool TryNumber(string text, out double value) =>
        double.TryParse(
            text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out value)
        && double.IsFinite(value) && !text.StartsWith('+');

    private static bool TryMeasure(string text, (string Unit, double Factor)[] units, out double value)
    {
        value = 0;
        foreach (var (unit, factor) in units)
        {
            if (!text.EndsWith(unit, StringComparison.Ordinal))
            {
                continue;
            }

            var number = text[..^unit.Length];
            number = number.EndsWith(' ') ? number[..^1] : number;
            if (number.Length > 0 && char.IsAsciiDigit(number[0]) && char.IsAsciiDigit(number[^1]) && TryNumber(number, out var parsed))
            {
                value = parsed * factor;
                return double.IsFinite(value);
            }
        }

        return false;
    }
}
