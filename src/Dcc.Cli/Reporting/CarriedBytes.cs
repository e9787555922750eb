using System.Globalization;
using Dcc.Cli.Runs;
using Dcc.Cli.Scenarios.Yaml;
using Dcc.Core.Validation;
using Dcc.Links.Ledger;

namespace Dcc.Cli.Reporting;

/// <summary>bytes.csv summed: by device, and by cause and layer.</summary>
internal sealed class CarriedBytes
{
    internal const string FileName = "bytes.csv";
    private const int Columns = 6;

    private readonly Dictionary<(string Cause, string Layer), long> cells = [];

    private CarriedBytes(int devices) => ByDevice = new long[devices];

    /// <summary>Bytes up and down of each device.</summary>
    internal long[] ByDevice { get; }

    /// <summary>Bytes up and down of a cause and layer.</summary>
    internal long Of(LedgerCause cause, LedgerLayer layer) => cells.GetValueOrDefault((KebabCase.Name(cause), KebabCase.Name(layer)));

    /// <summary>Reads bytes.csv.</summary>
    /// <param name="lines">Its lines.</param>
    /// <param name="summary">What the summary says; the sums must agree.</param>
    /// <exception cref="InvalidInputException">A line is not what a run writes, or the sum is another one.</exception>
    internal static CarriedBytes Read(IEnumerable<string> lines, RunSummary summary)
    {
        var result = new CarriedBytes(summary.Devices);
        var names = KebabCase.Names<LedgerCause>().SelectMany(cause => KebabCase.Names<LedgerLayer>().Select(layer => (cause, layer))).ToArray();
        var number = 0;
        var total = 0L;
        Span<Range> columns = stackalloc Range[Columns + 1];
        foreach (var line in lines)
        {
            if (++number == 1)
            {
                continue;
            }

            var text = line.AsSpan();
            if (text.Split(columns, ',') != Columns
                || !long.TryParse(text[columns[5]], NumberStyles.None, CultureInfo.InvariantCulture, out var bytes)
                || !int.TryParse(text[columns[0]], NumberStyles.None, CultureInfo.InvariantCulture, out var device)
                || device >= summary.Devices)
            {
                throw new InvalidInputException(
                    string.Create(CultureInfo.InvariantCulture, $"{FileName} line {number}"), BytesFile.Header, YamlScalar.Shorten(line));
            }

            if (text[columns[4]] is BytesFile.DataHeaders or BytesFile.BareHeaders)
            {
                // Below the socket: the totals of these are in the summary.
                continue;
            }

            // The few names are compared without making a string of each.
            foreach (var name in names)
            {
                if (text[columns[3]].SequenceEqual(name.cause) && text[columns[4]].SequenceEqual(name.layer))
                {
                    result.cells[name] = result.cells.GetValueOrDefault(name) + bytes;
                    total += bytes;
                    break;
                }
            }

            result.ByDevice[device] += bytes;
        }

        var stated = summary.Bytes!.Total.Up + summary.Bytes.Total.Down;
        return total == stated
            ? result
            : throw new InvalidInputException(
                FileName, string.Create(CultureInfo.InvariantCulture, $"{stated} bytes, as in summary.json"),
                total.ToString(CultureInfo.InvariantCulture));
    }
}
