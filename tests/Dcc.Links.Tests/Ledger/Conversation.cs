using System.Net;
using Dcc.Links.Ledger;
using Dcc.Protocol;
using Dcc.Protocol.V1;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Dcc.Links.Tests.Ledger;

/// <summary>A real device's conversation over loopback, captured on its way: our messages, real Kestrel, the real gRPC client.</summary>
internal sealed class Conversation
{
    internal const int Rounds = 6;

    private Conversation(List<Piece> pieces, DeviceLedger live)
    {
        Pieces = pieces;
        Live = live;
    }

    /// <summary>The ledger that was written while the conversation ran.</summary>
    internal DeviceLedger Live { get; }

    /// <summary>What crossed the device's socket, in order.</summary>
    internal List<Piece> Pieces { get; }

    internal long Bytes(LinkDirection direction) => Pieces.Where(piece => piece.Direction == direction).Sum(piece => piece.Bytes?.Length ?? 0);

    internal static MessageInfo Meaning(LinkDirection direction, ReadOnlySpan<byte> message)
    {
        var meaning = WireMeaning.Of(message, direction == LinkDirection.Up);
        return new MessageInfo(
            meaning.Kind switch
            {
                WireKind.Hello => MessageKind.Hello,
                WireKind.Welcome => MessageKind.Welcome,
                WireKind.Replay => MessageKind.Replay,
                WireKind.Push => MessageKind.Push,
                WireKind.Report => MessageKind.Report,
                WireKind.Heartbeat => MessageKind.Heartbeat,
                WireKind.End => MessageKind.End,
                _ => MessageKind.Other,
            },
            meaning.Round);
    }

    internal static DeviceMessage Hello(uint held) => new() { Hello = new Hello { Run = "run", Device = 3, RoundsHeld = held, ProtocolVersion = 1 } };

    internal static DeviceMessage Report(uint round) => new() { Report = new Report { Round = round, Cost = 1.5, Own = 2.5, Others = 3.5 } };

    internal static DeviceMessage Heartbeat => new() { Heartbeat = new Heartbeat() };

    internal static CoordinatorMessage Push(uint round) =>
        new() { Push = new Push { Round = round, Theta = 0.1, ThetaOwn = 0.2, Price = 0.3, PriceOthers = 0.4 } };

    internal static CoordinatorMessage Welcome => new() { Welcome = new Welcome { Solver = "price-q", Rounds = Rounds, HeartbeatMilliseconds = 1000 } };

    internal static CoordinatorMessage Replay => new() { Replay = new Replay { FirstRound = 0, Scalars = { new double[4 * 120] } } };

    internal static CoordinatorMessage End => new() { End = new End { Theta = 0.1 } };

    /// <summary>
    /// One connection up to the report of round 2, which is reset; a second one where that round is pushed and reported again, and that goes on to
    /// the end.
    /// </summary>
    internal static async Task<Conversation> Capture()
    {
        var cancellation = TestContext.Current.CancellationToken;
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2));
        builder.Services.AddGrpc();
        await using var app = builder.Build();
        app.MapGrpcService<ScriptedCoordinator>();
        await app.StartAsync(cancellation);

        using var pump = new CapturingPump(new Uri(app.Urls.Single()).Port);
        using (var channel = GrpcChannel.ForAddress(pump.Address))
        {
            using var call = await Talk(channel, Hello(0), 0, 3);
            await pump.Reset();
        }

        using (var channel = GrpcChannel.ForAddress(pump.Address))
        {
            using var call = await Talk(channel, Hello(2), 2, Rounds);
            await call.RequestStream.WriteAsync(Heartbeat, cancellation);
            Assert.True(await call.ResponseStream.MoveNext(cancellation));
            Assert.NotNull(call.ResponseStream.Current.End);
            await call.RequestStream.CompleteAsync();
            Assert.False(await call.ResponseStream.MoveNext(cancellation));
        }

        await app.StopAsync(cancellation);
        return new Conversation(await pump.Finish(), pump.Ledger);
    }

    private static async Task<AsyncDuplexStreamingCall<DeviceMessage, CoordinatorMessage>> Talk(
        GrpcChannel channel, DeviceMessage hello, uint first, uint end)
    {
        var cancellation = TestContext.Current.CancellationToken;
        var call = new Coordination.CoordinationClient(channel).Participate(cancellationToken: cancellation);
        await call.RequestStream.WriteAsync(hello, cancellation);
        for (var round = first; round < end;)
        {
            Assert.True(await call.ResponseStream.MoveNext(cancellation));
            if (call.ResponseStream.Current.Push is { } push)
            {
                Assert.Equal(round++, push.Round);
                await call.RequestStream.WriteAsync(Report(push.Round), cancellation);
            }
        }

        return call;
    }

    private sealed class ScriptedCoordinator : Coordination.CoordinationBase
    {
        public override async Task Participate(
            IAsyncStreamReader<DeviceMessage> requestStream, IServerStreamWriter<CoordinatorMessage> responseStream, ServerCallContext context)
        {
            await requestStream.MoveNext(context.CancellationToken);
            var held = requestStream.Current.Hello.RoundsHeld;
            await responseStream.WriteAsync(Welcome, context.CancellationToken);
            if (held > 0)
            {
                await responseStream.WriteAsync(Replay, context.CancellationToken);
            }

            for (var round = held; round < Rounds; round++)
            {
                await responseStream.WriteAsync(Push(round), context.CancellationToken);
                await requestStream.MoveNext(context.CancellationToken);
                if (held == 0 && round == 2)
                {
                    // This connection is reset now; a push of round 3 may or may not come through before.
                    await Task.Delay(Timeout.Infinite, context.CancellationToken);
                }
            }

            await requestStream.MoveNext(context.CancellationToken);
            await responseStream.WriteAsync(End, context.CancellationToken);
            await requestStream.MoveNext(context.CancellationToken);
        }
    }
}
