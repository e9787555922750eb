using System.Globalization;
using System.Text.Json.Nodes;
using Dcc.Cli.Scenarios;
using Dcc.Cli.Scenarios.Yaml;
using Dcc.Core.Validation;
using Dcc.Links;
using Dcc.Links.Proxy;

namespace Dcc.Cli.Control;

/// <summary>
/// What can be asked of a link at run time, as paths and JSON. Every request that is taken answers with the link as it then is.
/// <code>
/// GET /link          settings, faults in force, counters       POST /partition  {"direction":"both|up|down","for":"2 s"}, both optional
/// PATCH /link        fields over the link that there is        POST /heal, /reset, /accept
/// PUT /link          fields over a link that does nothing      POST /refuse     {"for":"2 s"}, optional
/// GET /healthz, /metrics                                       POST /limit      {"direction":"up","bytes":1000}
///                                                              POST /slow-close {"for":"2 s"}
/// </code>
/// </summary>
/// <param name="proxy">The link.</param>
/// <param name="faultsInForce">Its faults.</param>
/// <param name="instruments">Count what is injected.</param>
/// <param name="upstream">As the user named it.</param>
/// <param name="seed">Of loss and jitter.</param>
internal sealed class LinkApi(LinkProxy proxy, LinkFaults faultsInForce, LinkInstruments instruments, string upstream, ulong seed)
{
    /// <summary>Answered by the server itself, as text.</summary>
    internal const string MetricsPath = "/metrics";

    private const string Get = "GET";
    private const string Post = "POST";
    private const string Put = "PUT";
    private const string Patch = "PATCH";

    private static readonly TimeSpan LongestFault = TimeSpan.FromMinutes(10);

    internal static IReadOnlyList<string> Paths { get; } =
        ["/link", "/partition", "/heal", "/reset", "/refuse", "/accept", "/limit", "/slow-close", "/healthz", MetricsPath];

    /// <summary>What a path takes; empty where there is none.</summary>
    internal static string[] MethodsOf(string path) => path switch
    {
        "/link" => [Get, Put, Patch],
        "/healthz" or MetricsPath => [Get],
        _ => Paths.Contains(path) ? [Post] : [],
    };

    /// <summary>Does what a request asks.</summary>
    /// <param name="method">One that the path takes.</param>
    /// <param name="path">One of <see cref="Paths"/>.</param>
    /// <param name="body">JSON, or nothing.</param>
    /// <param name="faults">Receives what is wrong with it; nothing was done then.</param>
    /// <returns>The answer; null where something is wrong.</returns>
    internal JsonObject? Handle(string method, string path, ReadOnlyMemory<byte> body, ScenarioFaults faults)
    {
        if (path == "/healthz")
        {
            return new JsonObject { ["status"] = "ok" };
        }

        if (method != Get && JsonText.Read(body, faults) is { } node && Read(method, path, node, faults) is { } act && faults.Count == 0)
        {
            act();
        }

        return faults.Count == 0 ? Describe() : null;
    }

    private Action? Read(string method, string path, YamlNode node, ScenarioFaults faults)
    {
        if (path == "/link")
        {
            return Change(method == Put, node, faults);
        }

        var keys = KeysOf(path);
        if (keys.Length == 0 && node is not YamlMap { Entries.Count: 0 })
        {
            faults.Add(node.Line, "", "nothing", node.Shown);
            return null;
        }

        if (YamlFields.Of(node, "", faults, keys) is not { } fields)
        {
            return null;
        }

        var time = keys.Contains("for") ? Time(fields) : null;
        switch (path)
        {
            case "/partition":
                var way = fields.Choice<PartitionDirection>("direction") ?? PartitionDirection.Both;
                return Counted(
                    LinkFault.Partition, () => faultsInForce.Partition(way != PartitionDirection.Down, way != PartitionDirection.Up, time));
            case "/heal":
                return faultsInForce.Heal;
            case "/reset":
                return Counted(LinkFault.Reset, proxy.Reset);
            case "/refuse":
                return Counted(LinkFault.Refuse, () => faultsInForce.Refuse(time));
            case "/accept":
                return faultsInForce.Accept;
            case "/limit":
                fields.Require("direction", "bytes");
                var bytes = fields.Measure<int>("bytes", "a whole number of at least 1, or " + Quantity.BytesForm, TryCount);
                return fields.Choice<LinkDirection>("direction") is { } direction && bytes is { } count
                    ? Counted(LinkFault.Limit, () => faultsInForce.Limit(direction, count))
                    : null;
            default:
                fields.Require("for");
                return time is { } late ? Counted(LinkFault.SlowClose, () => proxy.SlowClose(late)) : null;
        }
    }

    private Action Counted(LinkFault kind, Action act) => () =>
    {
        act();
        instruments.Count(kind);
    };

    private Action? Change(bool replace, YamlNode node, ScenarioFaults faults)
    {
        // A path in a request would let whoever reaches this port ask what files there are.
        foreach (var map in new[] { node, Part(node, "up"), Part(node, "down") }.OfType<YamlMap>().Where(map => map.Entries.ContainsKey("trace")))
        {
            faults.Add(map.Line, "trace", "no trace at run time (only as --trace)", map.Entries["trace"].Value.Shown);
        }

        return faults.Count == 0 && new LinkReader("", faults).Read(node, "") is { } change
            ? Counted(LinkFault.Change, () => proxy.Change(link => change.ApplyTo(replace ? LinkSettings.None : link)))
            : null;
    }

    private JsonObject Describe()
    {
        var counts = proxy.Counts;
        return new JsonObject
        {
            ["listen"] = proxy.Address.ToString(),
            ["upstream"] = upstream,
            ["seed"] = seed,
            ["settings"] = LinkWords.Write(proxy.Settings),
            ["faults"] = faultsInForce.ToJson(),
            ["connections"] = new JsonObject { ["open"] = counts.Open, ["total"] = counts.Connections, ["resets"] = counts.Resets },
            ["up"] = Direction(counts.UpBytes, counts.UpDelay, counts.UpLosses),
            ["down"] = Direction(counts.DownBytes, counts.DownDelay, counts.DownLosses),
            ["segments"] = proxy.Segments is not { } segments ? null : new JsonObject
            {
                ["upData"] = segments.UpData, ["upBare"] = segments.UpBare, ["downData"] = segments.DownData, ["downBare"] = segments.DownBare,
            },
        };
    }

    private static JsonObject Direction(long bytes, TimeSpan delay, long losses) =>
        new() { ["bytes"] = bytes, ["delayMilliseconds"] = delay.TotalMilliseconds, ["losses"] = losses };

    private static string[] KeysOf(string path) => path switch
    {
        "/partition" => ["direction", "for"],
        "/refuse" or "/slow-close" => ["for"],
        "/limit" => ["direction", "bytes"],
        _ => [],
    };

    private static YamlNode? Part(YamlNode node, string key) => (node as YamlMap)?.Entries.GetValueOrDefault(key)?.Value;

    private static bool TryCount(string text, out int value) =>
        (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value) || Quantity.TryBytes(text, out value)) && value >= 1;

    private static TimeSpan? Time(YamlFields fields) => fields.Measure(
        "for",
        string.Create(CultureInfo.InvariantCulture, $"{Quantity.DurationForm}, from 1 ms to {LongestFault.TotalMinutes} minutes"),
        (string text, out TimeSpan value) => Quantity.TryDuration(text, out value) && value >= TimeSpan.FromMilliseconds(1) && value <= LongestFault);
}
