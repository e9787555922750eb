using Dcc.Core.Engine;

namespace Dcc.Core.Tests.Simulation;

/// <summary>
/// What the policy's text says of asynchronous updates, told from the stored records alone: a device's own rounds come one after the other, each
/// from the theta that its last one left, and no push that is still to be answered is more than S commits older than theta.
/// </summary>
internal sealed class StalenessOracle(RunParameters parameters)
{
    private readonly int[] rounds = new int[parameters.Devices];
    private readonly long[] pushedAt = new long[parameters.Devices];
    private readonly double[] theta = [.. parameters.InitialTheta];
    private long commits;

    internal void Take(JournalRecord record)
    {
        if (record.Kind != JournalRecordKind.Update)
        {
            Assert.True(parameters.Staleness is null || record.Kind != JournalRecordKind.Round || rounds.All(made => made == parameters.Rounds));
            return;
        }

        commits++;
        foreach (var update in CommittedUpdate.FromBytes(record.Body, parameters.Devices).Updates)
        {
            Assert.Equal((rounds[update.Device], theta[update.Device]), (update.Round, update.Push.Theta));
            rounds[update.Device]++;
            pushedAt[update.Device] = commits;
            theta[update.Device] = update.ThetaAfter;
        }

        for (var device = 0; device < rounds.Length; device++)
        {
            Assert.True(
                rounds[device] == parameters.Rounds || commits - pushedAt[device] <= parameters.Staleness,
                $"the push of device {device} is {commits - pushedAt[device]} commits old");
        }
    }
}
