namespace Dcc.Cli.Reporting;

/// <summary>Finite numbers in ascending order.</summary>
internal readonly struct Quantiles(IEnumerable<double> values)
{
    private readonly double[] sorted = [.. values.Where(double.IsFinite).Order()];

    internal int Count => sorted.Length;

    /// <summary>The value below which a fraction in [0, 1] lies, interpolated; NaN where there is none.</summary>
    internal double At(double fraction)
    {
        if (sorted.Length == 0)
        {
            return double.NaN;
        }

        var place = fraction * (sorted.Length - 1);
        var below = (int)place;
        return below == sorted.Length - 1 ? sorted[below] : sorted[below] + ((place - below) * (sorted[below + 1] - sorted[below]));
    }

    internal double Median => At(0.5);
}
