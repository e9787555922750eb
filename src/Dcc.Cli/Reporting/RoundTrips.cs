using System.Globalization;
using Dcc.Cli.Runs;
using Dcc.Cli.Scenarios.Yaml;
using Dcc.Core.Engine;
using Dcc.Core.Validation;

namespace Dcc.Cli.Reporting;

/// <summary>
/// What only rounds.csv knows: milliseconds from push to report by round 0..R-1 and device, NaN where unknown. The rest of the file is
/// compared with the journal's rounds, so that a page never mixes two runs.
/// </summary>
internal static class RoundTrips
{
    internal const string FileName = "rounds.csv";
    private const int CostColumn = 6;
    private const int TimeColumn = 10;

    /// <summary>Reads rounds.csv.</summary>
    /// <param name="lines">Its lines.</param>
    /// <param name="rounds">The journal's rounds, the last evaluation included, which has no row.</param>
    /// <exception cref="InvalidInputException">A line is not what the run with that journal writes.</exception>
    internal static double[][] Read(IEnumerable<string> lines, IReadOnlyList<CommittedRound> rounds)
    {
        var devices = rounds[0].Pushes.Length;
        double[][] times = [.. Enumerable.Range(0, rounds.Count - 1).Select(_ => new double[devices])];
        var row = -1;
        Span<Range> columns = stackalloc Range[TimeColumn + 2];
        foreach (var line in lines)
        {
            if (row < 0)
            {
                Require(line == RoundsFile.Header, row, RoundsFile.Header, line);
                row++;
                continue;
            }

            var (round, device) = (row / devices, row % devices);
            Require(round < times.Length, row, "the end of the file", line);
            var push = rounds[round].Pushes[device];
            var cost = rounds[round].HasReport(device) ? rounds[round].Reports[device].Cost : double.NaN;
            var expected = string.Create(CultureInfo.InvariantCulture, $"{round},{device},{push.Theta:R},");
            var text = line.AsSpan();
            Require(
                text.Split(columns, ',') == TimeColumn + 1 && line.StartsWith(expected, StringComparison.Ordinal)
                    && Number(text[columns[CostColumn]]).Equals(cost),
                row, string.Create(CultureInfo.InvariantCulture, $"{expected}... with j {cost:R}, as in the journal"), line);
            var time = text[columns[TimeColumn]];
            times[round][device] = time.IsEmpty ? double.NaN : Number(time);
            Require(time.IsEmpty || times[round][device] >= 0, row, "milliseconds, or nothing, at the end", line);
            row++;
        }

        var rows = times.Length * devices;
        Require(row == rows, row, string.Create(CultureInfo.InvariantCulture, $"{rows} rows"), "the end of the file");
        return times;
    }

    private static double Number(ReadOnlySpan<char> text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) ? value : double.NaN;

    private static void Require(bool condition, int row, string expected, string line)
    {
        if (!condition)
        {
            throw new InvalidInputException(
                string.Create(CultureInfo.InvariantCulture, $"{FileName} line {row + 2}"), expected,
                line.Length == 0 ? "an empty line" : YamlScalar.Shorten(line));
        }
    }
}
