using System.Net;
using System.Net.Sockets;
using Dcc.Agent;
using Dcc.Agent.Telemetry;
using Dcc.Protocol.V1;
using Grpc.Net.Client;
using Microsoft.Extensions.Logging.Abstractions;

namespace Dcc.Services.Tests;

/// <summary>A peer that takes connections and sends each away again.</summary>
public sealed class GoAwayTests
{
    private const int Connections = 40;

    // Frames of RFC 9113, section 6: length, type, flags, stream; then the content.
    private static readonly byte[] Settings = [0, 0, 0, 4, 0, 0, 0, 0, 0];
    private static readonly byte[] GoAway = [0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

    // A write that met such a connection failed with another exception than gRPC's and ended the device in silence.
    [Fact]
    public async Task Worker_ConnectionsGoAwayAtAnyMoment_KeepsTrying()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var address = $"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}";
        using var over = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        using var channel = GrpcChannel.ForAddress(address, new GrpcChannelOptions
        {
            InitialReconnectBackoff = TimeSpan.FromMilliseconds(1), MaxReconnectBackoff = TimeSpan.FromMilliseconds(1),
        });
        using var instruments = new AgentInstruments();
        using var learning = new SemaphoreSlim(2);
        var options = new AgentOptions { Coordinator = address };
        var workers = Task.WhenAll(Enumerable.Range(0, 8).Select(device => new DeviceWorker(
            device, options, null, new Coordination.CoordinationClient(channel), learning, instruments, TimeProvider.System, NullLogger.Instance).Run(over.Token)));
        for (var i = 0; i < Connections; i++)
        {
            using var connection = await listener.AcceptTcpClientAsync(TestContext.Current.CancellationToken);
            var stream = connection.GetStream();
            try
            {
                await stream.WriteAsync(Settings, TestContext.Current.CancellationToken);
                await stream.ReadAtLeastAsync(new byte[4096], 24 + (9 * (i % 8)), throwOnEndOfStream: false, TestContext.Current.CancellationToken);
                await stream.WriteAsync(GoAway, TestContext.Current.CancellationToken);
            }
            catch (IOException)
            {
                // The client was faster in leaving.
            }
        }

        Assert.False(workers.IsCompleted);
        await over.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => workers);
    }
}
