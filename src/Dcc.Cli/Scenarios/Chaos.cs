using System.Globalization;
using Dcc.Cli.Scenarios.Yaml;
using Dcc.Core.Randomness;
using Dcc.Core.Validation;
using Dcc.Links;

namespace Dcc.Cli.Scenarios;

/// <summary>What chaos may do.</summary>
internal enum ChaosKind
{
    Partition,
    Stall,
    Reset,
    Refuse,
    Limit,
    SlowClose,
    AgentKill,
    AgentPause,
    CoordinatorKill,
    CoordinatorTerminate,
    CoordinatorPause,
}

/// <summary>
/// Random faults: a pure function of seed, devices and rounds, so that the same run meets the same faults again. Every fault is placed at a
/// round or a protocol point, no two at the same.
/// </summary>
internal sealed class Chaos
{
    /// <summary>The keys of <c>chaos:</c>.</summary>
    internal static readonly string[] Keys = ["faults", "kinds", "rounds", "longest"];

    private const int MostFaults = 1000;

    // Ends of one process; the eleventh would end the run.
    private const int MostEnds = 10;
    private const string RoundsForm = "a range of rounds such as 1-4";
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(100);

    private int count;
    private ChaosKind[] kinds = [];
    private (int First, int Last)? range;
    private TimeSpan longest;
    private YamlFields fields = null!;

    /// <summary>Reads <c>chaos:</c>; null where it is wrong.</summary>
    internal static Chaos? Read(YamlNode node, ScenarioFaults faults)
    {
        var before = faults.Count;
        if (YamlFields.Of(node, "chaos", faults, Keys) is not { } fields)
        {
            return null;
        }

        fields.Require("faults", "kinds", "longest");
        var chaos = new Chaos
        {
            fields = fields,
            count = fields.Whole("faults", 1, MostFaults) ?? 0,
            range = fields.Measure<(int First, int Last)>("rounds", RoundsForm, TryRange),
            longest = fields.Measure(
                "longest", $"{Quantity.DurationForm}, from 100 ms to 60 s",
                (string text, out TimeSpan value) => Quantity.TryDuration(text, out value) && value >= Shortest && value <= Longest) ?? default,
        };
        var chosen = new List<ChaosKind>();
        foreach (var (item, path) in fields.Items("kinds"))
        {
            if (item is YamlScalar scalar && KebabCase.TryParse<ChaosKind>(scalar.Text, out var kind) && !chosen.Contains(kind))
            {
                chosen.Add(kind);
            }
            else
            {
                faults.Add(item.Line, path, $"each at most once of {string.Join('|', KebabCase.Names<ChaosKind>())}", item.Shown);
            }
        }

        chaos.kinds = [.. chosen];
        return faults.Count == before ? chaos : null;
    }

    /// <summary>The faults for a run, by round; notes rounds out of range, and more faults than there are places.</summary>
    internal IEnumerable<TimelineFault> Expand(int devices, int rounds, ulong seed, IEnumerable<FaultTrigger> taken, ScenarioFaults faults)
    {
        // The last evaluation is left out: after it, nothing need happen any more.
        var (first, last) = range ?? (0, rounds - 1);
        if (last > rounds)
        {
            faults.Add(
                fields.LineOf("rounds"), fields.PathOf("rounds"), string.Create(CultureInfo.InvariantCulture, $"rounds from 0 to {rounds}"),
                string.Create(CultureInfo.InvariantCulture, $"{first}-{last}"));
            return [];
        }

        var random = RandomStream.For(seed, StreamPurpose.Scenario, device: 0, round: 1);
        var used = taken.ToHashSet();
        var ends = new Dictionary<int, int>();
        var deviceOf = new Dictionary<int, int>();
        var drawn = new List<TimelineFault>();
        for (var attempts = 100L * count; drawn.Count < count && attempts > 0; attempts--)
        {
            var device = Draw(ref random, devices);
            var round = first + Draw(ref random, last - first + 1);

            // One device a round: the points of a device's round follow each other, those of two devices race.
            deviceOf.TryAdd(round, device);
            device = deviceOf[round];
            var place = Draw(ref random, 5);
            FaultTrigger trigger = place == 4 ? new AtRound(round) : new AtPoint((ProtocolPoint)place, device, round);
            var action = Action(kinds[Draw(ref random, kinds.Length)], device, ref random);
            var process = action switch
            {
                KillAgents => device,
                KillCoordinator or TerminateCoordinator => -1,
                _ => (int?)null,
            };
            if (used.Contains(trigger) || (process is { } ended && ends.GetValueOrDefault(ended) == MostEnds))
            {
                continue;
            }

            used.Add(trigger);
            ends[process ?? int.MaxValue] = ends.GetValueOrDefault(process ?? int.MaxValue) + 1;
            drawn.Add(new TimelineFault(trigger, action, fields.LineOf("faults"), "chaos"));
        }

        if (drawn.Count < count)
        {
            faults.Add(
                fields.LineOf("faults"), fields.PathOf("faults"), string.Create(CultureInfo.InvariantCulture, $"no more than fit, such as {drawn.Count}"),
                count.ToString(CultureInfo.InvariantCulture));
        }

        return drawn.OrderBy(fault => fault.Trigger is AtPoint point ? (point.Round, (int)point.Point) : (((AtRound)fault.Trigger).Round, -1));
    }

    private FaultAction Action(ChaosKind kind, int device, ref RandomStream random)
    {
        // One draw each whatever the kind, so that a kind more in the list does not shift the lengths of the others.
        var time = Shortest + TimeSpan.FromMilliseconds(10 * Draw(ref random, (int)((longest - Shortest).TotalMilliseconds / 10) + 1));
        var direction = Draw(ref random, 3);
        var bytes = 1 + Draw(ref random, 512);
        int[] one = [device];
        LinkDirection? way = direction == 0 ? null : (LinkDirection)(direction - 1);
        return kind switch
        {
            ChaosKind.Partition => new Partition(one, way, new FaultEnd(time, null)),
            ChaosKind.Stall => new Partition(one, null, new FaultEnd(time, null)),
            ChaosKind.Reset => new ResetConnections(one),
            ChaosKind.Refuse => new RefuseConnections(one, time),
            ChaosKind.Limit => new LimitBytes(one, way ?? LinkDirection.Up, bytes),
            ChaosKind.SlowClose => new SlowClose(one, time),
            ChaosKind.AgentKill => new KillAgents(one, time),
            ChaosKind.AgentPause => new PauseAgents(one, time),
            ChaosKind.CoordinatorKill => new KillCoordinator(time),
            ChaosKind.CoordinatorTerminate => new TerminateCoordinator(time),
            _ => new PauseCoordinator(time),
        };
    }

    private static bool TryRange(string text, out (int First, int Last) range)
    {
        var parts = text.Split('-', 2);
        range = default;
        return int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out range.First)
            && int.TryParse(parts[^1], NumberStyles.None, CultureInfo.InvariantCulture, out range.Last) && range.First <= range.Last;
    }

    private static int Draw(ref RandomStream random, int choices) => RandomStream.Scale((uint)random.Next(), choices);
}
