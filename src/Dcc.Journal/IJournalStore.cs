using Dcc.Core.Engine;

namespace Dcc.Journal;

/// <summary>Where the journals of runs are kept. Safe for concurrent use.</summary>
public interface IJournalStore : IDisposable
{
    /// <summary>Names of the runs with at least one record, in ordinal order.</summary>
    /// <exception cref="IOException">They cannot be read.</exception>
    IReadOnlyList<string> Runs();

    /// <summary>Appends the record that follows a run's last one; it is as durable as the store can make it when this returns.</summary>
    /// <exception cref="JournalLostException">The store is not what was left there, and appending again cannot help.</exception>
    /// <exception cref="IOException">
    /// It could not be written, or nobody knows whether it was. The same record may be appended again and is then stored once, whatever became
    /// of the first attempt.
    /// </exception>
    void Append(string run, JournalRecord record);

    /// <summary>A run's records in order, as stored; whoever reads them checks the chain.</summary>
    /// <exception cref="JournalException">A record cannot be read.</exception>
    /// <exception cref="IOException">The store does not answer.</exception>
    IEnumerable<JournalRecord> Read(string run);
}

/// <summary>A store that outlives its coordinator, as those see it who keep house there.</summary>
public interface IJournalArchive : IJournalStore
{
    /// <summary>When a run's first record was written, by the clock of whoever wrote it; null where that was not noted.</summary>
    DateTimeOffset? Created(string run);

    /// <summary>Deletes a run's records, all or none.</summary>
    /// <exception cref="IOException">Another process has the store open, or it cannot be written.</exception>
    void Delete(string run);
}

/// <summary>A journal that somebody else changed under its writer: what was acknowledged may be gone or another's, so the run must stop.</summary>
public sealed class JournalLostException(string message, Exception? inner = null) : IOException(message, inner)
{
    internal static JournalLostException Taken(string run, JournalRecord record, bool sameContent) => new(
        $"run '{run}': another coordinator writes this run: record {record.Sequence} is there already"
        + (sameContent ? ", the same as this one's" : ", another than this one's"));

    /// <summary>Whether it is another coordinator's turn to write, by the lease.</summary>
    public bool IsDeposed { get; private init; }

    internal static JournalLostException Deposed(string run, JournalRecord record) =>
        new($"run '{run}': record {record.Sequence} is refused: another coordinator leads now") { IsDeposed = true };

    internal static JournalLostException Gap(string run, JournalRecord record) => new(
        $"run '{run}': somebody deleted this run: record {record.Sequence - 1} is gone, which record {record.Sequence} follows");
}
