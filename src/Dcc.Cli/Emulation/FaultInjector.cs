using Dcc.Cli.Scenarios;
using Dcc.Links;
using Dcc.Links.Ledger;

namespace Dcc.Cli.Emulation;

/// <summary>
/// Injects the faults of a timeline, each once, when its trigger comes: at a time, at the first push of a round, or when a message is at a point of
/// its way; there the fault is in force before the message moves on. Faults may overlap: what one of them holds is let go when the last has ended.
/// Called from the links' threads and from timers.
/// </summary>
internal sealed class FaultInjector : IDisposable
{
    private readonly Lock gate = new();
    private readonly List<TimelineFault> waiting;
    private readonly List<InForce> inForce = [];
    private readonly IReadOnlyList<LinkSettings> links;
    private readonly IFaultTarget target;
    private readonly Action<TimeSpan, Action> after;
    private readonly Action<string, TimelineFault> note;
    private int openedRound = -1;
    private bool over;

    /// <summary>Waits for <see cref="Start"/> and for messages.</summary>
    /// <param name="scenario">The timeline, and the links that changes are laid over.</param>
    /// <param name="target">What faults act on.</param>
    /// <param name="after">Calls back after a time.</param>
    /// <param name="note">Told "fault" when one is injected and "fault-ended" when it is over.</param>
    internal FaultInjector(Scenario scenario, IFaultTarget target, Action<TimeSpan, Action> after, Action<string, TimelineFault> note)
    {
        waiting = [.. scenario.Timeline];
        links = scenario.Links;
        this.target = target;
        this.after = after;
        this.note = note;
    }

    private sealed record InForce(TimelineFault Fault, int? UntilRound);

    /// <summary>Faults injected so far.</summary>
    internal int Injected { get; private set; }

    /// <summary>The coordinator took the run: times count from here.</summary>
    internal void Start()
    {
        lock (gate)
        {
            foreach (var fault in waiting.Where(fault => fault.Trigger is AtTime))
            {
                After(((AtTime)fault.Trigger).Time, () => Fire(fault));
            }
        }
    }

    /// <summary>A round is open, where no message shows it: as its first push would.</summary>
    internal void Opened(int round) => Seen(0, LinkDirection.Down, TapMoment.Sent, new MessageInfo(MessageKind.Push, round));

    /// <summary>A message is on its way.</summary>
    internal void Seen(int device, LinkDirection direction, TapMoment moment, MessageInfo message)
    {
        if (message.Kind is not (MessageKind.Push or MessageKind.Report))
        {
            return;
        }

        var point = (message.Kind, moment) switch
        {
            (MessageKind.Push, TapMoment.Sent) => ProtocolPoint.PushSent,
            (MessageKind.Push, _) => ProtocolPoint.PushArrived,
            (_, TapMoment.Sent) => ProtocolPoint.ReportSent,
            _ => ProtocolPoint.ReportArrived,
        };
        lock (gate)
        {
            if (over)
            {
                return;
            }

            if (point == ProtocolPoint.PushSent && message.Round > openedRound)
            {
                // What belongs to an earlier round has happened by now, whether or not its last point was told yet.
                openedRound = message.Round;
                waiting.FindAll(fault => fault.Trigger is AtPoint at && at.Round < openedRound)
                    .OrderBy(fault => ((AtPoint)fault.Trigger).Round).ThenBy(fault => ((AtPoint)fault.Trigger).Point).ToList().ForEach(Fire);
                waiting.FindAll(fault => fault.Trigger is AtRound at && at.Round <= openedRound).ForEach(Fire);
                inForce.FindAll(fault => fault.UntilRound <= openedRound).ForEach(End);
            }

            // So have the earlier points of this one: that a push has arrived is told after the fact, and a quick device's answer may be seen first.
            waiting.FindAll(fault => fault.Trigger is AtPoint at && at.Device == device && at.Round == message.Round && at.Point <= point)
                .OrderBy(fault => ((AtPoint)fault.Trigger).Point).ToList().ForEach(Fire);
        }
    }

    /// <summary>Injects nothing more and ends what is in force.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            over = true;
            var left = inForce.ToList();
            inForce.Clear();
            left.ForEach(fault => Apply(fault.Fault.Action));
        }
    }

    private void Fire(TimelineFault fault)
    {
        waiting.Remove(fault);
        Injected++;
        note("fault", fault);
        if (EndOf(fault.Action) is { } end)
        {
            var current = new InForce(fault, end.UntilRound);
            inForce.Add(current);
            Apply(fault.Action);
            After(end.For, () => End(current));
        }
        else
        {
            DoOnce(fault.Action);
        }
    }

    private void End(InForce ended)
    {
        if (inForce.Remove(ended))
        {
            Apply(ended.Fault.Action);
            note("fault-ended", ended.Fault);
        }
    }

    private void After(TimeSpan time, Action action) => after(time, () =>
    {
        lock (gate)
        {
            if (!over)
            {
                action();
            }
        }
    });

    // What holds for a while; null for what happens once.
    private static FaultEnd? EndOf(FaultAction action) => action switch
    {
        Partition partition => partition.End,
        ChangeLink change => change.End ?? new FaultEnd(Timeout.InfiniteTimeSpan, null),
        RefuseConnections refuse => new FaultEnd(refuse.For, null),
        PauseAgents pause => new FaultEnd(pause.For, null),
        PauseCoordinator pause => new FaultEnd(pause.For, null),
        _ => null,
    };

    // Sets what an action touches to what all faults in force make of it.
    private void Apply(FaultAction action)
    {
        switch (action)
        {
            case Partition partition:
                Each(partition, device => target.Partition(
                    device,
                    Holds<Partition>(device, other => other.Direction != LinkDirection.Down),
                    Holds<Partition>(device, other => other.Direction != LinkDirection.Up)));
                break;
            case ChangeLink change:
                Each(change, device => target.Change(device, inForce.Select(fault => fault.Fault.Action).OfType<ChangeLink>()
                    .Where(other => other.Devices.Contains(device)).Aggregate(links[device], (link, other) => other.Change.ApplyTo(link))));
                break;
            case RefuseConnections refuse:
                Each(refuse, device => target.Refuse(device, Holds<RefuseConnections>(device)));
                break;
            case PauseAgents pause:
                target.PauseAgents([.. pause.Devices.Where(device => Holds<PauseAgents>(device))], pause: true);
                target.PauseAgents([.. pause.Devices.Where(device => !Holds<PauseAgents>(device))], pause: false);
                break;
            default:
                target.PauseCoordinator(inForce.Exists(fault => fault.Fault.Action is PauseCoordinator));
                break;
        }
    }

    private void DoOnce(FaultAction action)
    {
        switch (action)
        {
            case ResetConnections reset:
                Each(reset, target.Reset);
                break;
            case LimitBytes limit:
                Each(limit, device => target.Limit(device, limit.Direction, limit.Bytes));
                break;
            case SlowClose close:
                Each(close, device => target.SlowClose(device, close.For));
                break;
            case KillAgents kill:
                target.KillAgents(kill.Devices, kill.RestartAfter);
                break;
            case KillCoordinator kill:
                target.EndCoordinator(kill: true, kill.RestartAfter);
                break;
            case TerminateCoordinator terminate:
                target.EndCoordinator(kill: false, terminate.RestartAfter);
                break;
            default:
                throw new InvalidOperationException($"No way to inject {action}.");
        }
    }

    private bool Holds<T>(int device, Func<T, bool>? condition = null)
        where T : DeviceAction =>
        inForce.Exists(fault => fault.Fault.Action is T action && action.Devices.Contains(device) && condition?.Invoke(action) != false);

    private static void Each(DeviceAction action, Action<int> act)
    {
        foreach (var device in action.Devices)
        {
            act(device);
        }
    }
}
