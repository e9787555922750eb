using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Dcc.Journal.Tests;
using Npgsql;

namespace Dcc.Cli.Tests;

/// <summary>Two coordinators on one real PostgreSQL database, one leading; each reaches it through a proxy of its own.</summary>
public sealed class FailoverTests(PostgresServer server) : IDisposable
{
    // A round takes longer than its commit, so that no machine is over a term's rounds before the next fault.
    private const int RoundsPerTerm = 60;
    private static readonly TimeSpan CommitLatency = TimeSpan.FromMilliseconds(50);
    private const string Lease = "2";

    // So many fail-overs of each kind; .ci/full asks for twenty.
    private static readonly int Times = int.Parse(Environment.GetEnvironmentVariable("DCC_FAILOVERS") ?? "1", CultureInfo.InvariantCulture);

    private static readonly int Rounds = RoundsPerTerm * (Times + 1);

    private readonly TemporaryFolder folder = new();
    private readonly List<LoggedService> services = [];
    private readonly List<DatabaseProxy> proxies = [];

    public static TheoryData<string> Faults => ["kill", "pause", "partition", "stop"];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task Leader_IsLost_TheStandbyGoesOnAndTheDigestIsTheSame(string fault)
    {
        string[] run = ["--devices", "3", "--rounds", Text(Rounds), "--steps", "20000", "--seed", "11"];
        Assert.Equal(0, (await DccProcess.Run(["simulate", .. run, "--no-report", "--output", folder["calm"]])).ExitCode);
        var database = await server.NewDatabase();
        var sides = new[] { Side(database), Side(database) };
        var leader = Coordinator(sides[0], run);
        await leader.Says("Leading, in term 1");
        var standby = Coordinator(sides[1], run);
        var agent = Start("Dcc.Agent", "--coordinator", $"{sides[0].Address}|{sides[1].Address}", "--longest-retry", "0.5", "--run", "ha", "--devices", "0-2");
        for (var term = 1; term <= Times; term++)
        {
            await standby.Says("Standing by");
            await leader.Says("committed");
            var clock = Stopwatch.StartNew();
            Strike(fault, leader);
            await standby.Says(string.Create(CultureInfo.InvariantCulture, $"Leading, in term {term + 1}"));
            var led = clock.Elapsed;
            await standby.Says("committed");
            TestContext.Current.TestOutputHelper!.WriteLine(
                string.Create(CultureInfo.InvariantCulture, $"{fault} {term}: led after {led.TotalSeconds:F2} s, committed after {clock.Elapsed.TotalSeconds:F2} s"));
            await Restore(fault, leader);
            Assert.Equal(fault switch { "stop" => 0, "kill" => 137, _ => 1 }, await leader.End());
            (leader, standby) = (standby, Coordinator(leader.Side!, run));
        }

        var digest = DccProcess.Summary(folder["calm"]).GetProperty("digest").GetString();
        await leader.Says($"finished with digest {digest}");
        Assert.Equal(0, await agent.End());
        var terms = await Terms(database);
        Assert.Equal(Rounds + 2, terms.Count);
        Assert.Equal(terms.Order(), terms);
        Assert.Equal(Enumerable.Range(1, Times + 1).Select(term => (long)term), terms.Distinct());
    }

    [Fact]
    public async Task Standby_WithoutItsDatabase_WaitsAndThenLeads()
    {
        var side = Side(await server.NewDatabase());
        side.Proxy.Partition();
        var coordinator = Coordinator(side, ["--devices", "1"]);
        await coordinator.Says("Cannot ask for the lease, trying on");
        side.Proxy.Heal();
        await coordinator.Says("Leading, in term 1");
        await coordinator.Says("created");
    }

    [Fact]
    public async Task Standby_DatabaseOfANewerVersion_IsRefusedByName()
    {
        var database = await server.NewDatabase();
        await PostgresServer.Execute(database, "CREATE TABLE dcc_schema_version (version integer NOT NULL); INSERT INTO dcc_schema_version VALUES (9)");
        var coordinator = Coordinator(Side(database), ["--devices", "1"]);
        Assert.Equal(2, await coordinator.End());
        Assert.Contains("has schema version 9, this program knows 2", coordinator.Errors, StringComparison.Ordinal);
        Assert.Equal(1, coordinator.Errors.Count(character => character == '\n'));
    }

    [Theory]
    [InlineData("high-availability: expected a PostgreSQL store, got memory", "--store", "memory", "--high-availability")]
    [InlineData("lease: expected 1 to 3600 seconds, with high-availability, got 5", "--store", "memory", "--lease", "5")]
    [InlineData("lease: expected 1 to 3600 seconds, with high-availability, got 0.5", "--store", "postgres://u@h/d", "--high-availability", "--lease", "0.5")]
    public async Task Coordinator_BadInput_NamesTheField(string expected, params string[] arguments)
    {
        var coordinator = Start("Dcc.Coordinator", arguments);
        Assert.Equal(2, await coordinator.End());
        Assert.Contains(expected, coordinator.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Leader_WithOtherParametersThanTheRunHas_EndsWithExitCode2AndGivesTheLeaseBack()
    {
        var database = await server.NewDatabase();
        var first = Coordinator(Side(database), ["--devices", "1"]);
        await first.Says("created");
        DccProcess.Signal(first.Process.Id, "TERM");
        Assert.Equal(0, await first.End());
        var second = Coordinator(Side(database), ["--devices", "2"]);
        Assert.Equal(2, await second.End());
        Assert.Contains("run: expected a new name", second.Errors, StringComparison.Ordinal);
        await Coordinator(Side(database), ["--devices", "1"]).Says("Leading, in term 3");
    }

    public void Dispose()
    {
        services.ForEach(service => service.Dispose());
        proxies.ForEach(proxy => proxy.Dispose());
        folder.Dispose();
    }

    private static void Strike(string fault, LoggedService leader)
    {
        switch (fault)
        {
            case "kill":
                DccProcess.Signal(leader.Process.Id, "KILL");
                break;
            case "pause":
                DccProcess.Signal(leader.Process.Id, "STOP");
                break;
            case "stop":
                DccProcess.Signal(leader.Process.Id, "TERM");
                break;
            default:
                leader.Side!.Proxy.Partition();
                break;
        }
    }

    private static async Task Restore(string fault, LoggedService leader)
    {
        switch (fault)
        {
            case "pause":
                DccProcess.Signal(leader.Process.Id, "CONT");
                break;
            case "partition":
                await leader.Says("The lease of term");
                leader.Side!.Proxy.Heal();
                break;
        }
    }

    private static async Task<List<long>> Terms(string database)
    {
        await using var connection = new NpgsqlConnection(database + ";Pooling=false");
        await connection.OpenAsync(Cancellation);
        await using var command = new NpgsqlCommand("SELECT term FROM dcc_record WHERE run = 'ha' ORDER BY sequence", connection);
        await using var reader = await command.ExecuteReaderAsync(Cancellation);
        var terms = new List<long>();
        while (await reader.ReadAsync(Cancellation))
        {
            terms.Add(reader.GetInt64(0));
        }

        return terms;
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private CoordinatorSide Side(string database)
    {
        proxies.Add(new DatabaseProxy(PostgresServer.Socket(database)) { Latency = CommitLatency });
        return new CoordinatorSide($"http://127.0.0.1:{FreePort()}", $"{database};Host=127.0.0.1;Port={proxies[^1].Port}", proxies[^1]);
    }

    private LoggedService Coordinator(CoordinatorSide side, string[] run)
    {
        var started = Start(
            "Dcc.Coordinator",
            ["--listen", side.Address, "--http", "none", "--store", side.Store, "--high-availability", "--lease", Lease, "--run", "ha", .. run]);
        started.Side = side;
        return started;
    }

    private LoggedService Start(string service, params string[] arguments)
    {
        services.Add(new LoggedService(DccProcess.StartService(service, arguments)));
        return services[^1];
    }

    private sealed record CoordinatorSide(string Address, string Store, DatabaseProxy Proxy);

    // A process whose lines are kept, and asked for in order.
    private sealed class LoggedService : IDisposable
    {
        private readonly List<string> lines = [];
        private readonly SemaphoreSlim arrived = new(0);
        private readonly Task<string> errors;
        private readonly Task reading;
        private int read;
        private volatile bool ended;

        internal LoggedService(Process process)
        {
            Process = process;
            errors = process.StandardError.ReadToEndAsync(CancellationToken.None);
            reading = Read();
        }

        internal Process Process { get; }

        internal CoordinatorSide? Side { get; set; }

        internal string Errors => errors.Result;

        // Of the lines not yet asked for.
        internal async Task Says(string text)
        {
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
            patience.CancelAfter(TimeSpan.FromMinutes(2));
            while (true)
            {
                lock (lines)
                {
                    for (; read < lines.Count; read++)
                    {
                        if (lines[read].Contains(text, StringComparison.Ordinal))
                        {
                            return;
                        }
                    }

                    Assert.False(ended, $"ended without '{text}':\n{string.Join('\n', lines)}");
                }

                try
                {
                    await arrived.WaitAsync(patience.Token);
                }
                catch (OperationCanceledException)
                {
                    Assert.Fail($"'{text}' did not come:\n{string.Join('\n', lines)}");
                }
            }
        }

        internal async Task<int> End()
        {
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
            patience.CancelAfter(TimeSpan.FromMinutes(2));
            await Process.WaitForExitAsync(patience.Token);
            await errors;
            return Process.ExitCode;
        }

        public void Dispose()
        {
            if (!Process.HasExited)
            {
                Process.Kill();
            }

            Process.WaitForExit();
            reading.Wait(CancellationToken.None);
            Process.Dispose();
            arrived.Dispose();
        }

        private async Task Read()
        {
            while (await Process.StandardOutput.ReadLineAsync(CancellationToken.None) is { } line)
            {
                lock (lines)
                {
                    lines.Add(line);
                }

                arrived.Release();
            }

            ended = true;
            arrived.Release();
        }
    }
}
