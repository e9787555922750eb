using System.Data;
using Dcc.Core.Engine;
using Microsoft.Data.Sqlite;

namespace Dcc.Journal;

/// <summary>
/// Journals of one or more runs in a SQLite file. Written in WAL mode with synchronous FULL: when <see cref="Append"/> returns, the record
/// survives a power failure. Closing leaves a single file. Safe for concurrent use: one statement at a time.
/// </summary>
public sealed class SqliteJournal : IJournalStore
{
    // "DCCJ": marks the file as ours in SQLite's header.
    private const int ApplicationId = 0x4443434A;
    private const int SchemaVersion = 1;

    private readonly Lock gate = new();
    private readonly SqliteConnection connection;
    private readonly bool writable;

    private SqliteJournal(SqliteConnection connection, bool writable)
    {
        this.connection = connection;
        this.writable = writable;
    }

    /// <summary>Opens a journal to write, creating it where there is none.</summary>
    /// <exception cref="InvalidDataException">The file is not a journal, or one of another schema version.</exception>
    /// <exception cref="IOException">The file cannot be opened.</exception>
    public static SqliteJournal Open(string path) => Open(path, SqliteOpenMode.ReadWriteCreate, writable: true, journal =>
    {
        if (journal.Pragma("application_id") == 0 && journal.Pragma("schema_version") == 0)
        {
            journal.CreateSchema();
        }

        journal.RequireSchema(path);
        journal.Execute("PRAGMA journal_mode = WAL");
        journal.Execute("PRAGMA synchronous = FULL");
    });

    /// <summary>Opens an existing journal to read.</summary>
    /// <exception cref="InvalidDataException">The file is not a journal, or one of another schema version.</exception>
    /// <exception cref="IOException">The file cannot be opened.</exception>
    /// <remarks>Not read-only underneath: the file of a killed run needs its write-ahead log taken in first.</remarks>
    public static SqliteJournal OpenExisting(string path) =>
        Open(path, SqliteOpenMode.ReadWrite, writable: false, journal => journal.RequireSchema(path));

    /// <inheritdoc/>
    public IReadOnlyList<string> Runs()
    {
        lock (gate)
        {
            try
            {
                return ReadRuns();
            }
            catch (SqliteException exception)
            {
                throw new IOException($"the journal cannot be read: {exception.Message}", exception);
            }
        }
    }

    /// <inheritdoc/>
    public void Append(string run, JournalRecord record)
    {
        lock (gate)
        {
            using var command = connection.CreateCommand();
            command.CommandText = "INSERT INTO record (run, sequence, kind, body, hash) VALUES ($run, $sequence, $kind, $body, $hash)";
            command.Parameters.AddWithValue("$run", run);
            command.Parameters.AddWithValue("$sequence", record.Sequence);
            command.Parameters.AddWithValue("$kind", (int)record.Kind);
            command.Parameters.AddWithValue("$body", record.Body);
            command.Parameters.AddWithValue("$hash", record.Hash);
            try
            {
                command.ExecuteNonQuery();
            }
            catch (SqliteException exception)
            {
                throw new IOException($"journal record {record.Sequence} cannot be written: {exception.Message}", exception);
            }
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
    public void Dispose()
    {
        if (writable && connection.State == ConnectionState.Open)
        {
            try
            {
                Execute("PRAGMA journal_mode = DELETE");
            }
            catch (SqliteException)
            {
                // Another reader is open, or the disk is full: the write-ahead log stays beside the file, and nothing is lost.
            }
        }

        connection.Dispose();
    }

    private List<string> ReadRuns()
    {
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT DISTINCT run FROM record ORDER BY run";
        using var reader = command.ExecuteReader();
        var runs = new List<string>();
        while (reader.Read())
        {
            runs.Add(reader.GetString(0));
        }

        return runs;
    }

    private static JournalRecord Current(SqliteDataReader reader) => new(
        reader.GetInt64(0), (JournalRecordKind)reader.GetInt32(1), reader.GetFieldValue<byte[]>(2), reader.GetFieldValue<byte[]>(3));

    // One indexed look-up per record: no statement stays open between two, so others may write meanwhile.
    private JournalRecord? ReadAfter(string run, long sequence)
    {
        lock (gate)
        {
            try
            {
                using var command = connection.CreateCommand();
                command.CommandText = "SELECT sequence, kind, body, hash FROM record WHERE run = $run AND sequence > $after ORDER BY sequence LIMIT 1";
                command.Parameters.AddWithValue("$run", run);
                command.Parameters.AddWithValue("$after", sequence);
                using var reader = command.ExecuteReader();
                return reader.Read() ? Current(reader) : null;
            }
            catch (Exception exception) when (exception is SqliteException or InvalidCastException or FormatException or OverflowException)
            {
                throw new JournalException(sequence + 1, $"it cannot be read ({exception.Message})");
            }
        }
    }

    private static SqliteJournal Open(string path, SqliteOpenMode mode, bool writable, Action<SqliteJournal> prepare)
    {
        var text = new SqliteConnectionStringBuilder { DataSource = path, Mode = mode, Pooling = false, DefaultTimeout = 5 };
        var journal = new SqliteJournal(new SqliteConnection(text.ToString()), writable);
        try
        {
            journal.connection.Open();
            prepare(journal);
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
        26 or 11 => new InvalidDataException($"{path} is not a usable SQLite file ({exception.Message})", exception),
        _ => new IOException($"{path} cannot be opened ({exception.Message})", exception),
    };

    private void CreateSchema() => Execute($"""
        BEGIN IMMEDIATE;
        CREATE TABLE record (
          run TEXT NOT NULL, sequence INTEGER NOT NULL, kind INTEGER NOT NULL, body BLOB NOT NULL, hash BLOB NOT NULL,
          UNIQUE (run, sequence)) STRICT;
        PRAGMA application_id = {ApplicationId};
        PRAGMA user_version = {SchemaVersion};
        COMMIT;
        """);

    private void RequireSchema(string path)
    {
        var application = Pragma("application_id");
        if (application != ApplicationId)
        {
            throw new InvalidDataException($"{path} is the file of another program (application id {application}, not {ApplicationId})");
        }

        var version = Pragma("user_version");
        if (version != SchemaVersion)
        {
            throw new InvalidDataException($"{path} has schema version {version}, this program knows {SchemaVersion}");
        }
    }

    private long Pragma(string name)
    {
        using var command = connection.CreateCommand();
        command.CommandText = $"PRAGMA {name}";
        return (long)(command.ExecuteScalar() ?? 0L);
    }

    private void Execute(string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
