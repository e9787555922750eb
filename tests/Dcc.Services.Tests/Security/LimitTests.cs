using System.Globalization;
using System.Net.Sockets;
using Dcc.Protocol;
using Dcc.Protocol.V1;
using Dcc.Services.Tests.Telemetry;
using Grpc.Core;
using Grpc.Health.V1;

namespace Dcc.Services.Tests.Security;

/// <summary>Every limit refuses what is beyond it, with its name, and is counted.</summary>
public sealed class LimitTests
{
    private static readonly RunParameters TwoDevices = new() { Devices = 2, Rounds = 1, Solver = "exact" };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static Task<CoordinatorHost> Start(string limit, double value) =>
        CoordinatorHost.Start(("Coordinator:Limits:" + limit, value.ToString(CultureInfo.InvariantCulture)));

    [Fact]
    public async Task Connections_OneTooManyOfAPeer_IsClosedAndCounted()
    {
        await using var host = await Start("ConnectionsPerPeer", 2);
        await host.Status();
        using (await Connect(host))
        {
            // Closed at once: even connecting may see it.
            try
            {
                using var third = await Connect(host);
                await UntilClosed(third);
            }
            catch (SocketException)
            {
            }

            Assert.Equal(1ul, (await host.Status()).Refused["too-many-connections"]);
        }

        // The place is free again: a connection that the coordinator answers.
        await Tool.Until(async () =>
        {
            try
            {
                using var again = await Connect(host);
                await again.GetStream().WriteAsync("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\u0004\0\0\0\0\0"u8.ToArray(), Cancellation);
                return await Read(again, Cancellation) > 0;
            }
            catch (Exception e) when (e is IOException or SocketException)
            {
                return false;
            }
        });
    }

    [Fact]
    public async Task Streams_OneTooManyOfAPeer_IsRefusedUntilAnotherEnds()
    {
        await using var host = await Start("StreamsPerPeer", 1);
        using (await Talker.Join(host, 0))
        {
            using var second = Talker.Open(host);
            await RunTests.Refused(StatusCode.ResourceExhausted, "stream:", async () =>
            {
                await second.SayIfOpen(Talker.Hello(1));
                await second.Next();
            });
            Assert.Equal(1ul, (await host.Status()).Refused["too-many-streams"]);
        }

        await Tool.Until(async () => (await host.Status()).Connected == 0);
        using var third = await Talker.Join(host, 1);
    }

    // Health is open to everybody: its streams count like a device's.
    [Fact]
    public async Task Streams_HealthWatchBeyondThePeersMost_IsRefusedAndCounted()
    {
        await using var host = await Start("StreamsPerPeer", 1);
        var health = new Health.HealthClient(host.Channel);
        using (var first = health.Watch(new HealthCheckRequest(), cancellationToken: Cancellation))
        {
            Assert.True(await first.ResponseStream.MoveNext(Cancellation));
            using var second = health.Watch(new HealthCheckRequest(), cancellationToken: Cancellation);
            await RunTests.Refused(StatusCode.ResourceExhausted, "stream:", async () => await second.ResponseStream.MoveNext(Cancellation));
            Assert.Equal(1ul, (await host.Status()).Refused["too-many-streams"]);
        }

        await Tool.Until(async () =>
        {
            using var again = health.Watch(new HealthCheckRequest(), cancellationToken: Cancellation);
            try
            {
                return await again.ResponseStream.MoveNext(Cancellation);
            }
            catch (RpcException exception) when (exception.StatusCode == StatusCode.ResourceExhausted)
            {
                return false;
            }
        });
    }

    [Fact]
    public async Task Health_RequestLargerThanADevicesMessage_IsRefused()
    {
        await using var host = await CoordinatorHost.Start();
        var large = new HealthCheckRequest { Service = new string('x', Wire.MaxDeviceMessageBytes) };
        var refused = await Assert.ThrowsAsync<RpcException>(
            async () => await new Health.HealthClient(host.Channel).CheckAsync(large, cancellationToken: Cancellation));
        Assert.Equal(StatusCode.ResourceExhausted, refused.StatusCode);
    }

    [Fact]
    public async Task Runs_OneTooMany_IsRefusedAndTheExistingOneIsNot()
    {
        await using var host = await Start("Runs", 2);
        var request = new CreateRunRequest { Run = "second", Parameters = TwoDevices };
        await host.Operation.CreateRunAsync(request, cancellationToken: Cancellation);
        await host.Operation.CreateRunAsync(request, cancellationToken: Cancellation);
        request.Run = "third";
        await RunTests.Refused(StatusCode.ResourceExhausted, "run:", async () => await host.Operation.CreateRunAsync(request, cancellationToken: Cancellation));
        Assert.Equal(1ul, (await host.Status()).Refused["too-many-runs"]);
    }

    [Fact]
    public async Task Devices_OneTooManyInARun_IsRefused()
    {
        await using var host = await Start("DevicesPerRun", 2);
        await host.Operation.CreateRunAsync(new CreateRunRequest { Run = "two", Parameters = TwoDevices }, cancellationToken: Cancellation);
        var three = new CreateRunRequest { Run = "three", Parameters = new RunParameters(TwoDevices) { Devices = 3 } };
        await RunTests.Refused(StatusCode.ResourceExhausted, "devices:", async () => await host.Operation.CreateRunAsync(three, cancellationToken: Cancellation));
        Assert.Equal(1ul, (await host.Status()).Refused["too-many-devices"]);
    }

    [Fact]
    public async Task Messages_AFlood_IsRefusedAndTheRunUnharmed()
    {
        await using var host = await Start("MessagesPerSecond", 20);
        using (var flood = await Talker.Join(host, 0))
        {
            await flood.Next();
            for (var i = 0; i < 1000; i++)
            {
                await flood.SayIfOpen(new DeviceMessage { Heartbeat = new Heartbeat() });
            }

            await RunTests.Refused(StatusCode.ResourceExhausted, "message:", flood.Next);
        }

        Assert.Equal(1ul, (await host.Status()).Refused["too-many-messages"]);
        Assert.All(await host.RunDevices(), code => Assert.Equal(0, code));
        Assert.Equal(CoordinatorHost.UndisturbedDigest(), (await host.Status()).Digest);
    }

    [Fact]
    public async Task Hello_ThatDoesNotCome_IsRefused()
    {
        await using var host = await Start("HelloSeconds", 0.2);
        using var silent = Talker.Open(host);
        await RunTests.Refused(StatusCode.DeadlineExceeded, "hello:", silent.Next);
        Assert.Equal(1ul, (await host.Status()).Refused["hello-timeout"]);
    }

    [Fact]
    public async Task Handshake_ThatDoesNotEnd_IsClosedAndCounted()
    {
        using var authority = new TestAuthority();
        await using var host = await authority.Start(("Coordinator:Limits:HandshakeSeconds", "0.3"));
        using var silent = await Connect(host);
        await UntilClosed(silent);
        await Tool.Until(async () => (await host.Status()).Refused.GetValueOrDefault("handshake-failed") == 1);
    }

    [Fact]
    public async Task Connection_WithoutAStream_IsClosed()
    {
        await using var host = await Start("IdleSeconds", 0.3);
        using var silent = await Connect(host);
        await UntilClosed(silent);
    }

    private static async Task<TcpClient> Connect(CoordinatorHost host)
    {
        var tcp = new TcpClient();
        var address = new Uri(host.Address);
        await tcp.ConnectAsync(address.Host, address.Port, Cancellation);
        return tcp;
    }

    // Waits until the coordinator closes.
    private static async Task UntilClosed(TcpClient tcp)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        patience.CancelAfter(TimeSpan.FromSeconds(60));
        while (await Read(tcp, patience.Token) > 0)
        {
        }
    }

    private static async Task<int> Read(TcpClient tcp, CancellationToken cancellation)
    {
        try
        {
            return await tcp.GetStream().ReadAsync(new byte[64], cancellation);
        }
        catch (IOException)
        {
            return 0;
        }
    }
}
