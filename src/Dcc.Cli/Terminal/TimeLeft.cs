using System.Globalization;

namespace Dcc.Cli.Terminal;

/// <summary>How long work still takes, from its speed over the last steps: early ones are slow, and links change.</summary>
internal sealed class TimeLeft
{
    private const int Window = 10;

    private readonly Queue<(TimeSpan At, double Fraction)> steps = [];
    private (TimeSpan At, double Fraction) last;

    /// <summary>Notes how far the work is; less than before is other work.</summary>
    internal void Advance(TimeSpan now, double fraction)
    {
        // The start is when it was last said that nothing is done yet.
        if (fraction < last.Fraction || fraction <= 0)
        {
            steps.Clear();
        }

        last = (now, fraction);
        steps.Enqueue(last);
        if (steps.Count > Window)
        {
            steps.Dequeue();
        }
    }

    /// <summary>What is left; null while there is nothing to tell it from, and at the end.</summary>
    internal TimeSpan? At(TimeSpan now)
    {
        if (!steps.TryPeek(out var first) || last.Fraction >= 1 || last.Fraction <= first.Fraction)
        {
            return null;
        }

        var left = (((1 - last.Fraction) / (last.Fraction - first.Fraction)) * (last.At - first.At)) - (now - last.At);
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    /// <summary>A duration as people say it.</summary>
    internal static string Words(TimeSpan time)
    {
        var seconds = (long)Math.Ceiling(time.TotalSeconds);
        return seconds switch
        {
            < 100 => string.Create(CultureInfo.InvariantCulture, $"{seconds} s"),
            < 3600 => string.Create(CultureInfo.InvariantCulture, $"{seconds / 60} min {seconds % 60} s"),
            _ => string.Create(CultureInfo.InvariantCulture, $"{seconds / 3600} h {seconds / 60 % 60} min"),
        };
    }
}
