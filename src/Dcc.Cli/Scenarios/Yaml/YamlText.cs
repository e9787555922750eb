using System.Globalization;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Dcc.Cli.Scenarios.Yaml;

/// <summary>
/// Reads the part of YAML that scenarios use: one document of mappings, lists and scalars. Anchors, aliases, tags and merge keys are refused, so
/// that what a line says is what is written there and a small file cannot become a large one.
/// </summary>
internal sealed class YamlText
{
    private const int DeepestNesting = 16;

    private readonly Scanner scanner;
    private readonly Parser parser;
    private readonly ScenarioFaults faults;

    private YamlText(string text, ScenarioFaults faults)
    {
        scanner = new Scanner(new StringReader(text));
        parser = new Parser(scanner);
        this.faults = faults;
    }

    /// <summary>The document, or null where it is no YAML at all; what is wrong is noted.</summary>
    internal static YamlNode? Read(string text, ScenarioFaults faults)
    {
        var yaml = new YamlText(text, faults);
        try
        {
            return yaml.Document();
        }
        catch (YamlException exception)
        {
            yaml.Explain(text, Line(exception.Start), Line(exception.End), exception.Message);
        }
        catch (Exception exception) when (exception is InvalidOperationException or ArgumentException)
        {
            // The library throws these in place of its own exception: where a line inside braces or brackets is not indented, and for an escape
            // sequence that is no character.
            var line = Line(yaml.scanner.CurrentPosition);
            yaml.Explain(text, line, line, "text that cannot stand here, or is not indented");
        }

        return null;
    }

    // The library names where a construct began, which for a tab is the line before, and for what is never closed may be one after the last.
    private void Explain(string text, int start, int end, string message)
    {
        var lines = text.TrimEnd('\n').Split('\n');
        var first = Math.Min(start, lines.Length);
        for (var line = first; line <= Math.Min(end, lines.Length); line++)
        {
            var written = lines[line - 1];
            if (written[..(written.Length - written.TrimStart().Length)].Contains('\t', StringComparison.Ordinal))
            {
                faults.Add(line, "syntax", "spaces as indentation", "a tab");
                return;
            }
        }

        faults.Add(first, "syntax", "valid YAML", YamlScalar.Shorten(message));
    }

    private YamlNode? Document()
    {
        parser.Consume<StreamStart>();
        if (parser.Accept<StreamEnd>(out _))
        {
            faults.Add(1, "", "a mapping", "an empty file");
            return null;
        }

        parser.Consume<DocumentStart>();
        var root = Node("", 0);
        parser.Consume<DocumentEnd>();
        if (parser.Current is not StreamEnd)
        {
            faults.Add(Line(parser.Current!.Start), "", "one document", "another document");
        }

        return root;
    }

    private YamlNode Node(string path, int depth)
    {
        if (depth > DeepestNesting)
        {
            // Nothing below can be right, so reading ends here.
            throw new YamlException(
                parser.Current!.Start, parser.Current.End, string.Create(CultureInfo.InvariantCulture, $"nested deeper than {DeepestNesting} levels"));
        }

        if (parser.TryConsume<AnchorAlias>(out var alias))
        {
            return new YamlAlias(Line(alias.Start), alias.Value.Value);
        }

        if (parser.Current is NodeEvent { Anchor.IsEmpty: false } anchored)
        {
            faults.Add(Line(anchored.Start), path, "no anchor", $"&{YamlScalar.Shorten(anchored.Anchor.Value)}");
        }

        if (parser.Current is NodeEvent { Tag.IsEmpty: false } tagged)
        {
            faults.Add(Line(tagged.Start), path, "no tag", YamlScalar.Shorten(tagged.Tag.Value));
        }

        if (parser.TryConsume<SequenceStart>(out var list))
        {
            return List(Line(list.Start), path, depth);
        }

        if (parser.TryConsume<MappingStart>(out var map))
        {
            return Map(Line(map.Start), path, depth);
        }

        var scalar = parser.Consume<Scalar>();
        return new YamlScalar(Line(scalar.Start), scalar.Value, scalar.Style == ScalarStyle.Plain);
    }

    private YamlList List(int line, string path, int depth)
    {
        var items = new List<YamlNode>();
        while (!parser.TryConsume<SequenceEnd>(out _))
        {
            items.Add(Node(string.Create(CultureInfo.InvariantCulture, $"{path}[{items.Count}]"), depth + 1));
        }

        return new YamlList(line, items);
    }

    private YamlMap Map(int line, string path, int depth)
    {
        var entries = new Dictionary<string, YamlEntry>(StringComparer.Ordinal);
        while (!parser.TryConsume<MappingEnd>(out _))
        {
            var key = Node(path, depth + 1);
            var value = Node(Join(path, key.Shown), depth + 1);
            if (key is not YamlScalar { IsNothing: false } name)
            {
                faults.Add(key.Line, path, "a name as key", key.Shown);
            }
            else if (!entries.TryAdd(name.Text, new YamlEntry(name.Text, name.Line, value)))
            {
                faults.Add(name.Line, Join(path, name.Shown), $"one value (line {entries[name.Text].Line} has it)", "the key again");
            }
        }

        return new YamlMap(line, entries);
    }

    private static string Join(string path, string key) => path == "" ? key : $"{path}.{key}";

    private static int Line(Mark mark) => (int)Math.Max(1, mark.Line);
}
