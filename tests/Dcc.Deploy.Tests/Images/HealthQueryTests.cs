using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Dcc.Cli.Tests;
using static Dcc.Deploy.Tests.Repository;

namespace Dcc.Deploy.Tests.Images;

/// <summary>What the images' health checks run: the programs themselves, asked by environment as a health check is.</summary>
public sealed class HealthQueryTests
{
    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("0.0.0.0")]
    [InlineData("[::]")]
    public async Task Health_OfACoordinator_IsWellUntilItIsGone(string host)
    {
        var settings = new Dictionary<string, string>
        {
            ["Coordinator__Listen"] = $"http://{host}:{FreePort()}", ["Coordinator__Security__Insecure"] = "true", ["Coordinator__Http"] = "none",
            ["Coordinator__Store"] = "memory",
        };
        using var coordinator = DccProcess.StartProgram(Service("Dcc.Coordinator"), settings);
        await Says(coordinator, "istening");
        var well = await Run(Service("Dcc.Coordinator"), settings, "--health");
        Assert.Equal((0, "", ""), (well.ExitCode, well.Output, well.Error));
        await Kill(coordinator);
        var gone = await Run(Service("Dcc.Coordinator"), settings, "--health");
        Assert.Equal(1, gone.ExitCode);
        Assert.Matches(@"^health: http://[^ ]+/grpc.health.v1.Health/Check: .+\n$", gone.Error);
    }

    [Fact]
    public async Task Health_OfACoordinatorWithMutualTls_NeedsNoCertificate()
    {
        var certificates = Directory.CreateTempSubdirectory("dcc-test-").FullName;
        try
        {
            Assert.Equal(0, (await DccProcess.Run("certs", "init", "--folder", certificates)).ExitCode);
            Assert.Equal(0, (await DccProcess.Run("certs", "server", "--folder", certificates, "--host", "localhost")).ExitCode);
            string Pem(string name) => Path.Combine(certificates, name);
            var listen = $"https://127.0.0.1:{FreePort()}";
            using var coordinator = DccProcess.StartProgram(
                Service("Dcc.Coordinator"), new Dictionary<string, string>(), "--listen", listen, "--http", "none", "--store", "memory",
                "--certificate", Pem("server.pem"), "--key", Pem("server.key"), "--client-ca", Pem("ca.pem"));
            await Says(coordinator, "istening");
            var well = await Run(Service("Dcc.Coordinator"), "--health", "--listen", listen);
            Assert.Equal((0, ""), (well.ExitCode, well.Error));
            await Kill(coordinator);
        }
        finally
        {
            Directory.Delete(certificates, recursive: true);
        }
    }

    // It has no coordinator and goes on trying, which is well too.
    [Fact]
    public async Task Health_OfAnAgent_IsThatOfItsMetrics()
    {
        var settings = new Dictionary<string, string>
        {
            ["Agent__Metrics"] = $"http://0.0.0.0:{FreePort()}", ["Agent__Coordinator"] = $"http://127.0.0.1:{FreePort()}",
        };
        using var agent = DccProcess.StartProgram(Service("Dcc.Agent"), settings);
        await Says(agent, "127.0.0.1");
        var well = await Run(Service("Dcc.Agent"), settings, "--health");
        Assert.Equal((0, "", ""), (well.ExitCode, well.Output, well.Error));
        await Kill(agent);
        Assert.Equal(1, (await Run(Service("Dcc.Agent"), settings, "--health")).ExitCode);
    }

    [Fact]
    public async Task Health_OfAnAgentWithoutMetrics_CannotBeAsked()
    {
        var refused = await Run(Service("Dcc.Agent"), "--health");
        Assert.Equal(2, refused.ExitCode);
        Assert.Matches("^metrics: expected .+, got none\n$", refused.Error);
    }

    private static async Task Kill(Process process)
    {
        process.Kill();
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
    }

    private static string FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port.ToString(CultureInfo.InvariantCulture);
    }
}
