using System.Globalization;
using Dcc.Core.Validation;

namespace Dcc.Cli.Scenarios;

/// <summary>Collects everything wrong with one scenario file, each with its line, so that one look mends them all.</summary>
/// <param name="file">The file as the user named it.</param>
/// <param name="whole">What a fault of no single field is a fault of.</param>
internal sealed class ScenarioFaults(string file, string whole = "scenario")
{
    private readonly List<(int Line, InputFault Fault)> found = [];

    /// <summary>What was noted, without lines: for what is no file.</summary>
    internal IEnumerable<InputFault> Found => found.Select(entry => entry.Fault);

    internal int Count => found.Count;

    /// <summary>Notes a fault.</summary>
    /// <param name="line">From 1.</param>
    /// <param name="field">Path of keys from the top; empty for the whole.</param>
    /// <param name="expected">What would be right.</param>
    /// <param name="actual">What is there.</param>
    internal void Add(int line, string field, string expected, string actual) =>
        found.Add((line, new InputFault(field == "" ? whole : field, expected, actual)));

    /// <summary>Throws if there are any, in the order of the file's lines.</summary>
    /// <exception cref="InvalidInputException">Every fault, each as FILE:LINE: field.</exception>
    internal void Throw()
    {
        if (found.Count > 0)
        {
            throw new InvalidInputException([.. found.OrderBy(entry => entry.Line).Select(entry => entry.Fault with
            {
                Field = string.Create(CultureInfo.InvariantCulture, $"{file}:{entry.Line}: {entry.Fault.Field}"),
            })]);
        }
    }

    /// <summary>A copy, for what is checked again and again with other numbers of devices and rounds.</summary>
    internal ScenarioFaults Copy()
    {
        var copy = new ScenarioFaults(file, whole);
        copy.found.AddRange(found);
        return copy;
    }
}
