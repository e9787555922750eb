using System.Globalization;
using System.Text;

namespace Dcc.Cli.Reporting.Plots;

/// <summary>The data behind a plot as CSV; doubles round-trip, what is not finite is empty.</summary>
internal sealed class CsvText
{
    private readonly StringBuilder text = new();

    internal CsvText(params IEnumerable<string> header) => Add([.. header]);

    internal CsvText Add(params ReadOnlySpan<object?> cells)
    {
        for (var i = 0; i < cells.Length; i++)
        {
            text.Append(i == 0 ? "" : ",").Append(cells[i] switch
            {
                double number => double.IsFinite(number) ? number.ToString("R", CultureInfo.InvariantCulture) : "",
                string word => Quoted(word),
                var other => Convert.ToString(other, CultureInfo.InvariantCulture),
            });
        }

        text.Append('\n');
        return this;
    }

    public override string ToString() => text.ToString();

    private static string Quoted(string word) =>
        word.AsSpan().IndexOfAny(",\"\r\n") < 0 ? word : $"\"{word.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
