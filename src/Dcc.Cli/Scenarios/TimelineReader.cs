using System.Globalization;
using Dcc.Cli.Scenarios.Yaml;
using Dcc.Core.Validation;
using Dcc.Links;

namespace Dcc.Cli.Scenarios;

internal enum LinkVerb
{
    Partition,
    Stall,
    Reset,
    Change,
    Refuse,
    Limit,
    SlowClose,
}

internal enum AgentVerb
{
    Kill,
    Pause,
}

internal enum CoordinatorVerb
{
    Kill,
    Terminate,
    Pause,
}

internal enum PartitionDirection
{
    Both,
    Up,
    Down,
}

/// <summary>Reads the timeline: a list of faults, each a trigger (at), an action (link, agent or coordinator) and what the action needs.</summary>
/// <param name="links">Reads the links that links change to.</param>
/// <param name="faults">Receives what is wrong.</param>
internal sealed class TimelineReader(LinkReader links, ScenarioFaults faults)
{
    internal static readonly string[] TimeKeys = ["time"];
    internal static readonly string[] RoundKeys = ["round"];
    internal static readonly string[] PointKeys = ["point", "device", "round"];

    private const int MostFaults = 1000;
    private static readonly string[] Subjects = ["link", "agent", "coordinator"];
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan LatestTime = TimeSpan.FromDays(1);

    /// <summary>Reads <c>timeline:</c>.</summary>
    internal List<TimelineEntry> Read(YamlFields scenario)
    {
        var entries = new List<TimelineEntry>();
        foreach (var (node, path) in scenario.Items("timeline").Take(MostFaults + 1))
        {
            if (entries.Count == MostFaults)
            {
                faults.Add(node.Line, "timeline", $"at most {MostFaults} faults", "more");
            }
            else if (Entry(node, path) is { } entry)
            {
                entries.Add(entry);
            }
        }

        return entries;
    }

    private TimelineEntry? Entry(YamlNode node, string path)
    {
        var map = node as YamlMap;
        string[] present = [.. Subjects.Where(subject => map?.Entries.ContainsKey(subject) == true)];
        string[] keys = present.Length == 1 && map!.Entries[present[0]].Value is YamlScalar verb ? KeysOf(present[0], verb.Text) : [];
        var known = keys.Length > 0;
        if (YamlFields.Of(node, path, faults, known ? ["at", present[0], .. keys] : AllKeys) is not { } fields)
        {
            return null;
        }

        if (present.Length != 1)
        {
            faults.Add(
                fields.Line, path, "one action: link, agent or coordinator", present.Length == 0 ? "none" : string.Join(" and ", present));
        }

        fields.Require("at");
        var trigger = fields.Find("at") is { } at ? Trigger(at, fields.PathOf("at")) : null;
        var devices = DeviceSet.Read(fields, "devices", faults);
        var action = present.Length == 1 ? Action(present[0], fields) : null;
        if (keys.Contains("devices"))
        {
            fields.Require("devices");
        }

        return new TimelineEntry(trigger, devices, action, fields);
    }

    /// <summary>What an action takes beside its trigger; empty where there is no such action.</summary>
    internal static string[] KeysOf(string subject, string verb) => (subject, verb) switch
    {
        ("link", "partition") => ["devices", "direction", "for", "untilRound"],
        ("link", "stall") => ["devices", "for"],
        ("link", "reset") => ["devices"],
        ("link", "change") => ["devices", "to", "for", "untilRound"],
        ("link", "refuse") => ["devices", "for"],
        ("link", "limit") => ["devices", "direction", "bytes"],
        ("link", "slow-close") => ["devices", "for"],
        ("agent", "kill") => ["devices", "restartAfter"],
        ("agent", "pause") => ["devices", "for"],
        ("coordinator", "kill") => ["restartAfter"],
        ("coordinator", "terminate") => ["restartAfter"],
        ("coordinator", "pause") => ["for"],
        _ => [],
    };

    private static string[] AllKeys =>
        ["at", .. Subjects, "devices", "direction", "for", "untilRound", "to", "bytes", "restartAfter"];

    private FaultTrigger? Trigger(YamlNode node, string path)
    {
        var map = node as YamlMap;
        var keys = map?.Entries.ContainsKey("time") == true ? TimeKeys
            : map?.Entries.ContainsKey("point") == true || map?.Entries.ContainsKey("device") == true ? PointKeys
            : map?.Entries.ContainsKey("round") == true ? RoundKeys
            : ["time", "round", "point", "device"];
        if (YamlFields.Of(node, path, faults, keys) is not { } fields)
        {
            return null;
        }

        if (keys == TimeKeys)
        {
            return Duration(fields, "time", TimeSpan.Zero, LatestTime) is { } time ? new AtTime(time) : null;
        }

        fields.Require(keys == PointKeys ? PointKeys : RoundKeys);
        var round = fields.Whole("round", 0, int.MaxValue);
        if (keys == RoundKeys)
        {
            return round is { } opened ? new AtRound(opened) : null;
        }

        return fields.Choice<ProtocolPoint>("point") is { } point && fields.Whole("device", 0, int.MaxValue) is { } device && round is { } number
            ? new AtPoint(point, device, number)
            : null;
    }

    private Func<int[], FaultAction>? Action(string subject, YamlFields fields) => subject switch
    {
        "link" => fields.Choice<LinkVerb>("link") is { } verb ? LinkAction(verb, fields) : null,
        "agent" => fields.Choice<AgentVerb>("agent") switch
        {
            AgentVerb.Kill => Restart(fields) is { } after ? devices => new KillAgents(devices, after) : null,
            AgentVerb.Pause => For(fields) is { } time ? devices => new PauseAgents(devices, time) : null,
            _ => null,
        },
        _ => fields.Choice<CoordinatorVerb>("coordinator") switch
        {
            CoordinatorVerb.Kill => Restart(fields) is { } after ? _ => new KillCoordinator(after) : null,
            CoordinatorVerb.Terminate => Restart(fields) is { } after ? _ => new TerminateCoordinator(after) : null,
            CoordinatorVerb.Pause => For(fields) is { } time ? _ => new PauseCoordinator(time) : null,
            _ => null,
        },
    };

    private Func<int[], FaultAction>? LinkAction(LinkVerb verb, YamlFields fields)
    {
        switch (verb)
        {
            case LinkVerb.Partition:
                var direction = fields.Choice<PartitionDirection>("direction") ?? PartitionDirection.Both;
                LinkDirection? way = direction == PartitionDirection.Both ? null : direction == PartitionDirection.Up ? LinkDirection.Up : LinkDirection.Down;
                return End(fields, required: true) is { } heals ? devices => new Partition(devices, way, heals) : null;
            case LinkVerb.Stall:
                return For(fields) is { } stalled ? devices => new Partition(devices, null, new FaultEnd(stalled, null)) : null;
            case LinkVerb.Reset:
                return devices => new ResetConnections(devices);
            case LinkVerb.Change:
                fields.Require("to");
                var end = End(fields, required: fields.Has("untilRound"));
                return fields.Find("to") is { } to && links.Read(to, fields.PathOf("to")) is { } change
                    ? devices => new ChangeLink(devices, change, end)
                    : null;
            case LinkVerb.Refuse:
                return For(fields) is { } refused ? devices => new RefuseConnections(devices, refused) : null;
            case LinkVerb.Limit:
                fields.Require("direction", "bytes");
                var bytes = fields.Measure<int>(
                    "bytes", Quantity.BytesForm + ", from 1 B",
                    (string text, out int value) => Quantity.TryBytes(text, out value) && value >= 1);
                return fields.Choice<LinkDirection>("direction") is { } limited && bytes is { } count
                    ? devices => new LimitBytes(devices, limited, count)
                    : null;
            default:
                return For(fields) is { } closing ? devices => new SlowClose(devices, closing) : null;
        }
    }

    // untilRound alone might never come: the round may wait for the very device that is cut off. So the time is always asked for.
    private static FaultEnd? End(YamlFields fields, bool required)
    {
        var until = fields.Whole("untilRound", 1, int.MaxValue);
        return required || fields.Has("for") ? For(fields) is { } time ? new FaultEnd(time, until) : null : null;
    }

    private static TimeSpan? For(YamlFields fields)
    {
        fields.Require("for");
        return Duration(fields, "for", TimeSpan.FromMilliseconds(1), LongestPause);
    }

    private static TimeSpan? Restart(YamlFields fields)
    {
        fields.Require("restartAfter");
        return Duration(fields, "restartAfter", TimeSpan.Zero, LongestPause);
    }

    private static TimeSpan? Duration(YamlFields fields, string key, TimeSpan lowest, TimeSpan highest) => fields.Measure(
        key,
        string.Create(CultureInfo.InvariantCulture, $"{Quantity.DurationForm}, from {lowest.TotalMilliseconds} ms to {highest.TotalSeconds} s"),
        (string text, out TimeSpan value) => Quantity.TryDuration(text, out value) && value >= lowest && value <= highest);
}
