using System.Data;
using System.Net.Sockets;
using Dcc.Core.Engine;
using Npgsql;

namespace Dcc.Journal;

/// <summary>
/// Journals of one or more runs in a PostgreSQL database, which several coordinators may share, each with runs of its own: a second one that writes
/// the same run is found out by the primary key. When <see cref="Append"/> returns, the server has committed the record with synchronous_commit
/// on. Safe for concurrent use: one statement at a time, over one connection.
/// </summary>
/// <remarks>
/// A connection that is lost takes the answer to an insert with it. The record is then inserted again on a new connection: the primary key tells
/// whether the first attempt had stored it, and waits for it where it is still on its way.
/// </remarks>
public sealed class PostgresJournal : IJournalArchive
{
    // A round trip to the server for each would make a recovery long.
    private const int BytesAtOnce = 4_000_000;
    private const int RecordsAtOnce = 500;
    private static readonly TimeSpan LastUse = TimeSpan.FromSeconds(1);

    private readonly Lock gate = new();
    private readonly string connectionString;
    private readonly string store;
    private readonly bool writes;
    private readonly PostgresLease? lease;
    private readonly Dictionary<string, JournalRecord> inDoubt = [];
    private NpgsqlConnection? connection;

    private PostgresJournal(string connectionString, string store, bool writes, PostgresLease? lease = null)
    {
        this.connectionString = connectionString;
        this.store = store;
        this.writes = writes;
        this.lease = lease;
    }

    /// <summary>Opens a database to write, creating the tables where there are none.</summary>
    /// <param name="connectionString">As Npgsql takes it.</param>
    /// <param name="store">What the database is called in messages, without a password.</param>
    /// <exception cref="InvalidDataException">Its tables are of another version.</exception>
    /// <exception cref="IOException">The server cannot be reached, or refuses.</exception>
    public static PostgresJournal Open(string connectionString, string store) => Open(new PostgresJournal(connectionString, store, writes: true));

    /// <summary>A journal that writes only in the term of a lease; it connects when it is first used.</summary>
    internal static PostgresJournal Under(PostgresLease lease, string connectionString, string store) => new(connectionString, store, writes: true, lease);

    /// <summary>Opens a database that holds journals already, to read or delete.</summary>
    /// <inheritdoc cref="Open(string, string)"/>
    public static PostgresJournal OpenExisting(string connectionString, string store) =>
        Open(new PostgresJournal(connectionString, store, writes: false));

    /// <inheritdoc/>
    public IReadOnlyList<string> Runs() => Use(connected =>
        connected.Read("SELECT DISTINCT run FROM dcc_record ORDER BY run", [], reader => reader.GetString(0)));

    /// <inheritdoc/>
    public DateTimeOffset? Created(string run) => Use(connected => connected.Read(
        "SELECT committed FROM dcc_record WHERE run = $1 AND sequence = 0", [run],
        reader => (DateTimeOffset?)reader.GetFieldValue<DateTimeOffset>(0)).FirstOrDefault());

    /// <inheritdoc/>
    public IEnumerable<JournalRecord> Read(string run)
    {
        var next = -1L;
        var atOnce = 1;
        while (ReadAfter(run, next, atOnce) is { Count: > 0 } records)
        {
            foreach (var record in records)
            {
                next = record.Sequence;
                yield return record;
            }

            atOnce = Math.Clamp(BytesAtOnce / Math.Max(1, records[^1].Body.Length), 1, RecordsAtOnce);
        }
    }

    /// <inheritdoc/>
    public void Append(string run, JournalRecord record)
    {
        lock (gate)
        {
            try
            {
                Use(connected => Insert(connected, run, record));
                inDoubt.Remove(run);
            }
            catch (IOException exception) when (exception is not JournalLostException)
            {
                inDoubt[run] = record;
                throw new IOException($"journal record {record.Sequence} cannot be written: {exception.Message}", exception);
            }
        }
    }

    /// <inheritdoc/>
    public void Delete(string run) => Use(connected =>
    {
        if (!connected.Ask<bool>($"SELECT pg_try_advisory_lock({PostgresSchema.LockKey})"))
        {
            throw new IOException($"{store} is open in a coordinator");
        }

        try
        {
            connected.Read("DELETE FROM dcc_record WHERE run = $1", [run], _ => 0);
        }
        finally
        {
            connected.Ask<bool>($"SELECT pg_advisory_unlock({PostgresSchema.LockKey})");
        }

        return true;
    });

    /// <inheritdoc/>
    public void Dispose()
    {
        // Whoever still waits for a server that does not answer must not hold the process up: its end closes the connection.
        if (gate.TryEnter(LastUse))
        {
            connection?.Dispose();
            gate.Exit();
        }
    }

    private static PostgresJournal Open(PostgresJournal journal)
    {
        try
        {
            journal.Use(_ => true);
            return journal;
        }
        catch (Exception)
        {
            journal.Dispose();
            throw;
        }
    }

    private bool Insert(NpgsqlConnection connected, string run, JournalRecord record)
    {
        try
        {
            // The lock on the lease's row holds a new leader up until this statement is over: it then reads what was written, or nothing was. Where
            // a new one was faster, the row is not this term's any more.
            var inserted = connected.Read(
                $"""
                WITH term AS MATERIALIZED ({(lease is null ? "SELECT $6::bigint AS term" : "SELECT term FROM dcc_lease WHERE term = $6 AND holder = $7 FOR SHARE")})
                INSERT INTO dcc_record (run, sequence, kind, body, hash, term) SELECT $1, $2, $3, $4, $5, term FROM term
                WHERE $2 = 0 OR EXISTS (SELECT 1 FROM dcc_record WHERE run = $1 AND sequence = $2 - 1) RETURNING sequence
                """,
                [run, record.Sequence, (int)record.Kind, record.Body, record.Hash, lease?.Term ?? 0, lease?.Name ?? ""], reader => reader.GetInt64(0));
            return inserted.Count > 0 ? true
                : IsDeposed(connected) ? throw JournalLostException.Deposed(run, record)
                : throw JournalLostException.Gap(run, record);
        }
        catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.UniqueViolation)
        {
            var stored = connected.Read(
                "SELECT hash FROM dcc_record WHERE run = $1 AND sequence = $2", [run, record.Sequence], reader => reader.GetFieldValue<byte[]>(0));
            if (IsDeposed(connected))
            {
                throw JournalLostException.Deposed(run, record);
            }

            var same = stored is [var hash] && hash.AsSpan().SequenceEqual(record.Hash);

            // The same content without a doubt about it is not this process's: two coordinators may well compute the same.
            return same && inDoubt.TryGetValue(run, out var doubtful) && doubtful.Sequence == record.Sequence
                ? true
                : throw JournalLostException.Taken(run, record, same);
        }
        catch (PostgresException exception) when (exception.SqlState[..2] is "42" or "XX" && exception.SqlState != PostgresErrorCodes.InternalError)
        {
            throw new JournalLostException($"run '{run}': {store} is damaged: record {record.Sequence} cannot be written ({exception.MessageText})", exception);
        }
        catch (NpgsqlException)
        {
            // Whatever became of it, the next attempt may find it stored: a server that goes down may have committed what it reports an error for.
            inDoubt[run] = record;
            throw;
        }
    }

    private bool IsDeposed(NpgsqlConnection connected) =>
        lease is not null && connected.Read("SELECT 1 FROM dcc_lease WHERE term = $1 AND holder = $2", [lease.Term, lease.Name], reader => reader.GetInt32(0)).Count == 0;

    private List<JournalRecord> ReadAfter(string run, long sequence, int atOnce)
    {
        try
        {
            return Use(connected => connected.Read(
                "SELECT sequence, kind, body, hash FROM dcc_record WHERE run = $1 AND sequence > $2 ORDER BY sequence LIMIT $3", [run, sequence, atOnce],
                reader => new JournalRecord(
                    reader.GetInt64(0), (JournalRecordKind)reader.GetInt32(1), reader.GetFieldValue<byte[]>(2), reader.GetFieldValue<byte[]>(3))));
        }
        catch (InvalidDataException) when (atOnce > 1)
        {
            // One by one, to name the one that cannot be read.
            return ReadAfter(run, sequence, 1);
        }
        catch (InvalidDataException exception)
        {
            throw new JournalException(sequence + 1, $"it cannot be read ({exception.Message})");
        }
    }

    // A connection that turns out broken is replaced once, at once: servers are restarted, and proxies cut what is idle. Whoever needs more patience
    // has it: a run that stalls tries again.
    private T Use<T>(Func<NpgsqlConnection, T> ask)
    {
        lock (gate)
        {
            try
            {
                var fresh = connection is not { FullState: ConnectionState.Open };
                try
                {
                    return ask(Connect());
                }
                catch (NpgsqlException) when (!fresh && connection is not { FullState: ConnectionState.Open })
                {
                    return ask(Connect());
                }
            }
            catch (PostgresException exception) when (exception.SqlState[..2] is "XX" or "42" && exception.SqlState != PostgresErrorCodes.InsufficientPrivilege)
            {
                throw new InvalidDataException($"{store}: {exception.MessageText}", exception);
            }
            catch (Exception exception) when (exception is NpgsqlException or SocketException or TimeoutException)
            {
                throw new IOException($"{store}: {PostgresCalls.Reason(exception)}", exception);
            }
        }
    }

    private NpgsqlConnection Connect()
    {
        if (connection is { FullState: ConnectionState.Open })
        {
            return connection;
        }

        connection?.Dispose();
        connection = new NpgsqlConnection(connectionString);
        connection.Open();
        try
        {
            Prepare(connection);
        }
        catch (Exception)
        {
            connection.Dispose();
            throw;
        }

        return connection;
    }

    private void Prepare(NpgsqlConnection opened)
    {
        if (!writes)
        {
            PostgresSchema.Require(opened, store);
            return;
        }

        // remote_apply promises more.
        opened.Execute("SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') <> 'remote_apply'");
        PostgresSchema.Migrate(opened, store);
        if (lease is not null)
        {
            // A statement of a machine that is gone in the middle of it would hold the lease's row until the server notices.
            opened.Execute("SET tcp_keepalives_idle = 2; SET tcp_keepalives_interval = 1; SET tcp_keepalives_count = 3");
        }

        if (!opened.Ask<bool>($"SELECT pg_try_advisory_lock_shared({PostgresSchema.LockKey})"))
        {
            throw new IOException($"{store}: somebody is deleting runs there");
        }
    }
}
