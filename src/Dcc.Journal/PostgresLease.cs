using System.Data;
using System.Net.Sockets;
using Npgsql;

namespace Dcc.Journal;

/// <summary>
/// Leadership among the coordinators of one PostgreSQL database: a row with a term, a holder and the time until when it is held, all by the server's
/// clock. Each holder has a term of its own, larger than all before: the fencing token that <see cref="PostgresJournal"/> compares in every
/// statement that writes. So a holder that was paused, or cut off, past the lease's end writes nothing any more, whatever it believes.
/// </summary>
/// <remarks>Not safe for concurrent use, but for <see cref="Term"/>, <see cref="Lost"/> and <see cref="Holder"/>.</remarks>
public sealed class PostgresLease : IDisposable
{
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(20);

    private readonly string connectionString;
    private readonly string store;
    private readonly string name;
    private readonly TimeSpan duration;
    private readonly TimeProvider time;
    private readonly CancellationTokenSource lost;
    private NpgsqlConnection? connection;
    private long term;
    private volatile string holder = "";

    internal PostgresLease(NpgsqlConnectionStringBuilder server, string store, string name, TimeSpan duration, TimeProvider time)
    {
        // An attempt that is not answered must not take the time of the next ones.
        var patience = Math.Max(1, (int)(duration.TotalSeconds / 3));
        connectionString = new NpgsqlConnectionStringBuilder(server.ConnectionString)
        {
            Timeout = Math.Min(server.Timeout, patience), CommandTimeout = Math.Min(server.CommandTimeout, patience),
        }.ConnectionString;
        this.store = store;
        this.name = name;
        this.duration = duration;
        this.time = time;
        lost = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
    }

    /// <summary>The term in which this process holds the lease, 1 or more; 0 before it does.</summary>
    public long Term => Interlocked.Read(ref term);

    /// <summary>Who held the lease when this process last looked, "" for nobody.</summary>
    public string Holder => holder;

    /// <summary>
    /// Cancelled when the lease is lost: its time passed without a renewal, counted from before the last one that succeeded was sent, or somebody
    /// else has it. It does not come back.
    /// </summary>
    public CancellationToken Lost => lost.Token;

    /// <summary>Waits until the lease is this process's, however long the server is away or another holds it.</summary>
    /// <param name="noteFault">Told why an attempt failed.</param>
    /// <param name="cancellation">Ends the waiting.</param>
    /// <exception cref="InvalidDataException">The database is no journal of this version.</exception>
    public async Task Acquire(Action<string> noteFault, CancellationToken cancellation)
    {
        while (true)
        {
            var remaining = LongestPause;
            try
            {
                remaining = await Task.Run(TryAcquire, cancellation).ConfigureAwait(false);
            }
            catch (IOException exception)
            {
                noteFault(exception.Message);
            }

            if (Term > 0)
            {
                return;
            }

            var pause = remaining > LongestPause ? LongestPause : remaining < ShortestPause ? ShortestPause : remaining;
            await Task.Delay(pause, time, cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>Keeps the lease until it is lost, or until it is cancelled; it is then given back, for another to take at once.</summary>
    public async Task Keep(CancellationToken cancellation)
    {
        while (!cancellation.IsCancellationRequested && !lost.IsCancellationRequested)
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, lost.Token);
            await Task.Delay(duration / 4, time, either.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (!either.IsCancellationRequested)
            {
                await Task.Run(Renew, CancellationToken.None).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Gives the lease back where it is still this process's. Whoever leads must have stopped writing.</summary>
    public void Release()
    {
        try
        {
            if (Term > 0)
            {
                Use(connected => connected.Read("UPDATE dcc_lease SET expires = '-infinity' WHERE term = $1", [Term], _ => 0));
            }
        }
        catch (IOException)
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

    // How long another holds it still; the lease is this process's if Term is set.
    private TimeSpan TryAcquire() => Use(connected =>
    {
        var asked = time.GetTimestamp();
        var taken = connected.Read(
            """
            UPDATE dcc_lease SET term = term + 1, holder = $1, expires = clock_timestamp() + make_interval(secs => $2)
            WHERE expires <= clock_timestamp() RETURNING term
            """,
            [name, duration.TotalSeconds], reader => reader.GetInt64(0));
        if (taken is [var own])
        {
            holder = name;
            Hold(asked);
            Interlocked.Exchange(ref term, own);
            return TimeSpan.Zero;
        }

        var (other, remaining) = connected.Read(
            "SELECT holder, extract(epoch FROM expires - clock_timestamp())::float8 FROM dcc_lease WHERE isfinite(expires)", [],
            reader => (reader.GetString(0), reader.GetDouble(1))).FirstOrDefault(("", 0));
        holder = other;
        return TimeSpan.FromSeconds(Math.Clamp(remaining, 0, LongestPause.TotalSeconds));
    });

    private void Renew()
    {
        try
        {
            var asked = time.GetTimestamp();
            var kept = Use(connected => connected.Read(
                "UPDATE dcc_lease SET expires = clock_timestamp() + make_interval(secs => $2) WHERE term = $1 RETURNING term",
                [Term, duration.TotalSeconds], reader => reader.GetInt64(0)));
            if (kept.Count > 0)
            {
                Hold(asked);
            }
            else
            {
                lost.Cancel();
            }
        }
        catch (IOException)
        {
            // There is time for another attempt, or there is not: Lost knows.
        }
    }

    // From before the question, since the server's time runs from later on. A monotonic clock: it goes on while the process is paused.
    private void Hold(long since)
    {
        var left = duration - time.GetElapsedTime(since);
        lost.CancelAfter(left > TimeSpan.Zero ? left : TimeSpan.Zero);
    }

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

            return ask(connection);
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
