using System.Diagnostics;
using System.Globalization;
using Dcc.Protocol.V1;

namespace Dcc.Cli.Terminal;

/// <summary>Shows what a coordinator tells those who watch a run. What it does not know, a newer coordinator's, it leaves out.</summary>
/// <param name="display">Where.</param>
/// <param name="tellsEvents">Whether to say what happened to devices and processes; whoever makes that happen says it himself.</param>
internal sealed class RunProgress(IProgressDisplay display, bool tellsEvents)
{
    private readonly Stopwatch clock = Stopwatch.StartNew();
    private readonly HashSet<uint> gone = [];
    private readonly HashSet<RunEvent> noted = [];
    private RunStatus status = new();
    private int lastRound = -1;
    private bool begun;

    /// <summary>The round that is open, as far as is known.</summary>
    internal int OpenRound => Math.Min(Math.Max(lastRound + 1, (int)status.Round), (int)status.Rounds);

    internal void Take(RunUpdate update)
    {
        switch (update.ContentCase)
        {
            case RunUpdate.ContentOneofCase.Status:
                TakeStatus(update.Status);
                break;
            case RunUpdate.ContentOneofCase.Snapshot:
                TakeSnapshot(update.Snapshot);
                break;
            case RunUpdate.ContentOneofCase.Event when tellsEvents:
                TakeEvent(update.Event);
                break;
            case RunUpdate.ContentOneofCase.Round:
                TakeRound(update.Round);
                break;
            default:
                break;
        }
    }

    /// <summary>The coordinator is gone, and with it every stream.</summary>
    internal void Lost() => gone.Clear();

    private void TakeStatus(RunStatus told)
    {
        if (status.Run.Length == 0)
        {
            display.Advance(told.Round / (told.Rounds + 1.0), string.Create(CultureInfo.InvariantCulture, $"round {told.Round} of {told.Rounds}"));
        }
        else if (lastRound < 0 && told.Round == 0 && told.Connected > status.Connected)
        {
            display.Advance(0, string.Create(CultureInfo.InvariantCulture, $"{told.Connected} of {told.Devices} devices connected"));
        }

        if (told.State == "stalled" && status.State != "stalled")
        {
            display.Say(EventLines.Text(clock.Elapsed, (int)told.Round, $"stalled: {told.Reason}"));
        }
        else if (told.State != "stalled" && status.State == "stalled")
        {
            display.Say(EventLines.Text(clock.Elapsed, (int)told.Round, "goes on"));
        }

        status = told;
    }

    // Of what was before the watch, the last round; of what was missed while the coordinator was away, everything.
    private void TakeSnapshot(RunSnapshot snapshot)
    {
        var missed = begun && tellsEvents ? snapshot.Events.Where(happened => Noted(happened) is not null) : [];
        if (!begun)
        {
            noted.UnionWith(snapshot.Events);
        }

        foreach (var round in begun ? snapshot.Rounds : snapshot.Rounds.TakeLast(1))
        {
            TakeRound(round);
        }

        begun = true;
        foreach (var happened in missed)
        {
            TakeEvent(happened);
        }
    }

    private void TakeEvent(RunEvent happened)
    {
        switch (happened.Kind)
        {
            case "left":
                gone.Add(happened.Device);
                Say($"device {happened.Device} left");
                break;
            case "joined" when gone.Remove(happened.Device):
                Say($"device {happened.Device} came back");
                break;
            case "refused":
                Say($"device {happened.Device} refused: {happened.Reason}");
                break;
            default:
                // A coordinator that was restarted is told everything again, and tells it again.
                if (Noted(happened) is { } what && noted.Add(happened))
                {
                    Say($"{what}");
                }

                break;
        }

        void Say(FormattableString what) => display.Say(EventLines.Text(
            clock.Elapsed, happened.HasRound ? (int)happened.Round : OpenRound, what.ToString(CultureInfo.InvariantCulture)));
    }

    // What an emulator knows beyond the coordinator; null for what is not worth a line.
    private static string? Noted(RunEvent happened) => happened.Kind switch
    {
        "fault" => happened.Reason,
        "killed" or "exited" or "restarted" => $"{happened.Process} {happened.Kind}",
        _ => null,
    };

    private void TakeRound(RoundCommitted round)
    {
        if ((int)round.Round <= lastRound)
        {
            return;
        }

        // Of a round that the coordinator did not see whole, at least how long its slowest device took.
        double slowest = round.RoundTripMilliseconds.DefaultIfEmpty(-1).Max();
        var milliseconds = round.HasDurationMilliseconds ? round.DurationMilliseconds : slowest;
        display.Show(new RoundRow(
            (int)round.Round, (int)status.Rounds, round.MeanTheta, round.MinTheta, round.MaxTheta, round.MeanCost,
            milliseconds < 0 ? null : TimeSpan.FromMilliseconds(milliseconds), (int)status.Connected));
        lastRound = (int)round.Round;
    }
}
