using Dcc.Core.Engine;

namespace Dcc.Journal;

/// <summary>Journals in memory: they end with the process.</summary>
public sealed class InMemoryJournal : IJournalStore
{
    private readonly Lock gate = new();
    private readonly SortedDictionary<string, List<JournalRecord>> runs = new(StringComparer.Ordinal);

    /// <inheritdoc/>
    public IReadOnlyList<string> Runs()
    {
        lock (gate)
        {
            return [.. runs.Keys];
        }
    }

    /// <inheritdoc/>
    public void Append(string run, JournalRecord record)
    {
        lock (gate)
        {
            var records = runs.GetValueOrDefault(run) ?? [];
            if (record.Sequence < records.Count)
            {
                throw JournalLostException.Taken(run, record, records[(int)record.Sequence].Hash.AsSpan().SequenceEqual(record.Hash));
            }

            if (record.Sequence > records.Count)
            {
                throw JournalLostException.Gap(run, record);
            }

            records.Add(record);
            runs[run] = records;
        }
    }

    /// <inheritdoc/>
    public IEnumerable<JournalRecord> Read(string run)
    {
        lock (gate)
        {
            return runs.TryGetValue(run, out var records) ? [.. records] : [];
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        // Nothing to give back; the interface is for stores that hold a file or a connection.
    }
}
