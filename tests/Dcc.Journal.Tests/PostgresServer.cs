using System.Diagnostics;
using System.Globalization;
using Npgsql;

namespace Dcc.Journal.Tests;

/// <summary>
/// A real PostgreSQL server of the test run's own, in a temporary folder and on a Unix socket; started when the first test asks for it and ended with
/// the run. It refuses root, so as root it runs as user postgres.
/// </summary>
public sealed class PostgresServer : IAsyncDisposable
{
    private readonly Lazy<Task<string>> started;
    private int databases;

    public PostgresServer() => started = new Lazy<Task<string>>(Create);

    /// <summary>A new database, empty; skips the test, saying why, where PostgreSQL is missing. .ci/run installs it.</summary>
    internal async Task<string> NewDatabase()
    {
        Assert.SkipUnless(Programs is not null, "initdb and pg_ctl are not installed: apt-get install postgresql");
        var folder = await started.Value;
        var name = string.Create(CultureInfo.InvariantCulture, $"test{Interlocked.Increment(ref databases)}");
        await Execute(Text(folder, "postgres"), $"CREATE DATABASE {name} ENCODING 'UTF8' TEMPLATE template0");
        return Text(folder, name);
    }

    /// <summary>Runs a statement on a connection of its own.</summary>
    internal static async Task Execute(string database, string sql)
    {
        await using var connection = new NpgsqlConnection(database + ";Pooling=false");
        await connection.OpenAsync(TestContext.Current.CancellationToken);
#pragma warning disable CA2100 // Statements of the tests.
        await using var command = new NpgsqlCommand(sql, connection);
#pragma warning restore CA2100
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>Ends every other session of a database, as a restart of the server would.</summary>
    internal static Task CutConnections(string database) => Execute(
        database, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()");

    /// <summary>The folder of the socket that a database is served at.</summary>
    internal static string Folder(string database) => new NpgsqlConnectionStringBuilder(database).Host!;

    /// <summary>That socket.</summary>
    internal static string Socket(string database) => Path.Combine(Folder(database), ".s.PGSQL.5432");

    /// <summary>Stops the server at once, as kill -9 would, or starts it again.</summary>
    internal async Task Control(string action)
    {
        var folder = await started.Value;
        await Control(folder, action);
    }

    public async ValueTask DisposeAsync()
    {
        if (started.IsValueCreated)
        {
            var folder = await started.Value;
            await Control(folder, "stop");
            Directory.Delete(folder, recursive: true);
        }
    }

    // Where Debian puts them is not on the path.
    private static string? Programs => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':')
        .Concat(Directory.Exists("/usr/lib/postgresql") ? Directory.GetDirectories("/usr/lib/postgresql").Order(StringComparer.Ordinal).Select(version => version + "/bin") : [])
        .FirstOrDefault(folder => File.Exists(Path.Combine(folder, "initdb")) && File.Exists(Path.Combine(folder, "pg_ctl")));

    private static string Text(string folder, string database) => $"Host={folder};Username=postgres;Database={database}";

    private static async Task<string> Create()
    {
        var folder = Directory.CreateTempSubdirectory("dcc-pg-").FullName;
        if (Environment.UserName == "root")
        {
            await Run("chown", ["postgres", folder], asOwner: false);
        }

        await Run(Path.Combine(Programs!, "initdb"), ["-D", folder + "/data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]);
        await Control(folder, "start");
        return folder;
    }

    private static Task Control(string folder, string action) => Run(Path.Combine(Programs!, "pg_ctl"), action == "start"
        ? ["start", "-w", "-D", folder + "/data", "-l", folder + "/log", "-o", $"-c listen_addresses='' -c unix_socket_directories='{folder}'"]
        : ["stop", "-w", "-m", "immediate", "-D", folder + "/data"]);

    private static async Task Run(string program, string[] arguments, bool asOwner = true)
    {
        string[] line = asOwner && Environment.UserName == "root" ? ["runuser", "-u", "postgres", "--", program, .. arguments] : [program, .. arguments];

        // The server inherits its starter's output, and would keep a pipe open for as long as it lives: a file in its place.
        var output = Path.GetTempFileName();
        using var process = Process.Start(
            new ProcessStartInfo("sh", ["-c", "out=$1; shift; exec \"$@\" >\"$out\" 2>&1 </dev/null", "sh", output, .. line]) { WorkingDirectory = "/" })!;
        await process.WaitForExitAsync();
        var said = await File.ReadAllTextAsync(output);
        File.Delete(output);
        Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)}: {said}");
    }
}
