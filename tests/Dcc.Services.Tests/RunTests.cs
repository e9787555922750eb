using Dcc.Agent;
using Dcc.Agent.Telemetry;
using Dcc.Protocol;
using Dcc.Protocol.V1;
using Grpc.Core;
using Grpc.Health.V1;
using Grpc.Net.Client;
using Grpc.Reflection.V1Alpha;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Dcc.Services.Tests;

public class RunTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Run_OfRealWorkers_EndsWithTheUndisturbedDigest()
    {
        await using var host = await CoordinatorHost.Start();
        Assert.All(await host.RunDevices(), code => Assert.Equal(0, code));
        var status = await host.Status();
        Assert.Equal(("finished", CoordinatorHost.UndisturbedDigest()), (status.State, status.Digest));
        Assert.Equal((ulong)(CoordinatorHost.Devices * (CoordinatorHost.Rounds + 1)), status.ReportsAccepted);
        Assert.Empty(status.Refused);

        // Whoever comes late is brought up to date and told the end.
        Assert.All(await host.RunDevices(), code => Assert.Equal(0, code));
    }

    [Fact]
    public async Task Coordinator_StoppedInTheMiddle_EndsStreamsAsUnavailableAndResumes()
    {
        var file = Path.Combine(Directory.CreateTempSubdirectory("dcc-test-").FullName, "store.db");
        await using (var host = await CoordinatorHost.Start(("Coordinator:Store", file)))
        {
            var devices = await Talker.JoinAll(host);
            for (var round = 0; round < 2; round++)
            {
                foreach (var device in devices)
                {
                    await device.Answer();
                }
            }

            await Task.WhenAll(devices.Select(device => device.Next()));
            var listening = devices.Select(device => device.Next()).ToList();
            await host.Stop();
            var ends = await Task.WhenAll(listening.Select(next => Assert.ThrowsAsync<RpcException>(() => next)));

            // The client library reports Internal where the connection closed before it had read the status; hardly ever for all.
            Assert.All(ends, end => Assert.Contains(end.StatusCode, new[] { StatusCode.Unavailable, StatusCode.Internal }));
            Assert.Contains(ends, end => end is { StatusCode: StatusCode.Unavailable, Status.Detail: "coordinator: stopping" });
        }

        await using (var host = await CoordinatorHost.Start(("Coordinator:Store", file)))
        {
            Assert.Equal(2u, (await host.Status()).Round);
            var devices = await Talker.JoinAll(host, roundsHeld: 0);
            var replay = (await devices[1].Next()).Replay;
            Assert.Equal((0u, 8), (replay.FirstRound, replay.Scalars.Count));
            Assert.Equal(2u, (await devices[1].Next()).Push.Round);
        }
    }

    [Fact]
    public async Task Run_CoordinatorReplacedUnderRealWorkers_EndsWithTheUndisturbedDigest()
    {
        var file = Path.Combine(Directory.CreateTempSubdirectory("dcc-test-").FullName, "store.db");
        var first = await CoordinatorHost.Start(("Coordinator:Store", file), ("Run:Rounds", "40"));
        var address = first.Address;
        using var channel = GrpcChannel.ForAddress(address, new GrpcChannelOptions
        {
            InitialReconnectBackoff = TimeSpan.FromMilliseconds(20), MaxReconnectBackoff = TimeSpan.FromMilliseconds(50),
        });
        using var instruments = new AgentInstruments();
        using var learning = new SemaphoreSlim(2);
        var workers = CoordinatorHost.Together(Enumerable.Range(0, CoordinatorHost.Devices).Select(device => new DeviceWorker(
            device, new AgentOptions { Coordinator = address, Run = CoordinatorHost.Run }, null, new Coordination.CoordinationClient(channel), learning,
            instruments, TimeProvider.System, NullLogger.Instance)));
        using (var watch = first.Operation.WatchRun(new RunRequest { Run = CoordinatorHost.Run }, cancellationToken: Cancellation))
        {
            await foreach (var update in watch.ResponseStream.ReadAllAsync(Cancellation))
            {
                if (update.Round is { Round: >= 3 })
                {
                    break;
                }
            }
        }

        await first.Stop();
        await first.DisposeAsync();
        await using var second = await CoordinatorHost.Start(("Coordinator:Store", file), ("Run:Rounds", "40"), ("Coordinator:Listen", address));
        Assert.All(await workers, code => Assert.Equal(0, code));
        var status = await second.Status();
        Assert.Equal(CoordinatorHost.UndisturbedDigest(rounds: 40), status.Digest);
        Assert.True(status.ReportsAccepted > 0, "the run was over before its coordinator was replaced");
    }

    [Fact]
    public async Task SilentDevice_AfterThreeHeartbeats_IsDisconnectedAndMayReturn()
    {
        await using var host = await CoordinatorHost.Start(("Coordinator:HeartbeatSeconds", "0.1"));
        var silent = await Talker.Join(host, 0);
        var exception = await Assert.ThrowsAsync<RpcException>(async () =>
        {
            while (true)
            {
                await silent.Next();
            }
        });
        Assert.Equal(StatusCode.Unavailable, exception.StatusCode);
        Assert.Contains("silence", exception.Status.Detail, StringComparison.Ordinal);
        Assert.All(await host.RunDevices(), code => Assert.Equal(0, code));
        Assert.Equal(CoordinatorHost.UndisturbedDigest(), (await host.Status()).Digest);
    }

    [Fact]
    public async Task SilentCoordinator_IsLeftAndAskedAgain()
    {
        // Welcomes every device, then says nothing more: the host behind it has vanished.
        var builder = WebApplication.CreateSlimBuilder();
        var silent = new SilentCoordinator();
        builder.Services.AddSingleton(silent);
        builder.Services.AddGrpc();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ConfigureEndpointDefaults(endpoint => endpoint.Protocols = HttpProtocols.Http2));
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        await using var app = builder.Build();
        app.MapGrpcService<SilentCoordinator>();
        await app.StartAsync(Cancellation);
        using var channel = GrpcChannel.ForAddress(app.Urls.Single());
        using var instruments = new AgentInstruments();
        using var learning = new SemaphoreSlim(1);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var worker = new DeviceWorker(
            0, new AgentOptions(), null, new Coordination.CoordinationClient(channel), learning, instruments, TimeProvider.System, NullLogger.Instance).Run(stop.Token);
        await silent.SecondHello.Task.WaitAsync(Cancellation);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => worker);
    }

    [Fact]
    public async Task UnreachableCoordinator_IsTriedAgainAndSaidSoEachTime()
    {
        using var channel = GrpcChannel.ForAddress("http://127.0.0.1:1");
        using var instruments = new AgentInstruments();
        using var learning = new SemaphoreSlim(1);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var log = new CollectingLogger(stopAfter: 3, stop);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => new DeviceWorker(
            0, new AgentOptions { Coordinator = "http://127.0.0.1:1" }, null, new Coordination.CoordinationClient(channel), learning, instruments, TimeProvider.System, log)
            .Run(stop.Token));
        Assert.All(log.Lines, line => Assert.Contains("http://127.0.0.1:1 cannot be reached", line, StringComparison.Ordinal));
        Assert.Equal([2, 3, 4], log.Lines.Take(3).Select(line => int.Parse(
            line.Split("attempt ")[1].Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture)));
    }

    [Fact]
    public async Task Operator_CreatesListsWatchesAndCancels()
    {
        var file = Path.Combine(Directory.CreateTempSubdirectory("dcc-test-").FullName, "store.db");
        await using (var host = await CoordinatorHost.Start(("Coordinator:Store", file)))
        {
            var request = new CreateRunRequest
            {
                Run = "second", Parameters = new RunParameters { Devices = 2, Rounds = 3, Solver = "exact", InitialTheta = { 0.25 } },
            };
            Assert.Equal("running", (await host.Operation.CreateRunAsync(request, cancellationToken: Cancellation)).State);
            Assert.Equal(0.25, (await host.Operation.CreateRunAsync(request, cancellationToken: Cancellation)).MeanTheta);
            request.Parameters.Rounds = 9;
            await Refused(StatusCode.AlreadyExists, "run", () => host.Operation.CreateRunAsync(request, cancellationToken: Cancellation));
            request.Run = "third";
            request.Parameters.Rounds = 0;
            await Refused(StatusCode.InvalidArgument, "rounds", () => host.Operation.CreateRunAsync(request, cancellationToken: Cancellation));
            request.Parameters.Rounds = 1;
            request.Parameters.Solver = "magic";
            await Refused(StatusCode.InvalidArgument, "solver", () => host.Operation.CreateRunAsync(request, cancellationToken: Cancellation));
            await Refused(
                StatusCode.NotFound, "run", () => host.Operation.GetRunAsync(new RunRequest { Run = "third" }, cancellationToken: Cancellation));
            var runs = (await host.Operation.ListRunsAsync(new ListRunsRequest(), cancellationToken: Cancellation)).Runs;
            Assert.Equal(["second", "test"], runs.Select(run => run.Run));

            var device = await Talker.Join(host, 0);
            using var watch = host.Operation.WatchRun(new RunRequest { Run = CoordinatorHost.Run }, cancellationToken: Cancellation);
            Assert.True(await watch.ResponseStream.MoveNext(Cancellation));
            Assert.Equal(1u, watch.ResponseStream.Current.Status.Connected);
            Assert.Equal(
                "cancelled", (await host.Operation.CancelRunAsync(new RunRequest { Run = CoordinatorHost.Run }, cancellationToken: Cancellation)).State);
            await Refused(StatusCode.Aborted, "run", async () => { await device.Next(); await device.Next(); });
            var states = await watch.ResponseStream.ReadAllAsync(Cancellation).Select(update => update.Status?.State).Where(state => state is not null)
                .ToListAsync(Cancellation);
            Assert.Equal("cancelled", states[^1]);
        }

        await using (var host = await CoordinatorHost.Start(("Coordinator:Store", file)))
        {
            Assert.Equal("cancelled", (await host.Status()).State);
            await Refused(StatusCode.Aborted, "run", async () => await Talker.Join(host, 1));
        }
    }

    [Fact]
    public async Task HealthAndReflection_Answer()
    {
        await using var host = await CoordinatorHost.Start();
        using var health = new Health.HealthClient(host.Channel).Watch(new HealthCheckRequest(), cancellationToken: Cancellation);
        do
        {
            Assert.True(await health.ResponseStream.MoveNext(Cancellation));
        }
        while (health.ResponseStream.Current.Status != HealthCheckResponse.Types.ServingStatus.Serving);

        using var call = new ServerReflection.ServerReflectionClient(host.Channel).ServerReflectionInfo(cancellationToken: Cancellation);
        await call.RequestStream.WriteAsync(new ServerReflectionRequest { ListServices = "" }, Cancellation);
        Assert.True(await call.ResponseStream.MoveNext(Cancellation));
        var services = call.ResponseStream.Current.ListServicesResponse.Service.Select(service => service.Name).ToList();
        Assert.Contains("dcc.v1.Coordination", services);
        Assert.Contains("dcc.v1.Operation", services);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(9_999)]
    [InlineData(Core.Engine.RunParameters.MaxRounds)]
    public void PushAndReport_AtAnyRound_TakeAtMost76Bytes(int round)
    {
        // Nothing in them depends on the number of devices.
        var push = new Push();
        Wire.Fill(push, round, new Core.Learning.Push(0.1, 0.2, 1e5, 1e5 + 0.1));
        var report = Wire.ReportBytes(round, new Core.Learning.Report(1.1, 2.2, 3.3));
        Assert.InRange(new CoordinatorMessage { Push = push }.CalculateSize() + report, 60, 76);
    }

    private static async Task Refused<T>(StatusCode code, string field, Func<AsyncUnaryCall<T>> call)
    {
        using var made = call();
        await Refused(code, field, async () => { await made; });
    }

    internal static async Task Refused(StatusCode code, string field, Func<Task> call)
    {
        var exception = await Assert.ThrowsAsync<RpcException>(call);
        Assert.Equal(code, exception.StatusCode);
        Assert.StartsWith(field, exception.Status.Detail, StringComparison.Ordinal);
    }

    private sealed class SilentCoordinator : Coordination.CoordinationBase
    {
        private int hellos;

        internal TaskCompletionSource SecondHello { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public override async Task Participate(
            IAsyncStreamReader<DeviceMessage> requestStream, IServerStreamWriter<CoordinatorMessage> responseStream, ServerCallContext context)
        {
            await requestStream.MoveNext(context.CancellationToken);
            if (Interlocked.Increment(ref hellos) == 2)
            {
                SecondHello.SetResult();
            }

            await responseStream.WriteAsync(
                new CoordinatorMessage
                {
                    Welcome = new Welcome
                    {
                        Solver = "exact", Steps = 1, Criterion = "discounted", Gradient = "finite-difference", Rounds = 1, HeartbeatMilliseconds = 50,
                    },
                },
                context.CancellationToken);
            while (await requestStream.MoveNext(context.CancellationToken))
            {
            }
        }
    }

    private sealed class CollectingLogger(int stopAfter, CancellationTokenSource stop) : ILogger
    {
        internal List<string> Lines { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            Lines.Add(formatter(state, exception));
            if (Lines.Count == stopAfter)
            {
                stop.Cancel();
            }
        }
    }
}
