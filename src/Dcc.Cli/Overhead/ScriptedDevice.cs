using System.Globalization;
using System.Net;
using Dcc.Cli.Overhead.V1;
using Dcc.Protocol.V1;
using Grpc.Core;
using Grpc.Net.Client;

namespace Dcc.Cli.Overhead;

/// <summary>
/// A device's side of a scripted exchange: a gRPC client with a connection of its own, set up as in Dcc.Agent. As there, dynamic window sizing
/// and its PINGs are off for the whole process (in the project file).
/// </summary>
internal static class ScriptedDevice
{
    internal static async Task Play(ProtocolScript script, int rounds, IPEndPoint address, CancellationToken cancellation)
    {
        using var channel = Open(address);
        using var call = new Coordination.CoordinationClient(channel).Participate(cancellationToken: cancellation);
        await Play(script, rounds, call, cancellation).ConfigureAwait(false);
    }

    internal static async Task Play(ChunkScript script, int rounds, IPEndPoint address, CancellationToken cancellation)
    {
        using var channel = Open(address);
        using var call = new ScriptedExchange.ScriptedExchangeClient(channel).Exchange(cancellationToken: cancellation);
        await Play(script, rounds, call, cancellation).ConfigureAwait(false);
    }

    private static GrpcChannel Open(IPEndPoint address) => GrpcChannel.ForAddress(
        string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{address.Port}"),
        new GrpcChannelOptions
        {
            HttpHandler = new SocketsHttpHandler { EnableMultipleHttp2Connections = true },
            DisposeHttpClient = true,
            ThrowOperationCanceledOnCancellation = true,
        });

    private static async Task Play<TUp, TDown>(
        IScript<TUp, TDown> script, int rounds, AsyncDuplexStreamingCall<TUp, TDown> call, CancellationToken cancellation)
    {
        await call.RequestStream.WriteAsync(script.Hello, cancellation).ConfigureAwait(false);
        await call.ResponseStream.MoveNext(cancellation).ConfigureAwait(false);
        for (var round = 0; round < rounds; round++)
        {
            for (var expected = script.Down(round).Count; expected > 0; expected--)
            {
                await call.ResponseStream.MoveNext(cancellation).ConfigureAwait(false);
            }

            foreach (var message in script.Up(round))
            {
                await call.RequestStream.WriteAsync(message, cancellation).ConfigureAwait(false);
            }
        }

        // The end, then the end of the stream.
        await call.ResponseStream.MoveNext(cancellation).ConfigureAwait(false);
        await call.RequestStream.CompleteAsync().ConfigureAwait(false);
        await call.ResponseStream.MoveNext(cancellation).ConfigureAwait(false);
    }
}
