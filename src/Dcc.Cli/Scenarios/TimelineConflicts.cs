using System.Globalization;

namespace Dcc.Cli.Scenarios;

/// <summary>
/// Finds faults that cannot both be meant: the same thing done twice at once, or done to what the other takes away. At once means the same trigger,
/// or times that overlap; when rounds and protocol points happen is not known beforehand, so those are compared for equality only.
/// </summary>
internal static class TimelineConflicts
{
    // A process that ends is started again at most this often (design.md section 6).
    private const int MostRestarts = 10;

    /// <summary>Notes every conflict.</summary>
    /// <param name="timeline">The faults of a run.</param>
    /// <param name="devicesPerProcess">What is done to one device of an agent is done to all of them.</param>
    /// <param name="faults">Receives the conflicts.</param>
    internal static void Find(IReadOnlyList<TimelineFault> timeline, int devicesPerProcess, ScenarioFaults faults)
    {
        for (var later = 1; later < timeline.Count; later++)
        {
            for (var earlier = 0; earlier < later; earlier++)
            {
                var (first, second) = (timeline[earlier], timeline[later]);
                if (AtOnce(first, second) && Conflict(first.Action, second.Action, devicesPerProcess) is { } expected)
                {
                    faults.Add(
                        second.Line, second.Path, expected,
                        string.Create(CultureInfo.InvariantCulture, $"{second}, beside {first.Path} (line {first.Line})"));
                    break;
                }
            }
        }

        Restarts(timeline, devicesPerProcess, faults);
    }

    private static bool AtOnce(TimelineFault first, TimelineFault second)
    {
        if (first.Trigger is not AtTime one || second.Trigger is not AtTime other)
        {
            return first.Trigger == second.Trigger;
        }

        return one.Time == other.Time || (one.Time < other.Time ? other.Time < one.Time + Length(first.Action) : one.Time < other.Time + Length(second.Action));
    }

    private static TimeSpan Length(FaultAction action) => action switch
    {
        Partition partition => partition.End.For,
        ChangeLink change => change.End?.For ?? TimeSpan.Zero,
        RefuseConnections refuse => refuse.For,
        KillAgents kill => kill.RestartAfter,
        PauseAgents pause => pause.For,
        KillCoordinator kill => kill.RestartAfter,
        TerminateCoordinator terminate => terminate.RestartAfter,
        PauseCoordinator pause => pause.For,
        _ => TimeSpan.Zero,
    };

    // What should have been instead, null where both may stand.
    private static string? Conflict(FaultAction first, FaultAction second, int devicesPerProcess)
    {
        if (first is not DeviceAction one || second is not DeviceAction other)
        {
            return first is DeviceAction || second is DeviceAction ? null : "one action on the coordinator at a time";
        }

        return (IsAgent(one), IsAgent(other)) switch
        {
            (true, true) => Processes(one, devicesPerProcess).Intersect(Processes(other, devicesPerProcess)).Any() ? "one action on an agent at a time" : null,
            (false, false) => one.Devices.Intersect(other.Devices).Any() ? LinkConflict(one, other) : null,
            _ => null,
        };
    }

    private static string? LinkConflict(DeviceAction first, DeviceAction second) => (first, second) switch
    {
        (Partition one, Partition other) =>
            one.Direction is null || other.Direction is null || one.Direction == other.Direction ? "partitions that do not overlap" : null,
        _ when first.GetType() == second.GetType() => "one such action on a link at a time",
        _ when EndsConnection(first) && EndsConnection(second) => "one end of a connection",
        (RefuseConnections, not ResetConnections) or (not ResetConnections, RefuseConnections) =>
            "no action but reset on a link that refuses connections",
        _ => null,
    };

    private static bool IsAgent(DeviceAction action) => action is KillAgents or PauseAgents;

    private static bool EndsConnection(DeviceAction action) => action is ResetConnections or LimitBytes or SlowClose;

    private static IEnumerable<int> Processes(DeviceAction action, int devicesPerProcess) =>
        action.Devices.Select(device => device / devicesPerProcess).Distinct();

    private static void Restarts(IReadOnlyList<TimelineFault> timeline, int devicesPerProcess, ScenarioFaults faults)
    {
        var kills = new Dictionary<int, int>();
        foreach (var fault in timeline)
        {
            IEnumerable<int> processes = fault.Action switch
            {
                KillAgents kill => Processes(kill, devicesPerProcess),
                KillCoordinator or TerminateCoordinator => [Coordinator],
                _ => [],
            };
            foreach (var process in processes)
            {
                kills[process] = kills.GetValueOrDefault(process) + 1;
                if (kills[process] == MostRestarts + 1)
                {
                    faults.Add(
                        fault.Line, fault.Path, $"at most {MostRestarts} restarts of one process",
                        process == Coordinator ? "one more of the coordinator" : string.Create(CultureInfo.InvariantCulture, $"one more of the agent of device {process * devicesPerProcess}"));
                    break;
                }
            }
        }
    }

    private const int Coordinator = -1;
}
