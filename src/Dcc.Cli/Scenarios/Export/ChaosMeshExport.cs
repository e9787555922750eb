using System.Globalization;
using System.Text;
using Dcc.Core.Validation;
using Dcc.Links;

namespace Dcc.Cli.Scenarios.Export;

/// <summary>
/// Writes a scenario as Chaos Mesh objects: a NetworkChaos per device and direction for its link, one per partition, a PodChaos per kill. Chaos
/// Mesh starts an object when it is applied, so when a fault happens is said as a comment; what it cannot do at all is said as one too.
/// </summary>
internal static class ChaosMeshExport
{
    // The labels of k8s/: agents are a stateful set, pod i hosts device i.
    private const string AgentPod = "dcc-agent";
    private const string CoordinatorLabel = "dcc-coordinator";

    /// <param name="scenario">What to write.</param>
    /// <param name="devices">Whose links and faults.</param>
    /// <param name="withLinks">Whether links are objects too; without, they are dcc link's, and what changes one comes on top of it.</param>
    internal static string Write(Scenario scenario, IEnumerable<int> devices, bool withLinks = true)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"# {scenario.Name}: Chaos Mesh objects. Device I is taken to be pod {AgentPod}-I, the coordinator the pods with\n");
        text.Append(CultureInfo.InvariantCulture, $"# label app.kubernetes.io/name={CoordinatorLabel}. {(withLinks ? "Links first, then faults; each" : "Each")} starts when it is applied.\n");
        int[] chosen = [.. devices];
        text.Append(TrafficControlExport.Classes(scenario, chosen));
        foreach (var device in withLinks ? chosen : [])
        {
            foreach (var direction in Enum.GetValues<LinkDirection>())
            {
                Link(text, scenario.Name, "link", device, direction, scenario.LinkOf(device)[direction], null);
            }
        }

        for (var index = 0; index < scenario.Timeline.Count; index++)
        {
            Fault(text, scenario, index, chosen);
        }

        return text.ToString();
    }

    private static void Fault(StringBuilder text, Scenario scenario, int index, int[] devices)
    {
        var fault = scenario.Timeline[index];
        var part = string.Create(CultureInfo.InvariantCulture, $"fault-{index}");
        text.Append(CultureInfo.InvariantCulture, $"\n# {fault}. Apply it then{(fault.Trigger is AtTime ? "" : "; Chaos Mesh knows no rounds and no protocol points")}.\n");
        IReadOnlyList<int> named = fault.Action is DeviceAction action ? [.. action.Devices.Where(devices.Contains)] : [];
        switch (fault.Action)
        {
            case Partition partition:
                foreach (var device in named)
                {
                    Network(text, scenario.Name, part, device, partition.Direction, "partition", "", partition.End.For);
                }

                break;
            case ChangeLink change:
                text.Append("# delete the link objects of these devices first, and apply them again at the end: Chaos Mesh adds what several objects do\n");
                foreach (var (device, direction) in named.SelectMany(device => Enum.GetValues<LinkDirection>().Select(way => (device, way))))
                {
                    Link(text, scenario.Name, part, device, direction, change.Change.ApplyTo(scenario.LinkOf(device))[direction], change.End?.For);
                }

                break;
            case KillAgents:
                text.Append("# when the pod starts again is up to its controller\n");
                foreach (var device in named)
                {
                    Pod(text, scenario.Name, string.Create(CultureInfo.InvariantCulture, $"{part}-device-{device}"), Agent(device), 0);
                }

                break;
            case KillCoordinator:
                Pod(text, scenario.Name, part, Coordinator, 0);
                break;
            case TerminateCoordinator:
                Pod(text, scenario.Name, part, Coordinator, 30);
                break;
            case PauseAgents or PauseCoordinator:
                text.Append("# no equivalent: a process that stands still and goes on (pod-failure ends it)\n");
                break;
            default:
                text.Append("# no equivalent: resets, refusals, limits and slow closes are done to TCP connections, which Chaos Mesh does not see\n");
                break;
        }
    }

    private static void Link(
        StringBuilder text, string scenario, string part, int device, LinkDirection direction, DirectionSettings link, TimeSpan? duration)
    {
        var netem = new StringBuilder();
        if (link.Latency > TimeSpan.Zero || link.Jitter > TimeSpan.Zero)
        {
            netem.Append(
                CultureInfo.InvariantCulture,
                $"  delay:\n    latency: {Time(TrafficControlExport.Delay(link))}\n    jitter: {Time(link.Jitter)}\n    correlation: \"{Percent(link.JitterCorrelation)}\"\n");
        }

        // The long-run share of a Gilbert-Elliott channel: Chaos Mesh has no bursts, only a correlation.
        var loss = link.Burst is { ToBad: > 0 } burst
            ? ((burst.ToBad * burst.LossInBad) + (burst.ToGood * link.Loss)) / (burst.ToBad + burst.ToGood)
            : link.Loss;
        if (loss > 0)
        {
            netem.Append(CultureInfo.InvariantCulture, $"  loss:\n    loss: \"{Percent(loss)}\"\n    correlation: \"0\"\n");
        }

        if (netem.Length > 0)
        {
            Network(text, scenario, part, device, direction, "netem", netem.ToString(), duration);
            if (link.Burst is not null || (link.Jitter > TimeSpan.Zero && link.JitterDistribution != JitterDistribution.Normal))
            {
                text.Append("# no equivalent: losses in bursts and jitter that is not normal (their means are above)\n");
            }
        }

        if (link.BandwidthBytesPerSecond is { } bandwidth)
        {
            // bps means bytes per second here.
            Network(
                text, scenario, part, device, direction, "bandwidth",
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"  bandwidth:\n    rate: {Math.Round(bandwidth)}bps\n    limit: {link.QueueBytes}\n    buffer: {Math.Max(1600, (long)(bandwidth / 250))}\n"),
                duration);
        }

        if (link.Trace is not null)
        {
            text.Append(CultureInfo.InvariantCulture, $"# no equivalent: the packet-delivery trace of device {device}, {KebabCase.Name(direction)}\n");
        }
    }

    private static void Network(
        StringBuilder text, string scenario, string part, int device, LinkDirection? direction, string action, string settings, TimeSpan? duration)
    {
        var way = direction is { } one ? KebabCase.Name(one) : "both";
        var chaosDirection = direction switch
        {
            LinkDirection.Up => "to",
            LinkDirection.Down => "from",
            _ => "both",
        };
        text.Append(CultureInfo.InvariantCulture, $$"""
            ---
            apiVersion: chaos-mesh.org/v1alpha1
            kind: NetworkChaos
            metadata:
              name: {{scenario}}-{{part}}-device-{{device}}-{{way}}-{{action}}
            spec:
              action: {{action}}
              mode: all
              selector: {{Agent(device)}}
              direction: {{chaosDirection}}
              target:
                mode: all
                selector: {{Coordinator}}
            {{settings}}
            """).Append(duration is { } time ? $"  duration: {Time(time)}\n" : "");
    }

    private static void Pod(StringBuilder text, string scenario, string part, string selector, int graceSeconds) =>
        text.Append(CultureInfo.InvariantCulture, $$"""
            ---
            apiVersion: chaos-mesh.org/v1alpha1
            kind: PodChaos
            metadata:
              name: {{scenario}}-{{part}}
            spec:
              action: pod-kill
              mode: all
              gracePeriod: {{graceSeconds}}
              selector: {{selector}}

            """);

    private static string Agent(int device) => string.Create(
        CultureInfo.InvariantCulture, $"{{labelSelectors: {{statefulset.kubernetes.io/pod-name: {AgentPod}-{device}}}}}");

    private static string Coordinator => $"{{labelSelectors: {{app.kubernetes.io/name: {CoordinatorLabel}}}}}";

    private static string Time(TimeSpan time) => string.Create(CultureInfo.InvariantCulture, $"{Math.Round(time.TotalMicroseconds)}us");

    private static string Percent(double fraction) => Math.Round(100 * fraction, 6).ToString(CultureInfo.InvariantCulture);
}
