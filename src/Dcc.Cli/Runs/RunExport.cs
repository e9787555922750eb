using Dcc.Core.Engine;
using Dcc.Core.Validation;
using Dcc.Journal;

namespace Dcc.Cli.Runs;

/// <summary>Copies a run out of a store into an output folder: what its journal knows. What only whoever made the run knew is null or missing.</summary>
internal static class RunExport
{
    /// <summary>Writes journal.db and rounds.csv; of a run that is over summary.json and an empty events.jsonl; system.json where it is known.</summary>
    /// <exception cref="JournalException">The journal is damaged: nothing after the last good record is written, and no summary.</exception>
    internal static RoundEngine Write(IJournalArchive store, string name, RunFolder folder, CancellationToken cancellation)
    {
        RoundEngine? engine = null;
        using (var journal = SqliteJournal.Open(folder.Journal))
        {
            // The records are replayed as they are copied: what is written was verified.
            folder.Write("rounds.csv", writer =>
            {
                RoundsFile.WriteHeader(writer);
                engine = RunReplay.Replay(new Copy(store, journal), name, replayed =>
                {
                    cancellation.ThrowIfCancellationRequested();
                    if (replayed.Round.ThetaAfter.Length > 0)
                    {
                        RoundsFile.WriteRound(writer, replayed, overNetwork: false, roundTrips: null);
                    }
                });
            });
        }

        if (engine!.Parameters.EmulatedSystem is { } system)
        {
            folder.Write("system.json", writer => writer.Write(system));
        }

        if (engine.Finished)
        {
            folder.Write("events.jsonl", _ => { });
            folder.Write("summary.json", RunSummary.OfJournal(engine).Write);
        }

        return engine;
    }

    // A record is appended to the copy when the reader asks for the next one: it was found good by then.
    private sealed class Copy(IJournalStore from, IJournalStore to) : IJournalStore
    {
        public IReadOnlyList<string> Runs() => from.Runs();

        public void Append(string run, JournalRecord record) => throw new NotSupportedException();

        public IEnumerable<JournalRecord> Read(string run)
        {
            foreach (var record in from.Read(run))
            {
                yield return record;
                to.Append(run, record);
            }
        }

        public void Dispose()
        {
            // Both are somebody else's.
        }
    }
}
