using System.Diagnostics;
using System.Globalization;
using Dcc.Protocol.V1;

namespace Dcc.Cli.Terminal;

/// <summary>Shows what a coordinator tells those who watch a run. What it does not know, a newer coordinator's, it leaves out.</summary>
/// <param name="display">Where.</param>
/// <param name="tellsDevices">Whether to say that devices left and came back.</param>
internal sealed class RunProgress(IProgressDisplay display, bool tellsDevices)
{
    private readonly Stopwatch clock = Stopwatch.StartNew();
    private readonly HashSet<uint> gone = [];
    private RunStatus status = new();
    private int lastRound = -1;
    private uint connected;

    /// <summary>The round that is open, as far as is known.</summary>
    internal int OpenRound => lastRound + 1;

    internal void Take(RunUpdate update)
    {
        switch (update.ContentCase)
        {
            case RunUpdate.ContentOneofCase.Status:
                TakeStatus(update.Status);
                break;
            case RunUpdate.ContentOneofCase.Device when tellsDevices:
                TakeDevice(update.Device);
                break;
            case RunUpdate.ContentOneofCase.Round when (int)update.Round.Round > lastRound:
                TakeRound(update.Round);
                break;
            default:
                break;
        }
    }

    /// <summary>The coordinator is gone, and with it every stream.</summary>
    internal void Lost() => gone.Clear();

    // At first, and after a restart, when rounds may have passed unseen.
    private void TakeStatus(RunStatus told)
    {
        var first = status.Run.Length == 0;
        status = told;
        if (first || told.Round > lastRound + 1)
        {
            lastRound = (int)told.Round - 1;
            display.Advance(told.Round / (told.Rounds + 1.0), string.Create(CultureInfo.InvariantCulture, $"round {told.Round} of {told.Rounds}"));
        }
        else if (lastRound < 0 && told.Connected > connected)
        {
            display.Advance(0, string.Create(CultureInfo.InvariantCulture, $"{told.Connected} of {told.Devices} devices connected"));
        }

        connected = told.Connected;
    }

    private void TakeDevice(DeviceEvent device)
    {
        switch (device.Kind)
        {
            case "left":
                gone.Add(device.Device);
                Say($"device {device.Device} left");
                break;
            case "joined" when gone.Remove(device.Device):
                Say($"device {device.Device} came back");
                break;
            case "refused":
                Say($"device {device.Device} refused: {device.Reason}");
                break;
            default:
                break;
        }

        void Say(FormattableString what) => display.Say(EventLines.Text(clock.Elapsed, (int)device.Round, what.ToString(CultureInfo.InvariantCulture)));
    }

    private void TakeRound(RoundCommitted round)
    {
        var slowest = round.RoundTripMilliseconds.DefaultIfEmpty(-1).Max();
        display.Show(new RoundRow(
            (int)round.Round, (int)status.Rounds, round.MeanTheta, LeastTheta: null, MostTheta: null, round.MeanCost,
            slowest < 0 ? null : TimeSpan.FromMilliseconds(slowest), (int)connected));
        lastRound = (int)round.Round;
    }
}
