using Npgsql;

namespace Dcc.Journal;

/// <summary>The tables of a journal in PostgreSQL, in the first schema of the search path, and how older ones become today's.</summary>
internal static class PostgresSchema
{
    /// <summary>
    /// Advisory lock of everything that is ours in a database, "DCCJ". A coordinator holds it shared for as long as it is connected; whoever deletes
    /// takes it alone, and whoever migrates takes its neighbour.
    /// </summary>
    internal const long LockKey = 0x4443434A;

    private const long MigrationKey = LockKey + 1;

    // Step n leads from version n to n + 1. Never changed once released: a new version is a new step. Bodies are mostly doubles: not worth compressing.
    private static readonly string[] Steps =
    [
        """
        CREATE TABLE dcc_record (
          run text COLLATE "C" NOT NULL, sequence bigint NOT NULL, kind integer NOT NULL, body bytea NOT NULL, hash bytea NOT NULL,
          committed timestamptz NOT NULL DEFAULT now(),
          PRIMARY KEY (run, sequence));
        ALTER TABLE dcc_record ALTER COLUMN body SET STORAGE EXTERNAL;
        """,

        // One row for all coordinators that share the database with one leader. Each record says in whose term it was written; 0 is without a lease.
        """
        CREATE TABLE dcc_lease (single boolean PRIMARY KEY CHECK (single), term bigint NOT NULL, holder text NOT NULL, expires timestamptz NOT NULL);
        INSERT INTO dcc_lease VALUES (true, 0, '', '-infinity');
        ALTER TABLE dcc_record ADD COLUMN term bigint NOT NULL DEFAULT 0;
        """,
    ];

    private static int Version => Steps.Length;

    /// <summary>Creates the tables where there are none, or brings older ones up to date, in one transaction.</summary>
    internal static void Migrate(NpgsqlConnection connection, string store)
    {
        if (Stored(connection) is not { } stored || stored < Version)
        {
            using var transaction = connection.BeginTransaction();
            connection.Ask<object>($"SELECT pg_advisory_xact_lock({MigrationKey})");
            connection.Execute("CREATE TABLE IF NOT EXISTS dcc_schema_version (version integer NOT NULL)");
            for (var version = Stored(connection) ?? 0; version < Version; version++)
            {
                connection.Execute(Steps[version]);
            }

            connection.Execute($"DELETE FROM dcc_schema_version; INSERT INTO dcc_schema_version VALUES ({Version})");
            transaction.Commit();
        }

        Require(connection, store);
    }

    /// <summary>Requires tables of the version that this program knows.</summary>
    /// <exception cref="InvalidDataException">There are none, or others.</exception>
    internal static void Require(NpgsqlConnection connection, string store)
    {
        if (connection.Ask<string>("SHOW server_encoding") is not "UTF8" and var encoding)
        {
            throw new InvalidDataException($"{store} has encoding {encoding}, a journal needs UTF8");
        }

        var version = Stored(connection);
        if (version != Version)
        {
            throw new InvalidDataException(version is null
                ? $"{store} holds no journal"
                : $"{store} has schema version {version}, this program knows {Version}");
        }
    }

    // Null where nothing of ours is there.
    private static int? Stored(NpgsqlConnection connection) =>
        connection.Ask<object>("SELECT to_regclass('dcc_schema_version')::text") is string
            ? connection.Ask<int?>("SELECT max(version) FROM dcc_schema_version")
            : null;
}
