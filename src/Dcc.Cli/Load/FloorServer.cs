using System.Net;
using Dcc.Cli.Overhead;
using Dcc.Protocol;
using Dcc.Protocol.V1;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Dcc.Cli.Load;

/// <summary>
/// The floor: a bare bidirectional gRPC stream with messages of the coordinator's sizes and a barrier per round. No engine, no journal, no
/// metrics, no watchdog. A process of its own; the first line on stdout says where it listens.
/// </summary>
internal static class FloorServer
{
    // As the coordinator's.
    private const int StreamsPerConnection = 10_000;

    internal static async Task Serve(LoadPlan plan, CancellationToken cancellation)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton(plan);
        builder.Services.AddSingleton(new Lockstep(plan.Devices, _ => { }));
        builder.Services.AddGrpc();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, 0, endpoint => endpoint.Protocols = HttpProtocols.Http2);
            kestrel.Limits.Http2.MaxStreamsPerConnection = StreamsPerConnection;
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Limits.MinRequestBodyDataRate = null;
        });
        await using var app = builder.Build();
        app.MapGrpcService<BareStream>();
        await app.StartAsync(cancellation).ConfigureAwait(false);
        Console.Out.WriteLine($"Listening on {app.Urls.Single()}");
        await app.WaitForShutdownAsync(cancellation).ConfigureAwait(false);
    }

    private sealed class BareStream(LoadPlan plan, Lockstep lockstep) : Coordination.CoordinationBase
    {
        public override async Task Participate(
            IAsyncStreamReader<DeviceMessage> requestStream, IServerStreamWriter<CoordinatorMessage> responseStream, ServerCallContext context)
        {
            await requestStream.MoveNext(context.CancellationToken).ConfigureAwait(false);
            await responseStream.WriteAsync(new CoordinatorMessage { Welcome = new Welcome() }).ConfigureAwait(false);
            var message = new CoordinatorMessage { Push = new Push() };
            for (var round = 0; round < plan.Pushes; round++)
            {
                Wire.Fill(message.Push, round, new Core.Learning.Push(0.1, 0.13, 1.2, 1.23));
                await responseStream.WriteAsync(message).ConfigureAwait(false);
                await requestStream.MoveNext(context.CancellationToken).ConfigureAwait(false);

                // Nothing but the barrier: the process is killed with the measurement.
                await lockstep.Arrive(CancellationToken.None).ConfigureAwait(false);
            }

            await responseStream.WriteAsync(new CoordinatorMessage { End = new End() }).ConfigureAwait(false);
        }
    }
}
