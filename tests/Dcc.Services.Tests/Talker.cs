using Dcc.Protocol;
using Dcc.Protocol.V1;
using Grpc.Core;

namespace Dcc.Services.Tests;

/// <summary>A device that says exactly what a test tells it to.</summary>
internal sealed class Talker : IDisposable
{
    private readonly AsyncDuplexStreamingCall<DeviceMessage, CoordinatorMessage> call;

    private Talker(AsyncDuplexStreamingCall<DeviceMessage, CoordinatorMessage> call) => this.call = call;

    internal static Talker Open(CoordinatorHost host) => Open(host.Coordination);

    internal static Talker Open(Coordination.CoordinationClient client, string? token = null) => new(client.Participate(
        token is null ? null : new Metadata { { "authorization", "Bearer " + token } }, cancellationToken: TestContext.Current.CancellationToken));

    /// <summary>Says hello and reads the welcome.</summary>
    internal static async Task<Talker> Join(CoordinatorHost host, uint device, uint roundsHeld = 0)
    {
        var talker = Open(host);
        await talker.Say(Hello(device, roundsHeld));
        Assert.NotNull((await talker.Next()).Welcome);
        return talker;
    }

    internal static Task<Talker[]> JoinAll(CoordinatorHost host, uint roundsHeld = 0) =>
        Task.WhenAll(Enumerable.Range(0, CoordinatorHost.Devices).Select(device => Join(host, (uint)device, roundsHeld)));

    internal static DeviceMessage Hello(
        uint device, uint roundsHeld = 0, string run = CoordinatorHost.Run, uint version = Wire.Version, ulong started = 0) =>
        new() { Hello = new Hello { Run = run, Device = device, RoundsHeld = roundsHeld, ProtocolVersion = version, ProcessStarted = started } };

    internal static DeviceMessage Report(uint round, double cost = 2, double own = 1.9, double others = 2.1) =>
        new() { Report = new Report { Round = round, Cost = cost, Own = own, Others = others } };

    internal Task Say(DeviceMessage message) => call.RequestStream.WriteAsync(message, TestContext.Current.CancellationToken);

    /// <summary>Says something on a stream that the coordinator may have ended already; why, is what the read that follows is told.</summary>
    internal async Task SayIfOpen(DeviceMessage message)
    {
        try
        {
            await Say(message);
        }
        catch (Exception exception) when (exception is RpcException or InvalidOperationException)
        {
        }
    }

    internal async Task<CoordinatorMessage> Next()
    {
        Assert.True(await call.ResponseStream.MoveNext(TestContext.Current.CancellationToken), "the stream ended without a reason");
        return call.ResponseStream.Current;
    }

    /// <summary>Reads the next push and answers it.</summary>
    internal async Task Answer() => await Say(Report((await Next()).Push.Round));

    /// <summary>Says that nothing more will come, and reads on until the coordinator ends the stream in peace.</summary>
    internal async Task End()
    {
        await call.RequestStream.CompleteAsync();
        while (await call.ResponseStream.MoveNext(TestContext.Current.CancellationToken))
        {
        }
    }

    public void Dispose() => call.Dispose();
}
