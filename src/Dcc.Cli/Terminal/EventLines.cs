using System.Globalization;

namespace Dcc.Cli.Terminal;

/// <summary>What happens in a run as lines for people: when, in which round, what. At most so many a second; the rest is counted.</summary>
internal sealed class EventLines
{
    private const int MostPerSecond = 10;

    // A fault of many devices names them all: two lines say enough.
    private const int LineWidth = Screen.Width - 1;

    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private TimeSpan secondBegan = -Second;
    private int shown;
    private int hidden;

    /// <summary>An event in words.</summary>
    internal static string Text(TimeSpan time, int round, string what) =>
        string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:F1} s  round {round}  {what}");

    /// <summary>The lines to print when something is said now.</summary>
    internal IEnumerable<string> Take(TimeSpan now, string what)
    {
        if (now - secondBegan >= Second)
        {
            (secondBegan, shown) = (now, 0);
        }

        if (shown++ >= MostPerSecond)
        {
            hidden++;
            return [];
        }

        var lines = Screen.Fold(what, LineWidth).ToList();
        var continued = lines.Count == 1 ? "" : "  " + string.Join(' ', lines.Skip(1));
        return [.. Rest(), .. ((string[])[lines[0], continued]).Where(line => line.Length > 0).Select(line => Screen.Cut(line, LineWidth))];
    }

    /// <summary>What was not printed, as a line; none where there is nothing.</summary>
    internal IEnumerable<string> Rest()
    {
        var count = hidden;
        hidden = 0;
        return count == 0 ? [] : [string.Create(CultureInfo.InvariantCulture, $"... and {count} more events")];
    }
}
