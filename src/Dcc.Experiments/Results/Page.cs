namespace Dcc.Experiments.Results;

/// <summary>Whether a claim of the paper came out.</summary>
internal enum Verdict
{
    Reproduced,
    Partly,
    NotReproduced,

    /// <summary>Nothing of the paper's: a measurement of this project.</summary>
    Measured,

    /// <summary>Runs that the verdict needs failed or are missing.</summary>
    Incomplete,
}

/// <summary>Verdicts from the parts of a claim.</summary>
internal static class Claims
{
    /// <summary>Reproduced where all hold, not where none does, else partly.</summary>
    internal static Verdict Judge(bool complete, params ReadOnlySpan<bool> parts)
    {
        var held = 0;
        foreach (var part in parts)
        {
            held += part ? 1 : 0;
        }

        return !complete ? Verdict.Incomplete : held == parts.Length ? Verdict.Reproduced : held == 0 ? Verdict.NotReproduced : Verdict.Partly;
    }
}

/// <summary>What an experiment shows.</summary>
/// <param name="Verdict">Of the paper's claim.</param>
/// <param name="Finding">What came out, with its numbers, in a few sentences.</param>
/// <param name="Charts">In the order they are read.</param>
/// <param name="Tables">In the order they are read.</param>
/// <param name="Deviations">Where this is not what the paper did, one sentence each.</param>
internal sealed record Page(
    Verdict Verdict, string Finding, IReadOnlyList<Chart> Charts, IReadOnlyList<DataTable> Tables, IReadOnlyList<string> Deviations);

/// <summary>Numbers in rows, for a CSV file and for the page.</summary>
/// <param name="Name">Of the file, lower case with hyphens.</param>
/// <param name="Title">What it shows.</param>
/// <param name="Header">Names of the columns.</param>
/// <param name="Rows">Text, whole numbers and doubles; a double that is not finite is an empty cell.</param>
internal sealed record DataTable(string Name, string Title, string[] Header, IReadOnlyList<object[]> Rows);
