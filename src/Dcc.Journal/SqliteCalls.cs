using System.Runtime.InteropServices;
using Microsoft.Data.Sqlite;

namespace Dcc.Journal;

/// <summary>What is asked of a SQLite connection in a line.</summary>
internal static partial class SqliteCalls
{
    private const int HasMovedOperation = 20; // SQLITE_FCNTL_HAS_MOVED

    internal static void Execute(this SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
#pragma warning disable CA2100 // Statements of this project, no input.
        command.CommandText = sql;
#pragma warning restore CA2100
        command.ExecuteNonQuery();
    }

    internal static long Pragma(this SqliteConnection connection, string name)
    {
        using var command = connection.CreateCommand();
        command.CommandText = $"PRAGMA {name}";
        return (long)(command.ExecuteScalar() ?? 0L);
    }

    internal static bool IsAutocommit(SqliteConnection connection) => SQLitePCL.raw.sqlite3_get_autocommit(connection.Handle) != 0;

    /// <summary>
    /// Whether the file that the connection has open no longer has its name: it was deleted or replaced. Writes would go on into a file that nobody
    /// finds again, without an error.
    /// </summary>
    internal static bool HasMoved(this SqliteConnection connection)
    {
        var moved = 0;
        return Control(connection.Handle!.DangerousGetHandle(), "main", HasMovedOperation, ref moved) == 0 && moved != 0;
    }

    [LibraryImport("e_sqlite3", EntryPoint = "sqlite3_file_control", StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.AssemblyDirectory | DllImportSearchPath.SafeDirectories)]
    private static partial int Control(IntPtr connection, string database, int operation, ref int argument);
}
