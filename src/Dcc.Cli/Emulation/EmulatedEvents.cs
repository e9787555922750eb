using System.Diagnostics;
using Dcc.Cli.Runs;
using Dcc.Cli.Scenarios;
using Dcc.Cli.Terminal;
using Dcc.Links;
using Dcc.Protocol.V1;

namespace Dcc.Cli.Emulation;

/// <summary>
/// Says what happens to the processes, links and devices of an emulation wherever it belongs: events.jsonl, those who watch the run, the terminal and
/// the links' metrics. Called from any thread.
/// </summary>
/// <param name="clock">Since the run's start.</param>
/// <param name="file">Takes everything.</param>
/// <param name="notes">Takes what the coordinator does not know.</param>
/// <param name="shown">Knows the open round.</param>
/// <param name="display">Takes what a person wants to see at once.</param>
/// <param name="instruments">Count the faults of links.</param>
internal sealed class EmulatedEvents(
    Stopwatch clock, EventsFile file, RunNotes notes, RunProgress shown, IProgressDisplay display, LinkInstruments instruments)
{
    /// <summary>A fault was injected ("fault") or is over ("fault-ended").</summary>
    internal void Note(string kind, TimelineFault fault)
    {
        file.WriteFault(clock.Elapsed, kind, fault);
        notes.Add(new RunEvent { Kind = kind, Reason = fault.ToString(), Round = (uint)(fault.Round ?? shown.OpenRound) });
        if (kind == "fault")
        {
            Say(fault.ToString());
            if (OnLink(fault.Action) is { } onLink)
            {
                instruments.Count(onLink);
            }
        }
    }

    /// <summary>Something became of a process, or of the run where it is about none.</summary>
    internal void Note(string kind, string? process, int? device, string? reason)
    {
        file.Write(clock.Elapsed.TotalSeconds, kind, device: device, process: process, reason: reason);
        var happened = new RunEvent { Kind = kind, Process = process ?? "", Round = (uint)shown.OpenRound, Reason = reason ?? "" };
        if (device is { } only)
        {
            happened.Device = (uint)only;
        }

        notes.Add(happened);
        if (kind is "killed" or "exited" or "restarted")
        {
            Say(kind == "killed" && reason is not null ? $"{process} {kind}, {reason}" : $"{process} {kind}");
        }
    }

    /// <summary>The coordinator told of an event.</summary>
    internal void Heard(RunEvent happened)
    {
        // The others were noted by this process.
        if (happened.Kind is "joined" or "left" or "refused" or "absent" or "released" or "withdrawn" or "suspected")
        {
            file.Write(
                clock.Elapsed.TotalSeconds, happened.Kind, round: (int)happened.Round, device: happened.HasDevice ? (int)happened.Device : null,
                reason: happened.Reason);
        }
    }

    private static LinkFault? OnLink(FaultAction action) => action switch
    {
        Partition => LinkFault.Partition,
        ChangeLink => LinkFault.Change,
        ResetConnections => LinkFault.Reset,
        RefuseConnections => LinkFault.Refuse,
        LimitBytes => LinkFault.Limit,
        SlowClose => LinkFault.SlowClose,
        _ => null,
    };

    private void Say(string what) => display.Say(EventLines.Text(clock.Elapsed, shown.OpenRound, what));
}
