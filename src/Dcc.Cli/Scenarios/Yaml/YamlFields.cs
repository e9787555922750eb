using System.Globalization;
using Dcc.Core.Validation;

namespace Dcc.Cli.Scenarios.Yaml;

/// <summary>
/// One mapping of which every key is known. A value that is absent or wrong reads as null; what is wrong is noted, what is absent is noted by
/// <see cref="Require"/> only.
/// </summary>
internal sealed class YamlFields
{
    private readonly YamlMap map;
    private readonly ScenarioFaults faults;

    private YamlFields(YamlMap map, string path, ScenarioFaults faults)
    {
        this.map = map;
        Path = path;
        this.faults = faults;
    }

    /// <summary>Reads text of a quantity.</summary>
    internal delegate bool Parse<T>(string text, out T value);

    internal string Path { get; }

    internal int Line => map.Line;

    /// <summary>The mapping, or null where it is something else; notes its unknown keys.</summary>
    internal static YamlFields? Of(YamlNode node, string path, ScenarioFaults faults, params IReadOnlyList<string> keys)
    {
        if (node is not YamlMap map)
        {
            faults.Add(node.Line, path, $"a mapping of {string.Join(", ", keys)}", node.Shown);
            return null;
        }

        foreach (var entry in map.Entries.Values.Where(entry => !keys.Contains(entry.Key)))
        {
            faults.Add(entry.Line, Join(path, YamlScalar.Shorten(entry.Key)), $"one of {string.Join(", ", keys)}", "an unknown key");
        }

        return new YamlFields(map, path, faults);
    }

    internal bool Has(string key) => map.Entries.ContainsKey(key);

    internal YamlNode? Find(string key) => map.Entries.GetValueOrDefault(key)?.Value;

    internal string PathOf(string key) => Join(Path, key);

    /// <summary>The line of a key, or of the mapping where it is absent.</summary>
    internal int LineOf(string key) => map.Entries.GetValueOrDefault(key)?.Line ?? Line;

    internal void Fault(string key, string expected, string actual) => faults.Add(LineOf(key), PathOf(key), expected, actual);

    /// <summary>Notes the keys that are absent.</summary>
    internal void Require(params ReadOnlySpan<string> keys)
    {
        foreach (var key in keys)
        {
            if (!Has(key))
            {
                Fault(key, "a value", "nothing");
            }
        }
    }

    internal string? Text(string key)
    {
        // What other readers of YAML take for a number or a truth value is no text here either.
        if (Find(key) is YamlScalar { Plain: true } scalar && (Quantity.TryNumber(scalar.Text, out _) || scalar.Text is "true" or "false"))
        {
            faults.Add(scalar.Line, PathOf(key), "a text", scalar.Shown);
            return null;
        }

        return Read(key, "a text", (string text, out string value) => (value = text).Length > 0, plainOnly: false, out var text) ? text : null;
    }

    internal int? Whole(string key, int lowest, int highest) => Plain<int>(
        key, string.Create(CultureInfo.InvariantCulture, $"a whole number from {lowest} to {highest}"),
        (string text, out int value) =>
            int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value) && value >= lowest && value <= highest);

    internal ulong? Seed(string key) => Plain<ulong>(
        key, "a whole number from 0 to 2^64-1",
        (string text, out ulong value) => ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value));

    internal double? Number(string key, string expected, Func<double, bool> accepts) => Plain<double>(
        key, expected, (string text, out double value) => Quantity.TryNumber(text, out value) && accepts(value));

    internal T? Choice<T>(string key)
        where T : struct, Enum => Measure<T>(key, string.Join('|', KebabCase.Names<T>()), KebabCase.TryParse);

    /// <summary>A quantity with its unit.</summary>
    internal T? Measure<T>(string key, string expected, Parse<T> parse)
        where T : struct => Read(key, expected, parse, plainOnly: false, out var value) ? value : null;

    /// <summary>The items of a list; none where it is absent or something else.</summary>
    internal IEnumerable<(YamlNode Node, string Path)> Items(string key)
    {
        if (Find(key) is not { } node)
        {
            return [];
        }

        if (node is not YamlList { Items.Count: > 0 } list)
        {
            Fault(key, "a list of at least one item", node is YamlList ? "an empty list" : node.Shown);
            return [];
        }

        return list.Items.Select((item, index) => (item, string.Create(CultureInfo.InvariantCulture, $"{PathOf(key)}[{index}]")));
    }

    private T? Plain<T>(string key, string expected, Parse<T> parse)
        where T : struct => Read(key, expected, parse, plainOnly: true, out var value) ? value : null;

    private bool Read<T>(string key, string expected, Parse<T> parse, bool plainOnly, out T value)
    {
        value = default!;
        if (Find(key) is not { } node)
        {
            return false;
        }

        if (node is YamlScalar { IsNothing: false } scalar && (scalar.Plain || !plainOnly) && parse(scalar.Text, out value))
        {
            return true;
        }

        faults.Add(node.Line, PathOf(key), expected, node.Shown);
        return false;
    }

    private static string Join(string path, string key) => path == "" ? key : $"{path}.{key}";
}
