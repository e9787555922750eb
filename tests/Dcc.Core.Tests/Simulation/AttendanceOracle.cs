using System.Buffers.Binary;
using Dcc.Core.Engine;

namespace Dcc.Core.Tests.Simulation;

/// <summary>
/// Who may have been counted, told from the stored records and the policy's text alone: an absent device keeps its theta, for a stated number of
/// rounds in a row; then, or when it leaves, its theta is 0 until it is back.
/// </summary>
internal sealed class AttendanceOracle(RunParameters parameters)
{
    private readonly int[] streak = new int[parameters.Devices];
    private readonly bool[] isLeaving = new bool[parameters.Devices];
    private CommittedRound? last;

    internal void Take(JournalRecord record)
    {
        if (record.Kind == JournalRecordKind.Withdrawn)
        {
            isLeaving[BinaryPrimitives.ReadInt32LittleEndian(record.Body)] = true;
        }
    }

    internal void Take(CommittedRound round)
    {
        var isLast = round.Round == parameters.Rounds;
        Assert.Equal(parameters.Quorum is null ? 0 : parameters.Devices, round.Attendance.Length);
        Assert.True(Enumerable.Range(0, parameters.Devices).Count(round.HasReport) >= (parameters.Quorum ?? parameters.Devices));
        for (var device = 0; device < round.Attendance.Length; device++)
        {
            CheckTheta(round, device);
            var isMember = (round.Attendance[device] & Attendance.Member) != 0;
            var isReleased = (round.Attendance[device] & Attendance.Released) != 0;
            streak[device] = isMember && !round.HasReport(device) ? streak[device] + 1 : 0;
            Assert.True(streak[device] <= parameters.MostAbsences, $"device {device} is absent too often in round {round.Round}");
            Assert.True(isLast || isReleased == (streak[device] == parameters.MostAbsences) || isLeaving[device], $"device {device} in round {round.Round}");
            Assert.False(isLast && isReleased);
            streak[device] = isReleased ? 0 : streak[device];
        }

        Array.Clear(isLeaving);
        last = round;
    }

    private void CheckTheta(CommittedRound round, int device)
    {
        if (last is null)
        {
            return;
        }

        var (theta, before) = (round.Pushes[device].Theta, last.Pushes[device].Theta);
        switch (last.Attendance[device])
        {
            case Attendance.Member:
                Assert.Equal(before, theta);
                break;
            case Attendance.Member | Attendance.Reported:
                break;
            default:
                Assert.Equal(0, theta);
                break;
        }
    }
}
