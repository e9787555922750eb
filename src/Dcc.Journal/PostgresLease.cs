using System.Data;
using System.Net.Sockets;
using Npgsql;

namespace Dcc.Journal;

/// <summary>
/// Leadership among the coordinators of one PostgreSQL database: a row with a term, a holder and the time until when it is held, all by the server's
/// clock. Each holder has a term of its own, larger than all before: the fencing token that <see cref="PostgresJournal"/> compares in every
/// statement that writes. So a holder that was paused, or cut off, past the lease's end writes nothing any more, whatever it believes.
/// </summary>
/// <remarks>Not safe for concurrent use, but for its properties.</remarks>
public sealed class PostgresLease : IDisposable
{
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan RetryPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(20);

    private readonly string connectionString;
    private readonly string store;
    private readonly TimeSpan duration;
    private readonly TimeProvider time;
    private readonly CancellationTokenSource lost;
    private NpgsqlConnection? connection;
    private long term;
    private long heldUntil;
    private long answeredAt;

    internal PostgresLease(NpgsqlConnectionStringBuilder server, string store, string name, TimeSpan duration, TimeProvider time)
    {
        // An attempt that is not answered must not take the time of the next ones; whole seconds, so below 3 s of lease it does.
        var patience = Math.Max(1, (int)(duration.TotalSeconds / 3));
        connectionString = new NpgsqlConnectionStringBuilder(server.ConnectionString)
        {
            Timeout = Math.Min(server.Timeout, patience), CommandTimeout = Math.Min(server.CommandTimeout, patience),

            // Nor is a server that does not answer asked to stop answering.
            CancellationTimeout = -1,
        }.ConnectionString;
        this.store = store;
        Name = name;
        this.duration = duration;
        this.time = time;
        lost = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        Lost = lost.Token;
    }

    /// <summary>The term in which this process holds the lease, 1 or more; 0 before it does.</summary>
    public long Term => Interlocked.Read(ref term);

    /// <summary>
    /// Cancelled when the lease is lost: its time passed without a renewal, counted from before the last one that succeeded was sent, or somebody
    /// else has it. It does not come back.
    /// </summary>
    public CancellationToken Lost { get; }

    /// <summary>Whether it is held now, by the clock: true at most as long as <see cref="Lost"/> would allow, however late that comes.</summary>
    public bool IsHeld => Term > 0 && !Lost.IsCancellationRequested && time.GetTimestamp() < Interlocked.Read(ref heldUntil);

    /// <summary>Whether the database answered within the time of a lease.</summary>
    public bool IsReachable => Interlocked.Read(ref answeredAt) is not 0 and var at && time.GetElapsedTime(at) < duration;

    internal string Name { get; }

    /// <summary>Waits until the lease is this process's, however long the server is away or another holds it.</summary>
    /// <param name="noteFault">Told why an attempt failed.</param>
    /// <param name="cancellation">Ends the waiting.</param>
    /// <exception cref="InvalidDataException">The database is no journal of this version.</exception>
    public async Task Acquire(Action<string> noteFault, CancellationToken cancellation)
    {
        while (true)
        {
            var pause = LongestPause;
            try
            {
                pause = await Task.Run(TryAcquire, cancellation).ConfigureAwait(false);
            }
            catch (IOException exception)
            {
                noteFault(exception.Message);
            }

            if (Term > 0)
            {
                return;
            }

            await Task.Delay(pause, time, cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>Renews the lease until it is lost, or until this is cancelled.</summary>
    public async Task Keep(CancellationToken cancellation)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, Lost);
        var renewed = true;
        while (!either.IsCancellationRequested)
        {
            await Task.Delay(renewed ? duration / 4 : RetryPause, time, either.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (!either.IsCancellationRequested)
            {
                // A thread of its own: those of the pool may all be waiting for the same server.
                renewed = await Task.Factory.StartNew(Renew, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Gives the lease back, for another to take at once, where it is still this process's. Whoever leads must have stopped writing.</summary>
    public void Release()
    {
        try
        {
            if (IsHeld)
            {
                Use(connected => connected.Read("UPDATE dcc_lease SET expires = '-infinity' WHERE term = $1 AND holder = $2", [Term, Name], _ => 0));
            }
        }
        catch (Exception exception) when (IsFault(exception))
        {
            // It expires by itself.
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        connection?.Dispose();
        lost.Dispose();
    }

    // When to ask again: when the other one's time is over. The lease is this process's if Term is set.
    private TimeSpan TryAcquire() => Use(connected =>
    {
        var asked = time.GetTimestamp();
        var taken = connected.Read(
            """
            UPDATE dcc_lease SET term = term + 1, holder = $1, expires = clock_timestamp() + make_interval(secs => $2)
            WHERE expires <= clock_timestamp() RETURNING term
            """,
            [Name, duration.TotalSeconds], reader => reader.GetInt64(0));
        if (taken is [var own])
        {
            Hold(asked);
            Interlocked.Exchange(ref term, own);
            return TimeSpan.Zero;
        }

        var remaining = connected.Read(
            "SELECT extract(epoch FROM expires - clock_timestamp())::float8 FROM dcc_lease WHERE isfinite(expires)", [],
            reader => reader.GetDouble(0)).FirstOrDefault();
        return TimeSpan.FromSeconds(Math.Clamp(remaining, ShortestPause.TotalSeconds, LongestPause.TotalSeconds));
    });

    // False when it is to be tried again soon.
    private bool Renew()
    {
        try
        {
            var asked = time.GetTimestamp();
            var kept = Use(connected => connected.Read(
                "UPDATE dcc_lease SET expires = clock_timestamp() + make_interval(secs => $2) WHERE term = $1 AND holder = $3 RETURNING term",
                [Term, duration.TotalSeconds, Name], reader => reader.GetInt64(0)));
            if (kept.Count > 0)
            {
                Hold(asked);
            }
            else
            {
                lost.Cancel();
            }

            return true;
        }
        catch (Exception exception) when (IsFault(exception))
        {
            // There is time for another attempt, or there is not: Lost knows.
            return false;
        }
    }

    // From before the question, since the server's time runs from later on. A monotonic clock: it goes on while the process is paused.
    private void Hold(long since)
    {
        Interlocked.Exchange(ref heldUntil, since + (long)(duration.TotalSeconds * time.TimestampFrequency));
        var left = duration - time.GetElapsedTime(since);
        lost.CancelAfter(left > TimeSpan.Zero ? left : TimeSpan.Zero);
    }

    // A server that is away, one whose tables a newer program has changed meanwhile, a password file that cannot be read.
    private static bool IsFault(Exception exception) => exception is IOException or InvalidDataException or UnauthorizedAccessException;

    private T Use<T>(Func<NpgsqlConnection, T> ask)
    {
        try
        {
            if (connection is not { FullState: ConnectionState.Open })
            {
                connection?.Dispose();
                connection = new NpgsqlConnection(connectionString);
                connection.Open();
                PostgresSchema.Migrate(connection, store);
            }

            var answer = ask(connection);
            Interlocked.Exchange(ref answeredAt, time.GetTimestamp());
            return answer;
        }
        catch (InvalidDataException)
        {
            connection?.Dispose();
            connection = null;
            throw;
        }
        catch (Exception exception) when (exception is NpgsqlException or SocketException or TimeoutException)
        {
            // Whatever it waits for is of no use any more.
            connection?.Dispose();
            connection = null;
            throw new IOException($"{store}: {PostgresCalls.Reason(exception)}", exception);
        }
    }
}
