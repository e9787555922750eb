using System.Globalization;
using Dcc.Core.Devices;
using Dcc.Core.Engine;
using Dcc.Core.Learning;
using Dcc.Journal;

namespace Dcc.Cli.Runs;

/// <summary>
/// Reads a journal as the run that wrote it would have: every hash, push and theta is recomputed and compared. What the files of a run
/// show, and what <c>dcc verify</c> says, comes from here.
/// </summary>
internal static class RunReplay
{
    /// <summary>A stored round with the perturbations it was pushed with, and the record that made it whole.</summary>
    internal readonly record struct ReplayedRound(CommittedRound Round, double[] EpsilonOwn, double[] EpsilonOthers, long Sequence);

    /// <summary>Replays a run.</summary>
    /// <param name="journal">The open journal.</param>
    /// <param name="run">Name of the run.</param>
    /// <param name="visit">Shown every round in order.</param>
    /// <returns>The engine after the last stored round.</returns>
    /// <exception cref="JournalException">A record is damaged; it says which.</exception>
    internal static RoundEngine Replay(IJournalStore journal, string run, Action<ReplayedRound> visit)
    {
        RoundEngine? engine = null;
        foreach (var record in journal.Read(run))
        {
            if (engine is null)
            {
                engine = RoundEngine.Recover(record);
                continue;
            }

            var own = engine.Update.EpsilonOwn.ToArray();
            var others = engine.Update.EpsilonOthers.ToArray();
            if (engine.Replay(record) is { } round)
            {
                visit(round.Epsilons is [_, ..] epsilons
                    ? new ReplayedRound(round, Array.ConvertAll(epsilons, pair => pair.Own), Array.ConvertAll(epsilons, pair => pair.Others), record.Sequence)
                    : new ReplayedRound(round, own, others, record.Sequence));
            }
        }

        return engine ?? throw new JournalException(0, "it is missing");
    }

    /// <summary>Sessions with fresh learners for all devices of a system.</summary>
    internal static DeviceSession[] Sessions(RunParameters parameters, EdgeSystem system) =>
        [.. Enumerable.Range(0, parameters.Devices).Select(index =>
            new DeviceSession(LocalSolvers.Create(parameters.SolverSettings(system.Gamma), system.Device(index), index)))];

    /// <summary>Lets every device learn a stored round and compares what it then reports with what it reported.</summary>
    /// <exception cref="JournalException">A report differs.</exception>
    internal static void Relearn(DeviceSession[] sessions, in ReplayedRound replayed, CancellationToken cancellation)
    {
        var round = replayed.Round;
        Parallel.For(0, sessions.Length, new ParallelOptions { CancellationToken = cancellation }, device =>
            sessions[device].Handle(round.Round, round.Pushes[device]));
        for (var device = 0; device < sessions.Length; device++)
        {
            if (round.HasReport(device) && sessions[device].LastReport != round.Reports[device])
            {
                throw new JournalException(replayed.Sequence, string.Create(
                    CultureInfo.InvariantCulture,
                    $"the report of device {device} {(round.Epsilons.Length > 0 ? $"in its round {round.Round}, here or earlier, " : "")}is not what learning again gives"));
            }
        }
    }
}
