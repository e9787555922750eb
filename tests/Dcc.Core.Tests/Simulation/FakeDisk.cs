using Dcc.Core.Engine;
using Dcc.Journal;

namespace Dcc.Core.Tests.Simulation;

/// <summary>
/// A journal whose machine loses power. In memory a record is either lost or kept; over a real SQLite file the write in progress is torn at a
/// random byte of the write-ahead log, and the next start recovers from what is left.
/// </summary>
internal sealed class FakeDisk : IDisposable
{
    private const string Run = "run";

    private readonly Random random;
    private readonly string? folder;
    private readonly List<JournalRecord> records = [];
    private IJournalStore store = new InMemoryJournal();
    private int images;

    internal FakeDisk(Random random, bool isReal)
    {
        this.random = random;
        folder = isReal ? Directory.CreateTempSubdirectory("dcc-disk-").FullName : null;
        if (folder is not null)
        {
            store = SqliteJournal.Open(File(0));
        }
    }

    /// <summary>What a process that starts now finds.</summary>
    internal IReadOnlyList<JournalRecord> Records => records;

    /// <summary>Whether there is no room.</summary>
    internal bool IsFull { get; set; }

    /// <summary>Rounds of a device that survive a loss of power.</summary>
    internal int DurableRounds(int device) => records.Count(record => record.Kind == JournalRecordKind.Round) + Updates(device).Count();

    /// <summary>Its own rounds among them, in a run with asynchronous updates.</summary>
    internal IEnumerable<DeviceUpdate> Updates(int device) => records
        .Where(record => record.Kind == JournalRecordKind.Update)
        .SelectMany(record => CommittedUpdate.FromBytes(record.Body, int.MaxValue).Updates)
        .Where(update => update.Device == device);

    /// <summary>Appends; false where there is no room.</summary>
    internal bool TryAppend(JournalRecord record)
    {
        if (IsFull)
        {
            return false;
        }

        store.Append(Run, record);
        records.Add(record);
        return true;
    }

    /// <summary>The power fails while a record is written.</summary>
    internal void LosePowerDuring(JournalRecord record)
    {
        if (folder is null)
        {
            return;
        }

        var log = File(images) + "-wal";
        var before = new FileInfo(log) is { Exists: true, Length: var length } ? length : 0;
        var database = System.IO.File.ReadAllBytes(File(images));
        store.Append(Run, record);
        var written = Read(log);
        // Of what was not yet synced any prefix may be there, and the last of it may be garbage.
        var torn = written[..(int)random.NextInt64(before, Math.Max(before, written.Length - 1) + 1)];
        if (torn.Length > before && random.Next(2) == 0)
        {
            random.NextBytes(torn.AsSpan((int)random.NextInt64(before, torn.Length)));
        }

        Restart(database, torn);
    }

    /// <summary>The process ends and another opens what is there.</summary>
    internal void LosePower()
    {
        if (folder is not null)
        {
            Restart(System.IO.File.ReadAllBytes(File(images)), Read(File(images) + "-wal"));
        }
    }

    public void Dispose()
    {
        store.Dispose();
        if (folder is not null)
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private void Restart(byte[] database, byte[] log)
    {
        store.Dispose();
        images++;
        System.IO.File.WriteAllBytes(File(images), database);
        System.IO.File.WriteAllBytes(File(images) + "-wal", log);
        store = SqliteJournal.Open(File(images));
        var found = store.Read(Run).ToList();
        Assert.Equal(records.Select(record => record.Hash), found.Select(record => record.Hash));
    }

    private string File(int image) => Path.Combine(folder!, $"journal-{image}.db");

    // The journal has it open to write.
    private static byte[] Read(string path)
    {
        if (!System.IO.File.Exists(path))
        {
            return [];
        }

        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var bytes = new byte[file.Length];
        file.ReadExactly(bytes);
        return bytes;
    }
}
