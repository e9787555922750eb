namespace Dcc.Experiments.Units;

/// <summary>One number that a unit of work found.</summary>
/// <param name="Measure">What it is, such as "discounted".</param>
/// <param name="X">Where: learning steps, an exponent, a perturbation; 0 where there is no such thing.</param>
/// <param name="Value">The number; finite.</param>
internal readonly record struct Sample(string Measure, double X, double Value);

/// <summary>A piece of work that is done as a whole, on one thread, from its seed alone.</summary>
/// <param name="Name">Says all that decides the result within a budget; letters, digits, dots and hyphens. Equal names are then equal work.</param>
/// <param name="Seed">Its seed, to name when it fails.</param>
/// <param name="Seconds">How long it takes on one core, about: the weight of its progress.</param>
/// <param name="Work">Does it.</param>
internal sealed record Unit(string Name, ulong Seed, double Seconds, Func<CancellationToken, IEnumerable<Sample>> Work)
{
    /// <summary>Whether it measures time and so runs when all else is done, one after the other.</summary>
    internal bool Alone { get; init; }
}

/// <summary>A unit that is over.</summary>
/// <param name="Name">Of the unit.</param>
/// <param name="Seed">Of the unit.</param>
/// <param name="Seconds">How long it took; not part of any result.</param>
/// <param name="Fault">Why it failed, in one line; empty where it did not.</param>
/// <param name="Samples">What it found.</param>
internal sealed record FinishedUnit(string Name, ulong Seed, double Seconds, string Fault, IReadOnlyList<Sample> Samples)
{
    internal bool Failed => Fault.Length > 0;
}

/// <summary>What the units of an experiment found, by name.</summary>
internal sealed class UnitResults(IEnumerable<FinishedUnit> units)
{
    /// <summary>Of no units, as before the work.</summary>
    internal static readonly UnitResults None = new([]);

    private readonly Dictionary<string, FinishedUnit> units = units.ToDictionary(unit => unit.Name);

    /// <summary>The samples of a unit with this measure, in the order they were found; none where it failed.</summary>
    internal IEnumerable<Sample> Of(string unit, string measure) =>
        units.TryGetValue(unit, out var found) ? found.Samples.Where(sample => sample.Measure == measure) : [];

    /// <summary>The last sample of a unit with this measure; NaN where it failed.</summary>
    internal double Last(string unit, string measure) => Of(unit, measure).Select(sample => sample.Value).LastOrDefault(double.NaN);

    /// <summary>The first sample of a unit with this measure; NaN where it failed.</summary>
    internal double First(string unit, string measure) => Of(unit, measure).Select(sample => sample.Value).FirstOrDefault(double.NaN);
}
