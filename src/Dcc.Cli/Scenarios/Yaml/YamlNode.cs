using System.Globalization;
using System.Text;

namespace Dcc.Cli.Scenarios.Yaml;

/// <summary>A part of a YAML text that knows its line.</summary>
/// <param name="Line">From 1.</param>
internal abstract record YamlNode(int Line)
{
    /// <summary>What a message says came instead of what was expected.</summary>
    internal abstract string Shown { get; }

    /// <summary>The line of what a path such as devices[2].minCost leads to, or of the last part of it that exists.</summary>
    internal int LineOf(string path)
    {
        var node = this;
        var line = Line;
        foreach (var step in path.Split(['.', '[', ']'], StringSplitOptions.RemoveEmptyEntries))
        {
            if (node is YamlMap map && map.Entries.TryGetValue(step, out var entry))
            {
                (node, line) = (entry.Value, entry.Line);
            }
            else if (node is YamlList list && int.TryParse(step, NumberStyles.None, CultureInfo.InvariantCulture, out var index) && index < list.Items.Count)
            {
                node = list.Items[index];
                line = node.Line;
            }
            else
            {
                break;
            }
        }

        return line;
    }
}

/// <summary>Text as written.</summary>
/// <param name="Line">From 1.</param>
/// <param name="Text">Without its quotes.</param>
/// <param name="Plain">Whether it had none, so that it may be a number.</param>
internal sealed record YamlScalar(int Line, string Text, bool Plain) : YamlNode(Line)
{
    private const int LongestShown = 60;

    internal bool IsNothing => Plain && Text is "" or "~" or "null" or "Null" or "NULL";

    internal override string Shown => IsNothing ? "nothing" : Plain ? Shorten(Text) : $"\"{Shorten(Text)}\"";

    /// <summary>Text for a message of one line: not too long, and nothing in it that moves the cursor.</summary>
    internal static string Shorten(string text)
    {
        var shown = new StringBuilder();
        foreach (var character in text.Length <= LongestShown ? text : text[..LongestShown] + "...")
        {
            _ = char.IsControl(character)
                ? shown.Append(CultureInfo.InvariantCulture, $"\\u{(int)character:x4}")
                : shown.Append(character);
        }

        return shown.ToString();
    }
}

/// <summary>A reference to another part; no value is read from one, so that each place that meets it says what it expected.</summary>
internal sealed record YamlAlias(int Line, string Anchor) : YamlNode(Line)
{
    internal override string Shown => $"an alias (*{YamlScalar.Shorten(Anchor)})";
}

/// <summary>A list.</summary>
internal sealed record YamlList(int Line, IReadOnlyList<YamlNode> Items) : YamlNode(Line)
{
    internal override string Shown => "a list";
}

/// <summary>A mapping; no key comes twice.</summary>
internal sealed record YamlMap(int Line, IReadOnlyDictionary<string, YamlEntry> Entries) : YamlNode(Line)
{
    internal override string Shown => "a mapping";
}

/// <summary>A key of a mapping with its own line, and its value.</summary>
internal sealed record YamlEntry(string Key, int Line, YamlNode Value);
