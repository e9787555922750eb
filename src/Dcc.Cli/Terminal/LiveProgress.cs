using System.Diagnostics;
using System.Globalization;

namespace Dcc.Cli.Terminal;

/// <summary>
/// Progress on a terminal: rounds and events scroll by above one line that is drawn again and again, and is gone at the end. Spectre's own needs
/// to own the console; this needs one line of it.
/// </summary>
internal sealed class LiveProgress : IProgressDisplay, IDisposable
{
    private const int BarWidth = 20;

    // A long run's table has a row for each 2.5 %.
    private const double RowInterval = 0.025;
    private const string EraseLine = "\r\e[K";
    private const string Done = "\e[32m";
    private const string ToDo = "\e[90m";
    private const string Plain = "\e[0m";

    private static readonly TimeSpan Redraw = TimeSpan.FromMilliseconds(200);

    private readonly Lock gate = new();
    private readonly Stopwatch clock = Stopwatch.StartNew();
    private readonly TimeLeft left = new();
    private readonly EventLines events = new();
    private readonly string title;
    private readonly Timer timer;
    private double fraction;
    private double nextRow;
    private bool headed;
    private bool over;
    private string status = "";

    internal LiveProgress(string title)
    {
        this.title = title;
        timer = new Timer(_ => Refresh(), null, TimeSpan.Zero, Redraw);
    }

    public void Advance(double fraction, string status)
    {
        lock (gate)
        {
            (this.fraction, this.status) = (fraction, status);
            left.Advance(clock.Elapsed, fraction);
        }
    }

    public void Show(RoundRow row)
    {
        lock (gate)
        {
            Advance(row.Fraction, row.Next);
            if (fraction >= nextRow)
            {
                nextRow = Math.Min(1, fraction + RowInterval);
                Print(headed ? [row.ToString()] : [RoundRow.Header, row.ToString()]);
                headed = true;
            }
        }
    }

    public void Say(string what)
    {
        lock (gate)
        {
            Print(events.Take(clock.Elapsed, what));
        }
    }

    public void Dispose()
    {
        lock (gate)
        {
            over = true;
            Console.Error.Write(EraseLine + string.Concat(events.Rest().Select(line => line + "\n")));
        }

        timer.Dispose();
    }

    private void Refresh()
    {
        lock (gate)
        {
            if (!over)
            {
                Console.Error.Write(EraseLine + Line());
            }
        }
    }

    // In one write, so that nothing of the line shows between the rows.
    private void Print(IEnumerable<string> rows)
    {
        var width = Columns();
        Console.Error.Write(EraseLine + string.Concat(rows.Select(row => Screen.Cut(row, width) + "\n")) + Line());
    }

    private string Line()
    {
        var done = (int)(BarWidth * Math.Clamp(fraction, 0, 1));
        var time = left.At(clock.Elapsed) is { } known ? $"{TimeLeft.Words(known)} left" : $"{TimeLeft.Words(clock.Elapsed)} so far";
        var text = string.Create(CultureInfo.InvariantCulture, $"{100 * fraction,3:F0} %  {status}{(status.Length > 0 ? ", " : "")}{time}");
        return $"{title} {Done}{new string('━', done)}{ToDo}{new string('━', BarWidth - done)}{Plain} "
            + Screen.Cut(text, Columns() - title.Length - BarWidth - 2);
    }

    // The last column stays free: some terminals wrap there. One that does not tell its size has 80.
    private static int Columns() => Math.Clamp(Console.WindowWidth is > 0 and var columns ? columns : Screen.Width, 40, Screen.Width) - 1;
}
