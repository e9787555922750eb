using Dcc.Core.Validation;
using Npgsql;

namespace Dcc.Journal;

/// <summary>
/// Where journals are: "memory", a PostgreSQL database (postgres://USER@HOST:PORT/DATABASE, or Npgsql's Host=...;Database=...), or else the path of a
/// SQLite file. Its text may hold a password and is never shown; <see cref="ToString"/> is what messages say.
/// </summary>
public sealed class StoreLocation
{
    /// <summary>The store that keeps nothing.</summary>
    public const string Memory = "memory";

    private const string Expected = "FILE, memory, postgres://USER@HOST:PORT/DATABASE or Host=...";
    private const int ConnectSeconds = 5;
    private const int CommandSeconds = 10;

    private readonly string text;
    private readonly NpgsqlConnectionStringBuilder? server;

    private StoreLocation(string text, NpgsqlConnectionStringBuilder? server)
    {
        this.text = text;
        this.server = server;
    }

    /// <summary>Whether it is a database elsewhere, which may not answer.</summary>
    public bool IsServer => server is not null;

    /// <summary>Whether the text itself holds a password.</summary>
    public bool HasPassword => server is { Password.Length: > 0 };

    /// <summary>Reads a location.</summary>
    /// <exception cref="InvalidInputException">It is none. The message does not quote a text that may hold a password.</exception>
    public static StoreLocation Parse(string text)
    {
        if (text.Length == 0)
        {
            throw new InvalidInputException("store", Expected, "nothing");
        }

        try
        {
            var server = PostgresUrl.IsOne(text) ? PostgresUrl.Parse(text)
                : IsConnectionString(text) ? new NpgsqlConnectionStringBuilder(text)
                : null;
            if (server is not null)
            {
                Settle(server);
            }

            return new StoreLocation(text, server);
        }
        catch (Exception exception) when (exception is FormatException or ArgumentException or InvalidCastException or KeyNotFoundException or OverflowException)
        {
            throw new InvalidInputException(
                "store", Expected, "a PostgreSQL address that cannot be understood" + (exception is FormatException { InnerException: null } ? $": {exception.Message}" : ""));
        }
    }

    /// <summary>Reads a location from a command line, where everybody on the machine can see it.</summary>
    /// <exception cref="InvalidInputException">It is none, or it holds a password.</exception>
    public static StoreLocation ParseArgument(string text)
    {
        var location = Parse(text);
        return location.HasPassword
            ? throw new InvalidInputException(
                "store", "no password on the command line (set PGPASSWORD, PGPASSFILE or Coordinator__Store in the environment)", $"{location} with one")
            : location;
    }

    /// <summary>Opens the store to write, creating what is missing.</summary>
    /// <exception cref="InvalidDataException">What is there is no journal of this program, or damaged.</exception>
    /// <exception cref="IOException">It cannot be opened.</exception>
    public IJournalStore Open() => server is not null ? PostgresJournal.Open(server.ConnectionString, ToString())
        : text == Memory ? new InMemoryJournal()
        : SqliteJournal.Open(text);

    /// <summary>Leadership among the coordinators of a PostgreSQL database.</summary>
    /// <param name="name">Who this process is, for people.</param>
    /// <param name="duration">How long it holds without a renewal.</param>
    /// <param name="time">The clock by which the holder gives up.</param>
    /// <exception cref="InvalidInputException">It is no PostgreSQL database.</exception>
    public PostgresLease Lease(string name, TimeSpan duration, TimeProvider time) =>
        new(server ?? throw new InvalidInputException("high-availability", "a PostgreSQL store", ToString()), ToString(), name, duration, time);

    /// <summary>The store as the holder of a lease writes it; it connects when it is first used.</summary>
    public IJournalStore OpenUnder(PostgresLease lease) => PostgresJournal.Under(lease, server!.ConnectionString, ToString());

    /// <summary>Opens a store that exists already, to look after its runs.</summary>
    /// <exception cref="InvalidInputException">There is none.</exception>
    /// <inheritdoc cref="Open"/>
    public IJournalArchive OpenExisting() => server is not null ? PostgresJournal.OpenExisting(server.ConnectionString, ToString())
        : text != Memory && File.Exists(text) ? SqliteJournal.OpenExisting(text)
        : throw new InvalidInputException("store", "the journal file of a coordinator, or a PostgreSQL address", text == Memory ? "memory, which keeps nothing" : $"{text}, which is no file");

    /// <summary>What messages and logs call it: without a password.</summary>
    public override string ToString() => server is null
        ? text
        : string.Create(System.Globalization.CultureInfo.InvariantCulture, $"postgresql://{server.Username}@{server.Host}:{server.Port}/{server.Database}");

    private static bool IsConnectionString(string text) => text.Split(';').Any(part =>
        part.Split('=') is [var key, _, ..] && key.Trim() is var name
        && (name.Equals("Host", StringComparison.OrdinalIgnoreCase) || name.Equals("Server", StringComparison.OrdinalIgnoreCase)));

    // One connection that the journal itself opens again; a server that is not there is found out soon.
    private static void Settle(NpgsqlConnectionStringBuilder server)
    {
        if (string.IsNullOrEmpty(server.Host) || server.Host.Contains(',', StringComparison.Ordinal))
        {
            throw new FormatException("it names no host, or several");
        }

        server.Username ??= Environment.GetEnvironmentVariable("PGUSER") ?? Environment.UserName;
        server.Database ??= Environment.GetEnvironmentVariable("PGDATABASE") ?? server.Username;
        server.ApplicationName ??= "dcc";
        server.Pooling = false;
        server.Timeout = AtMost(server.Timeout, ConnectSeconds);
        server.CommandTimeout = AtMost(server.CommandTimeout, CommandSeconds);
        server.PersistSecurityInfo = false;
        server.IncludeErrorDetail = false;
    }

    // 0 would be for ever.
    private static int AtMost(int given, int most) => given == 0 ? most : Math.Min(given, most);
}
