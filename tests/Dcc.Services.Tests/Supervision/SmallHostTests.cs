using System.Diagnostics;
using Dcc.Agent;
using Dcc.Core.Validation;
using Dcc.Protocol.V1;
using Dcc.Services.Tests.Security;
using Dcc.Services.Tests.Telemetry;
using Grpc.Net.Client;

namespace Dcc.Services.Tests.Supervision;

/// <summary>What is particular about hosts that nobody looks after.</summary>
public sealed class SmallHostTests
{
    // A host without a battery-backed clock boots in the past, where no certificate is valid yet.
    [Fact]
    public async Task Agent_WhoseClockIsNotSet_TriesAgainUntilItIs()
    {
        using var authority = new TestAuthority();
        await using var host = await CoordinatorHost.StartAs(authority.Nobody, authority.Tls);
        var clock = new SetTime();
        using var channel = GrpcChannel.ForAddress(host.Address, new GrpcChannelOptions
        {
            HttpHandler = new SocketsHttpHandler { SslOptions = authority.Nobody.Tls(clock) },
            DisposeHttpClient = true,
            InitialReconnectBackoff = TimeSpan.FromMilliseconds(20),
            MaxReconnectBackoff = TimeSpan.FromMilliseconds(50),
        });
        using var learning = new SemaphoreSlim(2);
        var log = new LogLines();
        var options = new AgentOptions { Coordinator = host.Address, Run = CoordinatorHost.Run };
        var workers = CoordinatorHost.Together([.. Enumerable.Range(0, CoordinatorHost.Devices)
            .Select(device => host.Worker(device, options, new Coordination.CoordinationClient(channel), learning, log))]);
        await Tool.Until(() => Task.FromResult(log.All.Any(line => line.Contains("the coordinator's certificate is", StringComparison.Ordinal))));
        Assert.False(workers.IsCompleted);

        clock.Now = TestAuthority.Now;
        Assert.All(await workers, code => Assert.Equal(0, code));
        Assert.Equal(CoordinatorHost.UndisturbedDigest(), (await host.Status()).Digest);
    }

    // A Secret of Kubernetes is root's and readable by the group; so looks a credential of systemd.
    [Theory]
    [InlineData("640", "0", true)]
    [InlineData("440", "0", true)]
    [InlineData("640", "65534", false)]
    [InlineData("660", "0", false)]
    [InlineData("644", "0", false)]
    public async Task Agent_SecretThatItsGroupCanRead_IsTakenFromRootOnly(string mode, string owner, bool isTaken)
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "only root can give files away");

        // Where the tests were built, another user may not be able to go.
        var folder = Directory.CreateTempSubdirectory("dcc-test-").FullName;
        await Do("cp", "-R", Path.GetDirectoryName(Tool.Service("Dcc.Agent"))!, folder);
        await Do("chmod", "-R", "a+rX", folder);
        var file = Path.Combine(folder, "token");
        await File.WriteAllTextAsync(file, new string('t', 40), TestContext.Current.CancellationToken);
        await Do("chmod", mode, file);
        await Do("chown", owner + ":65534", file);

        // What is said to be wrong is wrong with the file or, where that is taken, with the address of metrics.
        using var agent = Process.Start(new ProcessStartInfo(
            "setpriv",
            [
                "--reuid=65534", "--regid=65534", "--clear-groups", Path.Combine(folder, "Dcc.Agent", "Dcc.Agent"), "--token-file", file,
                "--coordinator", "http://127.0.0.1:1", "--metrics", "nowhere",
            ])
        { RedirectStandardError = true, RedirectStandardOutput = true, WorkingDirectory = "/" })!;
        var error = await agent.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await agent.WaitForExitAsync(TestContext.Current.CancellationToken);
        Directory.Delete(folder, recursive: true);
        Assert.Equal(2, agent.ExitCode);
        Assert.StartsWith(isTaken ? "metrics: " : "token-file: expected a file that only its owner can read (mode 600)", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("0-9", null, "0 1 2 3 4 5 6 7 8 9")]
    [InlineData("0-9", "0/1", "0 1 2 3 4 5 6 7 8 9")]
    [InlineData("0-9", "7/10", "7")]
    [InlineData("0-9", "0/4", "0 1")]
    [InlineData("0-9", "3/4", "7 8 9")]
    [InlineData("5-7", "1/2", "6 7")]
    [InlineData("3", "0/1", "3")]
    public void Agent_ShardOfDevices_IsThatPart(string devices, string? shard, string expected) =>
        Assert.Equal(expected, string.Join(' ', new AgentOptions { Devices = devices, Shard = shard }.DeviceIndices()));

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(7)]
    [InlineData(100)]
    public void Agent_ShardsTogether_AreEveryDeviceOnce(int parts) => Assert.Equal(
        Enumerable.Range(20, 100),
        Enumerable.Range(0, parts).SelectMany(part => new AgentOptions { Devices = "20-119", Shard = $"{part}/{parts}" }.DeviceIndices()));

    [Theory]
    [InlineData("4/4")]
    [InlineData("0/11")]
    [InlineData("0/0")]
    [InlineData("-1/4")]
    [InlineData("1")]
    [InlineData("1/4/4")]
    [InlineData("")]
    [InlineData("a/b")]
    public void Agent_ShardThatIsNone_IsRefused(string shard)
    {
        var refused = Assert.Throws<InvalidInputException>(() => new AgentOptions { Devices = "0-9", Shard = shard }.DeviceIndices());
        Assert.Equal("shard", Assert.Single(refused.Faults).Field);
    }

    private static async Task Do(string program, params string[] arguments)
    {
        using var process = Process.Start(program, arguments);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, process.ExitCode);
    }
}
