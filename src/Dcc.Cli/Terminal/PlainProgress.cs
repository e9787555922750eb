using System.Diagnostics;
using System.Globalization;

namespace Dcc.Cli.Terminal;

/// <summary>Progress as plain lines: at most one for each 5 %, and what happened.</summary>
internal sealed class PlainProgress(string title) : IProgressDisplay, IDisposable
{
    private const double Interval = 0.05;

    private readonly Lock gate = new();
    private readonly Stopwatch clock = Stopwatch.StartNew();
    private readonly TimeLeft left = new();
    private readonly EventLines events = new();
    private double next;
    private double last;

    public void Advance(double fraction, string status)
    {
        lock (gate)
        {
            next = fraction < last ? 0 : next;
            last = fraction;
            left.Advance(clock.Elapsed, fraction);
            if (fraction >= next)
            {
                var estimate = left.At(clock.Elapsed) is { } time ? $", {TimeLeft.Words(time)} left" : "";
                Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{title}: {100 * fraction,3:F0} % {status}{estimate}"));
                next = fraction >= 1 ? double.PositiveInfinity : Math.Min(1, fraction + Interval);
            }
        }
    }

    public void Show(RoundRow row) => Advance(row.Fraction, row.Short());

    public void Say(string what)
    {
        lock (gate)
        {
            Print(events.Take(clock.Elapsed, what));
        }
    }

    public void Dispose() => Print(events.Rest());

    private static void Print(IEnumerable<string> lines)
    {
        foreach (var line in lines)
        {
            Console.Error.WriteLine(line);
        }
    }
}
