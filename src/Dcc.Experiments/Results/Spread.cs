using Dcc.Core.Randomness;

namespace Dcc.Experiments.Results;

/// <summary>
/// How runs spread: the interquartile mean, which a stray run does not move, with a bootstrap 95 % interval (Agarwal et al., "Deep Reinforcement
/// Learning at the Edge of the Statistical Precipice", 2021), beside the median.
/// </summary>
/// <param name="Count">Runs.</param>
/// <param name="Mean">Interquartile mean.</param>
/// <param name="Low">Lower end of the interval.</param>
/// <param name="High">Upper end of the interval.</param>
/// <param name="Median">Median.</param>
internal readonly record struct Spread(int Count, double Mean, double Low, double High, double Median)
{
    private const int Resamples = 2_000;
    private const double Tail = 0.025;

    /// <summary>Of at least one finite value, or NaN throughout. Equal values in equal order give equal results.</summary>
    internal static Spread Of(IEnumerable<double> runs)
    {
        double[] values = [.. runs.Where(double.IsFinite).Order()];
        if (values.Length == 0)
        {
            return new Spread(0, double.NaN, double.NaN, double.NaN, double.NaN);
        }

        var random = RandomStream.For((ulong)values.Length, StreamPurpose.Bootstrap, device: 0);
        var means = new double[Resamples];
        var drawn = new double[values.Length];
        for (var i = 0; i < Resamples; i++)
        {
            for (var j = 0; j < drawn.Length; j++)
            {
                drawn[j] = values[RandomStream.Scale((uint)(random.Next() >> 32), values.Length)];
            }

            Array.Sort(drawn);
            means[i] = InterquartileMean(drawn);
        }

        Array.Sort(means);
        return new Spread(
            values.Length, InterquartileMean(values), means[(int)(Tail * Resamples)], means[(int)((1 - Tail) * Resamples) - 1],
            (values[(values.Length - 1) / 2] + values[values.Length / 2]) / 2);
    }

    // The mean of what is left without the lowest and the highest quarter, rounded down.
    private static double InterquartileMean(ReadOnlySpan<double> sorted)
    {
        var cut = sorted.Length / 4;
        var sum = 0.0;
        foreach (var value in sorted[cut..^cut])
        {
            sum += value;
        }

        return sum / (sorted.Length - (2 * cut));
    }
}
