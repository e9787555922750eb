using Dcc.Journal.Tests;
using Dcc.Services.Tests.Telemetry;
using Grpc.Core;

[assembly: AssemblyFixture(typeof(PostgresServer))]

namespace Dcc.Services.Tests.Durability;

/// <summary>Coordinators whose store is a real PostgreSQL server.</summary>
public sealed class PostgresStoreTests(PostgresServer server)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Run_ServerKilledAndStartedAgain_StallsAndEndsWithTheUndisturbedDigest()
    {
        var database = await server.NewDatabase();
        await using var host = await Start(database);
        await server.Control("stop");
        var devices = host.RunDevices();
        var status = await StalledRunTests.UntilStalled(host);
        Assert.Equal(("stalled", 0u), (status.State, status.Round));
        await server.Control("start");
        Assert.All(await devices, code => Assert.Equal(0, code));
        Assert.Equal(("finished", CoordinatorHost.UndisturbedDigest()), ((await host.Status()).State, (await host.Status()).Digest));
    }

    [Fact]
    public async Task Run_CoordinatorReplaced_ResumesFromTheDatabase()
    {
        var database = await server.NewDatabase();
        await using (var first = await Start(database))
        {
            Assert.All(await first.RunDevices(), code => Assert.Equal(0, code));
        }

        await using var second = await Start(database);
        Assert.Equal(("finished", CoordinatorHost.UndisturbedDigest()), ((await second.Status()).State, (await second.Status()).Digest));
    }

    [Fact]
    public async Task TwoCoordinators_ThatWriteOneRun_TheSecondToCommitStopsAndNamesTheOther()
    {
        var database = await server.NewDatabase();
        await using var first = await Start(database);
        await using var second = await Start(database);
        var log = second.Log();
        var devices = await Talker.JoinAll(second);
        await Task.WhenAll(devices.Select(device => device.Next()));
        Assert.All(await first.RunDevices(), code => Assert.Equal(0, code));
        foreach (var device in devices)
        {
            await device.Say(Talker.Report(0));
        }

        await Assert.ThrowsAsync<RpcException>(() => devices[0].Next());
        Assert.True(second.Registry.Failed);
        Assert.False(first.Registry.Failed);
        Assert.Contains(log.All, line => line.Contains("another coordinator writes this run: record 1", StringComparison.Ordinal));
        Assert.Equal(("finished", CoordinatorHost.UndisturbedDigest()), ((await first.Status()).State, (await first.Status()).Digest));
    }

    [Theory]
    [InlineData(1, "postgres://bob:s3cret@127.0.0.1:1/runs", "postgresql://bob@127.0.0.1:1/runs: ")]
    [InlineData(2, "postgres://bob:s3cret@127.0.0.1:s3cret/runs", "store: expected FILE, memory, postgres://")]
    [InlineData(2, "Host=127.0.0.1;Passwort=s3cret", "store: expected FILE, memory, postgres://")]
    public async Task Coordinator_ServerThatIsNotThereOrMalformed_IsOneLineWithoutThePassword(int code, string store, string said)
    {
        using var process = Tool.StartService("Dcc.Coordinator", new Dictionary<string, string> { ["Coordinator__Store"] = store });
        var (output, error) = (process.StandardOutput.ReadToEndAsync(Cancellation), process.StandardError.ReadToEndAsync(Cancellation));
        await process.WaitForExitAsync(Cancellation);
        Assert.Equal(code, process.ExitCode);
        Assert.StartsWith(said, await error, StringComparison.Ordinal);
        Assert.Equal(1, (await error).Count(character => character == '\n'));
        Assert.DoesNotContain("s3cret", await output + await error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Coordinator_PasswordOnTheCommandLine_IsRefused()
    {
        using var process = Tool.StartService("Dcc.Coordinator", new Dictionary<string, string>(), "--store", "postgres://bob:s3cret@127.0.0.1/runs");
        var error = process.StandardError.ReadToEndAsync(Cancellation);
        await process.WaitForExitAsync(Cancellation);
        Assert.Equal(2, process.ExitCode);
        Assert.Contains("no password on the command line", await error, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", await error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Coordinator_PasswordFromTheEnvironment_ConnectsAndLogsNoneOfIt()
    {
        var database = await server.NewDatabase();
        var name = database.Split('=')[^1];
        await PostgresServer.Execute(database, $"CREATE ROLE {name} LOGIN PASSWORD 's3cret'; GRANT ALL ON SCHEMA public TO {name}");
        using var process = Tool.StartService(
            "Dcc.Coordinator",
            new Dictionary<string, string> { ["Coordinator__Store"] = $"postgres://{name}:s3cret@/{name}?host={PostgresServer.Folder(database)}" },
            "--listen", "http://127.0.0.1:0", "--http", "none", "--run", "secret", "--devices", "2");
        var line = await Tool.Says(process, "Listening on");
        Assert.EndsWith($"store postgresql://{name}@{PostgresServer.Folder(database)}:5432/{name}", line, StringComparison.Ordinal);
        var (code, output) = await Tool.Stop(process);
        Assert.Equal(0, code);
        Assert.DoesNotContain("s3cret", line + output, StringComparison.Ordinal);
    }

    private static Task<CoordinatorHost> Start(string database) => CoordinatorHost.Start(("Coordinator:Store", database));
}
