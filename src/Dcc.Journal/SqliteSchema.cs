using Microsoft.Data.Sqlite;

namespace Dcc.Journal;

/// <summary>
/// The schema of a journal file and how an older one becomes it. The version stands in the file (user_version) beside the mark that the file is
/// ours (application_id). A file that is only read is read as it is; one that is opened to write is migrated first, in one transaction.
/// </summary>
internal static class SqliteSchema
{
    // "DCCJ": marks the file as ours in SQLite's header.
    private const int ApplicationId = 0x4443434A;

    // Step n leads from version n to n + 1. Never changed once released: a new version is a new step.
    private static readonly string[] Steps =
    [
        $"""
        CREATE TABLE record (
          run TEXT NOT NULL, sequence INTEGER NOT NULL, kind INTEGER NOT NULL, body BLOB NOT NULL, hash BLOB NOT NULL,
          UNIQUE (run, sequence)) STRICT;
        PRAGMA application_id = {ApplicationId};
        """,

        // Unix milliseconds; null in records of version 1. No part of the chain: it says when, not what.
        "ALTER TABLE record ADD COLUMN committed INTEGER",
    ];

    /// <summary>The version that this program writes.</summary>
    internal static int Version => Steps.Length;

    /// <summary>Creates the schema in an empty file, or brings an older one up to date.</summary>
    internal static void Migrate(SqliteConnection connection, string path)
    {
        // Looked at again under the lock: another process may be doing the same.
        if (!IsEmpty(connection) && Require(connection, path) == Version)
        {
            return;
        }

        connection.Execute("BEGIN IMMEDIATE");
        try
        {
            for (var version = IsEmpty(connection) ? 0 : Require(connection, path); version < Version; version++)
            {
                connection.Execute(Steps[version]);
            }

            connection.Execute($"PRAGMA user_version = {Version}");
            connection.Execute("COMMIT");
        }
        catch (Exception)
        {
            // Disposing the connection, which follows, rolls back too; a full disk may have done so already.
            if (!SqliteCalls.IsAutocommit(connection))
            {
                connection.Execute("ROLLBACK");
            }

            throw;
        }
    }

    /// <summary>Requires a journal of a version that this program can read.</summary>
    /// <returns>The version.</returns>
    /// <exception cref="InvalidDataException">The file is none, or a newer one.</exception>
    internal static int Require(SqliteConnection connection, string path)
    {
        var application = connection.Pragma("application_id");
        if (application != ApplicationId)
        {
            throw new InvalidDataException($"{path} is the file of another program (application id {application}, not {ApplicationId})");
        }

        var version = connection.Pragma("user_version");
        return version >= 1 && version <= Version
            ? (int)version
            : throw new InvalidDataException($"{path} has schema version {version}, this program knows 1 to {Version}");
    }

    /// <summary>
    /// Requires that table and index name the same records. Reading goes by the index: a record that a flipped bit hides from it would be missing
    /// in silence, and a shorter journal looks like an earlier state of the run. What records hold, their chain tells.
    /// </summary>
    /// <exception cref="InvalidDataException">They do not.</exception>
    internal static void RequireConsistent(SqliteConnection connection, string path)
    {
        using var command = connection.CreateCommand();
        command.CommandText =
            """
            SELECT run, sequence FROM record AS stored NOT INDEXED WHERE NOT EXISTS (
              SELECT 1 FROM record AS entry INDEXED BY sqlite_autoindex_record_1
              WHERE entry.run = stored.run AND entry.sequence = stored.sequence AND entry.rowid = stored.rowid)
            UNION ALL
            SELECT run, sequence FROM record AS entry INDEXED BY sqlite_autoindex_record_1 WHERE entry.run >= '' AND NOT EXISTS (
              SELECT 1 FROM record AS stored NOT INDEXED
              WHERE stored.rowid = entry.rowid AND stored.run = entry.run AND stored.sequence = entry.sequence)
            LIMIT 1
            """;
        using var reader = command.ExecuteReader();
        if (reader.Read())
        {
            throw new InvalidDataException($"{path}: journal record {reader.GetValue(1)} of run '{reader.GetValue(0)}' is damaged: table and index differ");
        }
    }

    private static bool IsEmpty(SqliteConnection connection) => connection.Pragma("application_id") == 0 && connection.Pragma("schema_version") == 0;
}
