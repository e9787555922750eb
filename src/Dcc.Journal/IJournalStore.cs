using Dcc.Core.Engine;

namespace Dcc.Journal;

/// <summary>Where the journals of runs are kept. Safe for concurrent use.</summary>
public interface IJournalStore : IDisposable
{
    /// <summary>Names of the runs with at least one record, in ordinal order.</summary>
    IReadOnlyList<string> Runs();

    /// <summary>Appends a record; it is as durable as the store can make it when this returns.</summary>
    /// <exception cref="IOException">It could not be written.</exception>
    void Append(string run, JournalRecord record);

    /// <summary>A run's records in order, as stored; whoever reads them checks the chain.</summary>
    /// <exception cref="JournalException">A record cannot be read.</exception>
    IEnumerable<JournalRecord> Read(string run);
}

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
            if (!runs.TryGetValue(run, out var records))
            {
                runs.Add(run, records = []);
            }

            records.Add(record);
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
        // Nothing to give back; the interface is for stores that hold a file.
    }
}
