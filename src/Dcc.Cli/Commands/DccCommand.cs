using System.CommandLine;

namespace Dcc.Cli.Commands;

/// <summary>A command with what its help says beyond its options.</summary>
/// <param name="name">As it is typed.</param>
/// <param name="summary">One line, for the list of commands.</param>
internal sealed class DccCommand(string name, string summary) : Command(name, summary)
{
    internal const string UsualExitCodes = "0 done, 1 failed or cancelled, 2 bad input (one line on stderr).";

    private readonly List<(string Title, IReadOnlyList<Option> Options)> groups = [];

    /// <summary>What it is for, as a paragraph.</summary>
    internal string Purpose { get; init; } = "";

    internal IReadOnlyList<(string Line, string Meaning)> Examples { get; init; } = [];

    internal string ExitCodes { get; init; } = UsualExitCodes;

    /// <summary>The options that have a heading of their own, in order.</summary>
    internal IReadOnlyList<(string Title, IReadOnlyList<Option> Options)> Groups => groups;

    /// <summary>Adds options under a heading.</summary>
    internal void Add(string title, params IEnumerable<Option> options)
    {
        Option[] group = [.. options];
        groups.Add((title, group));
        Array.ForEach(group, Add);
    }
}
