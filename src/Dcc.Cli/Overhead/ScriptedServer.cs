using System.Net;
using Dcc.Cli.Overhead.V1;
using Dcc.Protocol.V1;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Dcc.Cli.Overhead;

/// <summary>
/// The coordinator's side of a scripted exchange: Kestrel on a free port of loopback, with larger windows than Dcc.Coordinator.
/// </summary>
internal sealed class ScriptedServer : IAsyncDisposable
{
    // More than the longest round.
    private const int WindowBytes = 64 * 1024 * 1024;

    private readonly WebApplication app;

    private ScriptedServer(WebApplication app) => this.app = app;

    /// <summary>What the handlers of all devices share.</summary>
    /// <param name="Rounds">How many there are.</param>
    /// <param name="Lockstep">Between the rounds.</param>
    /// <param name="Protocol">This protocol's script of a device.</param>
    /// <param name="Chunks">The script of a device, of an exchange that is not this protocol.</param>
    internal sealed record Stage(int Rounds, Lockstep Lockstep, Func<int, ProtocolScript> Protocol, Func<int, ChunkScript> Chunks);

    internal IPEndPoint Address => new(IPAddress.Loopback, new Uri(app.Urls.Single()).Port);

    internal static async Task<ScriptedServer> Start(Stage stage, CancellationToken cancellation)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, 0, endpoint => endpoint.Protocols = HttpProtocols.Http2);
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Limits.MinRequestBodyDataRate = null;

            // With Kestrel's own 768 KiB, where a long round is cut into DATA frames would depend on how fast each side happens to be.
            kestrel.Limits.Http2.InitialStreamWindowSize = WindowBytes;
            kestrel.Limits.Http2.InitialConnectionWindowSize = WindowBytes;
        });
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        builder.Services.AddSingleton(stage);
        builder.Services.AddGrpc();
        var app = builder.Build();
        app.MapGrpcService<ProtocolService>();
        app.MapGrpcService<ChunkService>();
        await app.StartAsync(cancellation).ConfigureAwait(false);
        return new ScriptedServer(app);
    }

    public ValueTask DisposeAsync() => app.DisposeAsync();

    private static async Task Play<TUp, TDown>(
        IScript<TUp, TDown> script, Stage stage, IAsyncStreamReader<TUp> from, IServerStreamWriter<TDown> to, CancellationToken cancellation)
    {
        await to.WriteAsync(script.Welcome, cancellation).ConfigureAwait(false);
        await stage.Lockstep.Arrive(cancellation).ConfigureAwait(false);
        for (var round = 0; round < stage.Rounds; round++)
        {
            foreach (var message in script.Down(round))
            {
                await to.WriteAsync(message, cancellation).ConfigureAwait(false);
            }

            for (var expected = script.Up(round).Count; expected > 0; expected--)
            {
                await from.MoveNext(cancellation).ConfigureAwait(false);
            }

            await stage.Lockstep.Arrive(cancellation).ConfigureAwait(false);
        }

        await to.WriteAsync(script.End, cancellation).ConfigureAwait(false);
        await from.MoveNext(cancellation).ConfigureAwait(false);
    }

    // The command handles signals, the server does not.
    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }

    private sealed class ProtocolService(Stage stage) : Coordination.CoordinationBase
    {
        public override async Task Participate(
            IAsyncStreamReader<DeviceMessage> requestStream, IServerStreamWriter<CoordinatorMessage> responseStream, ServerCallContext context)
        {
            await requestStream.MoveNext(context.CancellationToken).ConfigureAwait(false);
            var script = stage.Protocol((int)requestStream.Current.Hello.Device);
            await Play(script, stage, requestStream, responseStream, context.CancellationToken).ConfigureAwait(false);
        }
    }

    private sealed class ChunkService(Stage stage) : ScriptedExchange.ScriptedExchangeBase
    {
        public override async Task Exchange(
            IAsyncStreamReader<Chunk> requestStream, IServerStreamWriter<Chunk> responseStream, ServerCallContext context)
        {
            await requestStream.MoveNext(context.CancellationToken).ConfigureAwait(false);
            var script = stage.Chunks((int)requestStream.Current.Number);
            await Play(script, stage, requestStream, responseStream, context.CancellationToken).ConfigureAwait(false);
        }
    }
}
