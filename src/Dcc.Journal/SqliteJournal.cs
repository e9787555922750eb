using System.Data;
using Dcc.Core.Engine;
using Microsoft.Data.Sqlite;

namespace Dcc.Journal;

/// <summary>
/// Journals of one or more runs in a SQLite file. Written in WAL mode with synchronous FULL: when <see cref="Append"/> returns, the record
/// survives a power failure. Closing leaves a single file. Safe for concurrent use: one statement at a time.
/// </summary>
/// <remarks>
/// A file whose write-ahead log lost its tail opens as a shorter journal: that is what recovery after a crash is, and no reader of the file can
/// tell it from the state a moment before. Whoever knows more notices: a device holds a later round than the run ("ahead-of-run"), or a
/// summary.json states another digest.
/// </remarks>
public sealed class SqliteJournal : IJournalArchive
{
    private readonly Lock gate = new();
    private readonly SqliteConnection connection;
    private readonly string path;
    private readonly bool writable;
    private readonly Dictionary<string, JournalRecord> inDoubt = [];
    private int version;

    private SqliteJournal(SqliteConnection connection, string path, bool writable)
    {
        this.connection = connection;
        this.path = path;
        this.writable = writable;
    }

    /// <summary>For tests, which give it a disk that is full.</summary>
    internal SqliteConnection Connection => connection;

    /// <summary>Opens a journal to write, creating it where there is none and migrating one of an older version.</summary>
    /// <exception cref="InvalidDataException">The file is not a journal, one of a newer version, or damaged.</exception>
    /// <exception cref="IOException">The file cannot be opened.</exception>
    public static SqliteJournal Open(string path) => Open(path, SqliteOpenMode.ReadWriteCreate, writable: true, connection =>
    {
        SqliteSchema.Migrate(connection, path);
        connection.Execute("PRAGMA journal_mode = WAL");
        connection.Execute("PRAGMA synchronous = FULL");
    });

    /// <summary>Opens an existing journal to read, whatever its version; it keeps it.</summary>
    /// <exception cref="InvalidDataException">The file is not a journal, one of a newer version, or damaged.</exception>
    /// <exception cref="IOException">The file cannot be opened.</exception>
    /// <remarks>Not read-only underneath: the file of a killed run needs its write-ahead log taken in first.</remarks>
    public static SqliteJournal OpenExisting(string path) => Open(path, SqliteOpenMode.ReadWrite, writable: false, _ => { });

    /// <inheritdoc/>
    public IReadOnlyList<string> Runs() => Ask("SELECT DISTINCT run FROM record ORDER BY run", [], reader => reader.GetString(0));

    /// <inheritdoc/>
    public DateTimeOffset? Created(string run) => version < 2
        ? null
        : Ask(
            "SELECT committed FROM record WHERE run = $run AND sequence = 0 AND committed IS NOT NULL", [("$run", run)],
            reader => (DateTimeOffset?)DateTimeOffset.FromUnixTimeMilliseconds(reader.GetInt64(0))).FirstOrDefault();

    /// <inheritdoc/>
    public void Append(string run, JournalRecord record)
    {
        lock (gate)
        {
            try
            {
                if (Insert(run, record) == 0)
                {
                    throw JournalLostException.Gap(run, record);
                }
            }
            catch (SqliteException exception)
            {
                TakeFailure(run, record, exception);
            }

            if (connection.HasMoved() || !File.Exists(connection.DataSource + "-wal"))
            {
                throw new JournalLostException($"run '{run}': {path} was deleted or replaced by another file while this process had it open");
            }

            inDoubt.Remove(run);
        }
    }

    /// <inheritdoc/>
    public IEnumerable<JournalRecord> Read(string run)
    {
        var next = -1L;
        while (ReadAfter(run, next) is { } record)
        {
            next = record.Sequence;
            yield return record;
        }
    }

    /// <inheritdoc/>
    public void Delete(string run)
    {
        lock (gate)
        {
            try
            {
                // Leaving WAL mode takes the file for this connection alone: refused while anybody else has it open, who will not be gone in a moment.
                connection.DefaultTimeout = 1;
                connection.Execute("PRAGMA journal_mode = DELETE");
                using var command = connection.CreateCommand();
                command.CommandText = "DELETE FROM record WHERE run = $run";
                command.Parameters.AddWithValue("$run", run);
                command.ExecuteNonQuery();
                if (writable)
                {
                    connection.Execute("PRAGMA journal_mode = WAL");
                }
            }
            catch (SqliteException exception)
            {
                throw exception.SqliteErrorCode == SQLitePCL.raw.SQLITE_BUSY
                    ? new IOException($"{path} is open in another process, such as a coordinator", exception)
                    : new IOException($"{path} cannot be written ({exception.Message})", exception);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (writable && connection.State == ConnectionState.Open)
        {
            try
            {
                connection.DefaultTimeout = 1;
                connection.Execute("PRAGMA journal_mode = DELETE");
            }
            catch (SqliteException)
            {
                // Another reader is open, or the disk is full: the write-ahead log stays beside the file, and nothing is lost.
            }
        }

        connection.Dispose();
    }

    private int Insert(string run, JournalRecord record)
    {
        using var command = connection.CreateCommand();
        command.CommandText =
            """
            INSERT INTO record (run, sequence, kind, body, hash, committed)
            SELECT $run, $sequence, $kind, $body, $hash, CAST(unixepoch('subsec') * 1000 AS INTEGER)
            WHERE $sequence = 0 OR EXISTS (SELECT 1 FROM record WHERE run = $run AND sequence = $sequence - 1)
            """;
        command.Parameters.AddWithValue("$run", run);
        command.Parameters.AddWithValue("$sequence", record.Sequence);
        command.Parameters.AddWithValue("$kind", (int)record.Kind);
        command.Parameters.AddWithValue("$body", record.Body);
        command.Parameters.AddWithValue("$hash", record.Hash);
        return command.ExecuteNonQuery();
    }

    // Returns where the record turns out to be stored.
    private void TakeFailure(string run, JournalRecord record, SqliteException exception)
    {
        switch (exception.SqliteErrorCode)
        {
            case SQLitePCL.raw.SQLITE_CONSTRAINT:
                var same = ReadAfter(run, record.Sequence - 1) is { } stored && stored.Hash.AsSpan().SequenceEqual(record.Hash);
                if (!same || !inDoubt.TryGetValue(run, out var doubtful) || doubtful.Sequence != record.Sequence)
                {
                    throw JournalLostException.Taken(run, record, same);
                }

                break;
            case SQLitePCL.raw.SQLITE_CORRUPT or SQLitePCL.raw.SQLITE_NOTADB or SQLitePCL.raw.SQLITE_ERROR:
                throw new JournalLostException($"run '{run}': {path} is damaged: record {record.Sequence} cannot be written ({exception.Message})", exception);
            default:
                inDoubt[run] = record;
                throw new IOException($"journal record {record.Sequence} cannot be written: {exception.Message}", exception);
        }
    }

    // One indexed look-up per record: no statement stays open between two, so others may write meanwhile.
    private JournalRecord? ReadAfter(string run, long sequence)
    {
        try
        {
            return Ask(
                "SELECT sequence, kind, body, hash FROM record WHERE run = $run AND sequence > $after ORDER BY sequence LIMIT 1",
                [("$run", run), ("$after", sequence)],
                reader => new JournalRecord(
                    reader.GetInt64(0), (JournalRecordKind)reader.GetInt32(1), reader.GetFieldValue<byte[]>(2), reader.GetFieldValue<byte[]>(3))).FirstOrDefault();
        }
        catch (InvalidDataException exception)
        {
            throw new JournalException(sequence + 1, $"it cannot be read ({exception.Message})");
        }
    }

    private List<T> Ask<T>(string question, (string Name, object Value)[] parameters, Func<SqliteDataReader, T> read)
    {
        lock (gate)
        {
            try
            {
                using var command = connection.CreateCommand();
#pragma warning disable CA2100 // Statements of this file, no input.
                command.CommandText = question;
#pragma warning restore CA2100
                Array.ForEach(parameters, parameter => command.Parameters.AddWithValue(parameter.Name, parameter.Value));
                using var reader = command.ExecuteReader();
                var answers = new List<T>();
                while (reader.Read())
                {
                    answers.Add(read(reader));
                }

                return answers;
            }
            catch (SqliteException exception)
            {
                throw Unusable(path, exception);
            }
            catch (Exception exception) when (exception is InvalidCastException or InvalidOperationException or FormatException or OverflowException)
            {
                throw new InvalidDataException($"{path}: {exception.Message}", exception);
            }
        }
    }

    private static SqliteJournal Open(string path, SqliteOpenMode mode, bool writable, Action<SqliteConnection> prepare)
    {
        var text = new SqliteConnectionStringBuilder { DataSource = path, Mode = mode, Pooling = false, DefaultTimeout = 5 };
        var journal = new SqliteJournal(new SqliteConnection(text.ToString()), path, writable);
        try
        {
            journal.connection.Open();
            prepare(journal.connection);
            journal.version = SqliteSchema.Require(journal.connection, path);
            SqliteSchema.RequireConsistent(journal.connection, path);
            return journal;
        }
        catch (Exception exception)
        {
            journal.connection.Dispose();
            if (exception is SqliteException fault)
            {
                throw Unusable(path, fault);
            }

            throw;
        }
    }

    private static Exception Unusable(string path, SqliteException exception) => exception.SqliteErrorCode switch
    {
        SQLitePCL.raw.SQLITE_NOTADB or SQLitePCL.raw.SQLITE_CORRUPT or SQLitePCL.raw.SQLITE_ERROR =>
            new InvalidDataException($"{path} is not a usable SQLite file ({exception.Message})", exception),
        _ => new IOException($"{path} cannot be read or opened ({exception.Message})", exception),
    };
}
