namespace Dcc.Experiments.Results;

/// <summary>Two quantities compared run by run on the same systems, as the change from the second to the first.</summary>
internal sealed class Ratio
{
    // Fewer runs have no interval worth the name.
    private const int FewRuns = 5;

    private readonly double[] changes;
    private readonly Spread spread;

    /// <summary>Of pairs; those with a value that is not finite are left out.</summary>
    internal Ratio(IEnumerable<(double Value, double Reference)> pairs)
    {
        changes = [.. pairs.Select(pair => (pair.Value / pair.Reference) - 1).Where(double.IsFinite)];
        spread = Spread.Of(changes);
    }

    /// <summary>Interquartile mean of the relative changes; NaN without runs.</summary>
    internal double Change => spread.Mean;

    /// <summary>Whether lower beyond doubt: by the whole interval, or with few runs by every run.</summary>
    internal bool Lower => changes.Length > 0 && (changes.Length < FewRuns ? changes.All(change => change < 0) : spread.High < 0);

    /// <summary>Whether higher beyond doubt.</summary>
    internal bool Higher => changes.Length > 0 && (changes.Length < FewRuns ? changes.All(change => change > 0) : spread.Low > 0);

    internal bool HasRuns => changes.Length > 0;

    /// <summary>"1.3 % lower [1.1, 1.6], in 14 of 15 runs".</summary>
    public override string ToString()
    {
        if (!HasRuns)
        {
            return "no runs";
        }

        var sign = Change < 0 ? -1 : 1;
        var (from, to) = sign < 0 ? (-spread.High, -spread.Low) : (spread.Low, spread.High);
        var interval = changes.Length < FewRuns ? "" : FormattableString.Invariant($" [{100 * from:0.0}, {100 * to:0.0}]");
        return FormattableString.Invariant(
            $"{100 * Math.Abs(Change):0.0} % {(sign < 0 ? "lower" : "higher")}{interval}, in {changes.Count(change => change * sign > 0)} of {changes.Length} runs");
    }
}
