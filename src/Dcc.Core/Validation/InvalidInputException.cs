namespace Dcc.Core.Validation;

/// <summary>One thing wrong with an input: which field, what was expected there, and what came.</summary>
public readonly record struct InputFault(string Field, string Expected, string Actual)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Field}: expected {Expected}, got {Actual}";
}

/// <summary>An input that cannot be used. Carries every fault found in it, not only the first.</summary>
public sealed class InvalidInputException : Exception
{
    /// <summary>Creates the exception from at least one fault.</summary>
    public InvalidInputException(IReadOnlyList<InputFault> faults)
        : base(string.Join("; ", faults)) => Faults = faults;

    /// <summary>Creates the exception from a single fault.</summary>
    public InvalidInputException(string field, string expected, string actual)
        : this([new InputFault(field, expected, actual)])
    {
    }

    /// <summary>Every fault found, in the order of the input.</summary>
    public IReadOnlyList<InputFault> Faults { get; }
}
