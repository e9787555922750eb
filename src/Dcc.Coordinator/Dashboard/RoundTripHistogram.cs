namespace Dcc.Coordinator.Dashboard;

/// <summary>Counts round trips in bins of equal ratio, eight to a decade from 0.1 ms; the outermost take what lies beyond.</summary>
internal sealed class RoundTripHistogram
{
    /// <summary>48 bins reach to 100 s.</summary>
    internal const int Bins = 48;

    private const int PerDecade = 8;
    private const double LeastMilliseconds = 0.1;

    private readonly int[] counts = new int[Bins];

    internal ReadOnlySpan<int> Counts => counts;

    /// <summary>Counts round trips in milliseconds; negative ones are unknown.</summary>
    internal void Add(IEnumerable<float> milliseconds)
    {
        foreach (var value in milliseconds)
        {
            if (value >= 0)
            {
                counts[(int)Math.Clamp(PerDecade * Math.Log10(value / LeastMilliseconds), 0, Bins - 1)]++;
            }
        }
    }

    internal void Clear() => Array.Clear(counts);
}
