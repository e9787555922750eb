using System.Globalization;
using Dcc.Cli.Scenarios.Yaml;

namespace Dcc.Cli.Scenarios;

/// <summary>Devices as a scenario names them: all, odd, even, an index, a range 0-4, or a list of indices and ranges. Which they are depends on N.</summary>
internal sealed class DeviceSet
{
    private const string Form = "all, odd, even, an index, a range such as 0-4, or a list of indices and ranges";

    private readonly int line;
    private readonly string path;
    private readonly int parity;
    private readonly IReadOnlyList<(int First, int Last)> ranges;

    private DeviceSet(int line, string path, int parity, IReadOnlyList<(int First, int Last)> ranges) =>
        (this.line, this.path, this.parity, this.ranges) = (line, path, parity, ranges);

    /// <summary>Reads a set; null where it is absent or wrong.</summary>
    internal static DeviceSet? Read(YamlFields fields, string key, ScenarioFaults faults)
    {
        if (fields.Find(key) is not { } node)
        {
            return null;
        }

        var path = fields.PathOf(key);
        var parity = node is YamlScalar scalar ? Array.IndexOf(["even", "odd", "all"], scalar.Text) : -1;
        if (parity >= 0)
        {
            return new DeviceSet(node.Line, path, parity, []);
        }

        var before = faults.Count;
        var ranges = new List<(int First, int Last, YamlScalar Text)>();
        var parts = node is YamlList { Items.Count: > 0 } list ? list.Items : [node];
        foreach (var part in parts)
        {
            if (part is not YamlScalar text || Range(text.Text) is not { } range)
            {
                faults.Add(part.Line, path, Form, part is YamlList { Items.Count: 0 } ? "an empty list" : part.Shown);
            }
            else
            {
                ranges.Add((range.First, range.Last, text));
            }
        }

        ranges.Sort((one, other) => one.First.CompareTo(other.First));
        foreach (var (one, next) in ranges.Zip(ranges.Skip(1)).Where(pair => pair.Second.First <= pair.First.Last))
        {
            faults.Add(next.Text.Line, path, "each device once", $"{one.Text.Text} and {next.Text.Text}");
        }

        return faults.Count == before ? new DeviceSet(node.Line, path, -1, [.. ranges.Select(range => (range.First, range.Last))]) : null;
    }

    /// <summary>The indices among N devices, ascending; notes those out of range, and a set that is empty.</summary>
    internal int[] Of(int devices, ScenarioFaults faults)
    {
        if (parity >= 0)
        {
            int[] chosen = [.. Enumerable.Range(0, devices).Where(device => parity == 2 || device % 2 == parity)];
            if (chosen.Length == 0)
            {
                faults.Add(line, path, "at least one device", string.Create(CultureInfo.InvariantCulture, $"none among {devices}"));
            }

            return chosen;
        }

        foreach (var (_, last) in ranges.Where(range => range.Last >= devices))
        {
            faults.Add(
                line, path, string.Create(CultureInfo.InvariantCulture, $"device indices from 0 to {devices - 1}"),
                last.ToString(CultureInfo.InvariantCulture));
        }

        return [.. ranges.Where(range => range.Last < devices)
            .SelectMany(range => Enumerable.Range(range.First, range.Last - range.First + 1)).Order()];
    }

    private static (int First, int Last)? Range(string text)
    {
        var dash = text.IndexOf('-', StringComparison.Ordinal);
        var (first, last) = dash < 0 ? (text, text) : (text[..dash].TrimEnd(), text[(dash + 1)..].TrimStart());
        return Index(first) is { } from && Index(last) is { } to && from <= to ? (from, to) : null;
    }

    private static int? Index(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var index) ? index : null;
}
