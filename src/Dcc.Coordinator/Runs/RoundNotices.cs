using System.Globalization;
using Dcc.Core.Coordination;
using Dcc.Core.Engine;

namespace Dcc.Coordinator.Runs;

/// <summary>What a committed round shows of single devices: who was absent, who was released, and whose report is suspected to be a lie.</summary>
internal sealed class RoundNotices(RoundEngine engine, RunWatchers watchers)
{
    private const int MostAbsencesTold = 20;

    private readonly bool[] suspected = new bool[engine.Parameters.Robust == RobustKind.None ? 0 : engine.Parameters.Devices];

    /// <summary>Tells those who watch the run, before they are told of the round.</summary>
    internal void Tell(CommittedRound committed)
    {
        var devices = Enumerable.Range(0, committed.Attendance.Length);
        TellAbsences("absent", committed.Round, [.. devices.Where(device => committed.Attendance[device] != Attendance.Outside && !committed.HasReport(device))]);
        TellAbsences("released", committed.Round, [.. devices.Where(device => (committed.Attendance[device] & Attendance.Released) != 0)]);
        TellSuspects(committed.Round);
    }

    // One by one while they are few: in a large run half the devices may be away at once.
    private void TellAbsences(string kind, int round, List<int> devices)
    {
        devices.Take(MostAbsencesTold).ToList().ForEach(device => watchers.Happened(kind, round, device));
        if (devices.Count > MostAbsencesTold)
        {
            watchers.Happened(
                kind, round, device: null, string.Create(CultureInfo.InvariantCulture, $"and {devices.Count - MostAbsencesTold} more devices"));
        }
    }

    // Once for each device; how often is counted.
    private void TellSuspects(int round)
    {
        for (var device = 0; device < suspected.Length && !engine.Finished; device++)
        {
            if (engine.Update.Clipped[device] && !suspected[device])
            {
                suspected[device] = true;
                watchers.Happened("suspected", round, device, "its report says more than any device can do to the others");
            }
        }
    }
}
