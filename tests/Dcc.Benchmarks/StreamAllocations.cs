using System.Diagnostics;
using System.Globalization;
using Dcc.Coordinator.Runs;
using Dcc.Protocol.V1;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Dcc.Benchmarks;

/// <summary>
/// Bytes that a server allocates per device and round with N devices in lockstep over loopback: a bare bidirectional gRPC stream with the same
/// messages and a barrier per round, and the coordinator with its store in memory. Each server is a process of its own, so clients do not count.
/// </summary>
internal static class StreamAllocations
{
    internal const string Argument = "allocations";
    private const string BareServer = "bare";
    private const string CoordinatorServer = "coordinator";
    private const int WarmUpRounds = 200;
    private const int Rounds = 2_000;

    internal static async Task Print(int devices)
    {
        var bare = await Measure(BareServer, devices);
        var coordinator = await Measure(CoordinatorServer, devices);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"N = {devices}, bytes allocated per device and round: bare stream {bare:F0}, coordinator {coordinator:F0}, difference {coordinator - bare:F0}"));
    }

    /// <summary>Serves in a process of its own: says where, then at every line how many bytes it has allocated, until there is no more line.</summary>
    internal static async Task Serve(string server, int devices)
    {
        await using var app = server == BareServer ? StartBare(devices) : await StartCoordinator(devices);
        await app.StartAsync();
        Console.WriteLine(app.Urls.Single());
        while (Console.ReadLine() is not null)
        {
            Console.WriteLine(GC.GetTotalAllocatedBytes(precise: true));
        }
    }

    private static async Task<double> Measure(string server, int devices)
    {
        using var process = Process.Start(new ProcessStartInfo(
            Environment.ProcessPath!, [Argument, server, $"{devices}"])
        {
            RedirectStandardInput = true, RedirectStandardOutput = true,
        })!;
        using var channel = GrpcChannel.ForAddress((await process.StandardOutput.ReadLineAsync())!);
        var client = new Coordination.CoordinationClient(channel);
        var calls = Enumerable.Range(0, devices).Select(_ => client.Participate()).ToArray();
        for (var device = 0; device < devices; device++)
        {
            await calls[device].RequestStream.WriteAsync(
                new DeviceMessage { Hello = new Hello { Run = "load", Device = (uint)device, ProtocolVersion = Protocol.Wire.Version } });
            await calls[device].ResponseStream.MoveNext(CancellationToken.None);
        }

        await Answer(calls, WarmUpRounds);
        var before = await Allocated(process);
        await Answer(calls, Rounds);
        var allocated = await Allocated(process) - before;
        process.StandardInput.Close();
        await process.WaitForExitAsync();
        return (double)allocated / devices / Rounds;
    }

    private static async Task<long> Allocated(Process process)
    {
        await process.StandardInput.WriteLineAsync("?");
        return long.Parse((await process.StandardOutput.ReadLineAsync())!, CultureInfo.InvariantCulture);
    }

    private static Task Answer(AsyncDuplexStreamingCall<DeviceMessage, CoordinatorMessage>[] calls, int rounds) =>
        Task.WhenAll(calls.Select(async call =>
        {
            var report = new DeviceMessage { Report = new Report { Cost = 2, Own = 1.9, Others = 2.1 } };
            for (var i = 0; i < rounds; i++)
            {
                await call.ResponseStream.MoveNext(CancellationToken.None);
                report.Report.Round = call.ResponseStream.Current.Push.Round;
                await call.RequestStream.WriteAsync(report);
            }
        }));

    private static WebApplication StartBare(int devices)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton(new Lockstep(devices));
        builder.Services.AddGrpc();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.ConfigureEndpointDefaults(endpoint => endpoint.Protocols = HttpProtocols.Http2);
            kestrel.Limits.Http2.MaxStreamsPerConnection = 10_000;
        });
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        app.MapGrpcService<Bare>();
        return app;
    }

    private static async Task<WebApplication> StartCoordinator(int devices)
    {
        var app = Coordinator.Program.Build(new Dictionary<string, string?>
        {
            ["Coordinator:Listen"] = "http://127.0.0.1:0",
            ["Coordinator:Http"] = "none",
            ["Coordinator:Store"] = "memory",
            ["Logging:LogLevel:Default"] = "Error",
            ["Run:Name"] = "load",
            ["Run:Devices"] = devices.ToString(CultureInfo.InvariantCulture),
            ["Run:Rounds"] = "100000",
        });
        await Coordinator.Program.Prepare(app, app.Services.GetRequiredService<RunRegistry>());
        return app;
    }

    /// <summary>Lets everybody on when the last of a round has come; as lockstep as the coordinator's rounds.</summary>
    private sealed class Lockstep(int devices)
    {
        private readonly Lock gate = new();
        private TaskCompletionSource open = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int arrived;

        internal Task Next()
        {
            lock (gate)
            {
                var round = open;
                if (++arrived == devices)
                {
                    arrived = 0;
                    open = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                    round.SetResult();
                }

                return round.Task;
            }
        }
    }

    private sealed class Bare(Lockstep lockstep) : Coordination.CoordinationBase
    {
        public override async Task Participate(
            IAsyncStreamReader<DeviceMessage> requestStream, IServerStreamWriter<CoordinatorMessage> responseStream, ServerCallContext context)
        {
            var push = new CoordinatorMessage { Push = new Push { Theta = 0.1, ThetaOwn = 0.13, Price = 1, PriceOthers = 1.03 } };
            await requestStream.MoveNext(context.CancellationToken);
            await responseStream.WriteAsync(push, context.CancellationToken);
            await responseStream.WriteAsync(push, context.CancellationToken);
            while (await requestStream.MoveNext(context.CancellationToken))
            {
                await lockstep.Next();
                push.Push.Round++;
                await responseStream.WriteAsync(push, context.CancellationToken);
            }
        }
    }
}
