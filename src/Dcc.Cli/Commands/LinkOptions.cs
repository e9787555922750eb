using System.CommandLine;
using System.Text.Json;
using Dcc.Cli.Scenarios;
using Dcc.Cli.Scenarios.Yaml;
using Dcc.Core.Validation;
using Dcc.Links;

namespace Dcc.Cli.Commands;

/// <summary>A link on the command line: every field that scenario files have, in the same words, for both directions or one.</summary>
internal sealed class LinkOptions
{
    private static readonly string[] Directions = ["up", "down"];

    private readonly Option<string?> profile = new("--profile")
    {
        Description = "The link to start from [loopback, which does nothing].",
        HelpName = LinkReader.ProfileNames,
    };

    // By the field's path in a scenario's link: latency, up.latency, down.latency.
    private readonly List<(string Path, Option<string?> Option)> fields =
    [
        .. LinkReader.DirectionKeys.Select(key => (key, Field(key, "--", hidden: false))),
        .. Directions.SelectMany(direction => LinkReader.DirectionKeys.Select(key =>
            ($"{direction}.{key}", Field(key, $"--{direction}-", hidden: true)))),
    ];

    internal LinkOptions() => Inputs.Complete(profile, LinkProfile.All.Select(known => known.Name));

    internal IEnumerable<Option> All => [profile, .. fields.Select(entry => entry.Option)];

    /// <summary>The link that the command line asks for; what is wrong is noted.</summary>
    internal LinkSettings Read(ParseResult parsed, List<InputFault> faults)
    {
        var found = new ScenarioFaults("command line", "link");
        var entries = new Dictionary<string, YamlEntry>(StringComparer.Ordinal);
        Add(entries, "profile", parsed.GetValue(profile), found);
        foreach (var path in Directions)
        {
            var one = new Dictionary<string, YamlEntry>(StringComparer.Ordinal);
            fields.FindAll(field => field.Path.StartsWith(path + ".", StringComparison.Ordinal))
                .ForEach(field => Add(one, field.Path[(path.Length + 1)..], parsed.GetValue(field.Option), found));
            entries[path] = new YamlEntry(path, 1, new YamlMap(1, one));
        }

        fields.FindAll(field => !field.Path.Contains('.', StringComparison.Ordinal))
            .ForEach(field => Add(entries, field.Path, parsed.GetValue(field.Option), found));
        var change = new LinkReader("", found).Read(new YamlMap(1, entries), "");
        faults.AddRange(found.Found.Select(fault => fault with { Field = OptionOf(fault.Field) }));
        return change?.ApplyTo(LinkSettings.None) ?? LinkSettings.None;
    }

    private static Option<string?> Field(string key, string prefix, bool hidden) => new(prefix + Kebab(key))
    {
        Description = Describe(key),
        HelpName = "VALUE",
        Hidden = hidden,
    };

    private static string Describe(string key) => key switch
    {
        "latency" => "One-way delay, such as \"50 ms\".",
        "jitter" => "Variation of the delay, such as \"5 ms\".",
        "jitterDistribution" => string.Join('|', KebabCase.Names<JitterDistribution>()) + ".",
        "jitterCorrelation" => "Of successive variations, from 0 to below 1.",
        "bandwidth" => "Such as \"20 Mbit/s\", or unlimited.",
        "queue" => "What may wait for its turn before the sender is held back, such as \"64 KiB\".",
        "loss" => "Of segments, such as \"1 %\".",
        "burst" => "Losses in bursts, such as \"{toBad: 1 %, toGood: 30 %, lossInBad: 50 %}\".",
        "resetAfter" => "How long a segment may fail to get through before the connection is reset [60 s].",
        _ => "A Mahimahi packet-delivery file, in place of a bandwidth.",
    };

    // What was given as one word is one, except the mapping that a burst is.
    private static void Add(Dictionary<string, YamlEntry> entries, string key, string? text, ScenarioFaults faults)
    {
        if (text is not null && (key == "burst" ? YamlText.Read(text, faults) : new YamlScalar(1, text, Plain: true)) is { } node)
        {
            entries[key] = new YamlEntry(key, 1, node);
        }
    }

    // up.burst.toBad is --up-burst.toBad.
    private static string OptionOf(string path)
    {
        var steps = path.Split('.');
        var named = Directions.Contains(steps[0]) && steps.Length > 1 ? 2 : 1;
        return "--" + string.Join('.', [string.Join('-', steps.Take(named).Select(Kebab)), .. steps.Skip(named)]);
    }

    private static string Kebab(string key) => JsonNamingPolicy.KebabCaseLower.ConvertName(key);
}
