using Dcc.Coordinator.Runs;
using Dcc.Coordinator.Security;
using Dcc.Hosting.Security;
using Dcc.Journal.Tests;
using Dcc.Protocol.V1;
using Grpc.Core;
using Grpc.Health.V1;
using Microsoft.Extensions.DependencyInjection;

namespace Dcc.Services.Tests.Durability;

/// <summary>A coordinator that does not lead yet, on real Kestrel and a real PostgreSQL server.</summary>
public sealed class StandbyTests(PostgresServer server)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Standby_IsAlive_ReadyOnceItsDatabaseAnswers_AndRefusesForNow()
    {
        var database = await server.NewDatabase();
        await using var app = Dcc.Coordinator.Program.Build(new Dictionary<string, string?>
        {
            ["Coordinator:Listen"] = "http://127.0.0.1:0", ["Coordinator:Http"] = "none", ["Coordinator:Store"] = database,
            ["Coordinator:HighAvailability"] = "true", ["Coordinator:LeaseSeconds"] = "300",
        });
        app.Services.GetRequiredService<SecurityFiles>().Read();
        await app.StartAsync(Cancellation);
        using var channel = CoordinatorHost.Open(app.Urls.First(), new ClientSecurity());
        Assert.Equal(HealthCheckResponse.Types.ServingStatus.Serving, await Health(""));
        Assert.Equal(HealthCheckResponse.Types.ServingStatus.NotServing, await Health("ready"));
        await Refused(() => new Operation.OperationClient(channel).ListRunsAsync(new ListRunsRequest(), cancellationToken: Cancellation).ResponseAsync);
        await Refused(async () =>
        {
            using var stream = new Coordination.CoordinationClient(channel).Participate(cancellationToken: Cancellation);
            await stream.ResponseStream.MoveNext(Cancellation);
        });

        Assert.True(await app.Services.GetRequiredService<Leadership>().Acquire());
        Assert.Equal(HealthCheckResponse.Types.ServingStatus.Serving, await Health("ready"));

        // It leads, and has not recovered its runs: nobody may be told that there is no such run.
        await Refused(() => new Operation.OperationClient(channel).ListRunsAsync(new ListRunsRequest(), cancellationToken: Cancellation).ResponseAsync);

        async Task<HealthCheckResponse.Types.ServingStatus> Health(string service) => (await new Grpc.Health.V1.Health.HealthClient(channel).CheckAsync(
            new HealthCheckRequest { Service = service }, cancellationToken: Cancellation)).Status;
    }

    private static async Task Refused(Func<Task> call)
    {
        var refused = await Assert.ThrowsAsync<RpcException>(call);
        Assert.Equal((StatusCode.Unavailable, "coordinator: stands by; another one leads"), (refused.StatusCode, refused.Status.Detail));
    }
}
