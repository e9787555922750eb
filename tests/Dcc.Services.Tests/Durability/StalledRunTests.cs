using Dcc.Protocol.V1;
using Dcc.Services.Tests.Telemetry;
using Grpc.Core;
using Grpc.Health.V1;

namespace Dcc.Services.Tests.Durability;

/// <summary>A real full disk: the run waits for room, tells so, sends nothing that is not stored, and goes on by itself.</summary>
public sealed class StalledRunTests : IDisposable
{
    private readonly SmallDisk disk = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => disk.Dispose();

    [Fact]
    public async Task Run_DiskFullThenRoom_StallsVisiblyAndEndsWithTheUndisturbedDigest()
    {
        await using var host = await Start(("Coordinator:Http", "http://127.0.0.1:0"));
        var log = host.Log();
        var before = await host.Status();
        disk.Fill();
        var devices = host.RunDevices();
        var status = await UntilStalled(host);
        Assert.Contains("journal record 1 cannot be written", status.Reason, StringComparison.Ordinal);
        Assert.Contains("full", status.Reason, StringComparison.Ordinal);

        // The run as the journal has it, though the engine has closed the round.
        Assert.Equal((before.Round, before.Digest, before.MeanTheta, 0u), (status.Round, status.Digest, status.MeanTheta, status.Missing));
        Assert.Equal((uint)CoordinatorHost.Devices, status.Connected);
        Assert.Equal(1, (await Scrape.At(host.Http.OriginalString))["""dcc_run_stalled{run="test"}"""]);
        var health = await new Health.HealthClient(host.Channel).CheckAsync(new HealthCheckRequest(), cancellationToken: Cancellation);
        Assert.Equal(HealthCheckResponse.Types.ServingStatus.Serving, health.Status);
        await RunTests.Refused(StatusCode.Unavailable, "store:", () => host.Operation.CreateRunAsync(Another(), cancellationToken: Cancellation).ResponseAsync);
        await RunTests.Refused(
            StatusCode.Unavailable, "store:",
            () => host.Operation.CancelRunAsync(new RunRequest { Run = CoordinatorHost.Run }, cancellationToken: Cancellation).ResponseAsync);

        disk.MakeRoom();
        Assert.All(await devices, code => Assert.Equal(0, code));
        status = await host.Status();
        Assert.Equal(("finished", "", CoordinatorHost.UndisturbedDigest()), (status.State, status.Reason, status.Digest));
        Assert.Equal(0, (await Scrape.At(host.Http.OriginalString))["""dcc_run_stalled{run="test"}"""]);
        Assert.Equal(1, log.All.Count(line => line.Contains("stalled until", StringComparison.Ordinal)));
        Assert.Equal(1, log.All.Count(line => line.Contains("goes on after", StringComparison.Ordinal)));
        Assert.Equal("running", (await host.Operation.CreateRunAsync(Another(), cancellationToken: Cancellation)).State);
    }

    [Fact]
    public async Task Devices_WhileStalled_AreSentHeartbeatsAndNothingElse()
    {
        await using var host = await Start(("Coordinator:HeartbeatSeconds", "0.2"));
        var devices = await Talker.JoinAll(host);
        disk.Fill();
        foreach (var device in devices)
        {
            await device.Answer();
        }

        await UntilStalled(host);
        for (var beat = 0; beat < 6; beat++)
        {
            // Longer than a silent peer is borne with: both sides still hear each other.
            foreach (var device in devices)
            {
                Assert.NotNull((await device.Next()).Heartbeat);
                await device.Say(new DeviceMessage { Heartbeat = new Heartbeat() });
            }
        }

        disk.MakeRoom();
        foreach (var device in devices)
        {
            Assert.Equal(1u, (await Until(device, message => message.Push)).Round);
        }
    }

    [Fact]
    public async Task Devices_ThatComeAndGoWhileStalled_AreServedWhenTheRunGoesOn()
    {
        await using var host = await Start();
        var devices = await Talker.JoinAll(host);
        foreach (var device in devices[1..])
        {
            await device.Answer();
        }

        // Gone after its report, which is the last of the round, and back again twice: the first of its streams comes and goes within the stall.
        disk.Fill();
        await devices[0].Answer();
        await UntilStalled(host);
        devices[0].Dispose();
        using (var shortly = Talker.Open(host))
        {
            await shortly.Say(Talker.Hello(0, roundsHeld: 1));
        }

        using var back = Talker.Open(host);
        await back.Say(Talker.Hello(0, roundsHeld: 1));
        disk.MakeRoom();
        Assert.NotNull((await back.Next()).Welcome);
        Assert.Equal(1u, (await back.Next()).Push.Round);
        Assert.Equal(1u, (await devices[1].Next()).Push.Round);
        Assert.Equal((uint)CoordinatorHost.Devices, (await host.Status()).Connected);
    }

    [Fact]
    public async Task Deadline_ReachedOnAFullDisk_ClosesTheRoundWhenThereIsRoom()
    {
        await using var host = await Start(("Run:Quorum", "2"), ("Run:RoundDeadlineSeconds", "0.2"));
        using var first = await Talker.Join(host, 0);
        using var second = await Talker.Join(host, 1);
        using var third = await Talker.Join(host, 2);
        disk.Fill();
        await first.Answer();
        await second.Answer();
        Assert.Equal((0u, 0u), ((await UntilStalled(host)).Round, (await host.Status()).Missing));

        // It goes, and says that it will not come back, while nothing can be written.
        await third.Say(new DeviceMessage { Leave = new Leave() });
        disk.MakeRoom();
        Assert.Equal(1u, (await first.Next()).Push.Round);
        await first.Say(Talker.Report(1));
        await second.Answer();
        Assert.Equal(2u, (await first.Next()).Push.Round);
        Assert.Equal(2u, (await host.Status()).Members);
    }

    [Fact]
    public async Task Stop_WhileStalled_IsCleanAndTheRunResumesFromWhatIsStored()
    {
        await using (var host = await Start())
        {
            disk.Fill();
            var devices = await Talker.JoinAll(host);
            foreach (var device in devices)
            {
                await device.Answer();
            }

            await UntilStalled(host);
            await host.Stop();
            Assert.False(host.Registry.Failed);
        }

        disk.MakeRoom();
        await using (var host = await Start())
        {
            var status = await host.Status();
            Assert.Equal(("running", 0u), (status.State, status.Round));
            Assert.All(await host.RunDevices(), code => Assert.Equal(0, code));
            Assert.Equal(CoordinatorHost.UndisturbedDigest(), (await host.Status()).Digest);
        }
    }

    [Fact]
    public async Task Cancel_DiskFull_TakesEffectWhenItIsStored()
    {
        await using var host = await Start();
        disk.Fill();
        var cancel = host.Operation.CancelRunAsync(new RunRequest { Run = CoordinatorHost.Run }, cancellationToken: Cancellation).ResponseAsync;
        await UntilStalled(host);
        Assert.False(cancel.IsCompleted);
        disk.MakeRoom();
        Assert.Equal("cancelled", (await cancel).State);
    }

    [Fact]
    public async Task Watch_WhileStalled_IsToldWhyAndThatItGoesOn()
    {
        await using var host = await Start();
        using var watch = host.Operation.WatchRun(new RunRequest { Run = CoordinatorHost.Run }, cancellationToken: Cancellation);
        disk.Fill();
        var devices = host.RunDevices();
        var states = new List<(string State, uint Round)>();
        await foreach (var update in watch.ResponseStream.ReadAllAsync(Cancellation))
        {
            if (update.Status is { } status)
            {
                states.Add((status.State, status.Round));
                if (status.State == "stalled")
                {
                    Assert.NotEmpty(status.Reason);
                    disk.MakeRoom();
                }
            }
        }

        await devices;
        Assert.Contains(("stalled", 0u), states);
        Assert.Equal(("finished", (uint)CoordinatorHost.Rounds), states[^1]);
        Assert.DoesNotContain(states.TakeWhile(state => state.State != "stalled"), state => state.Round > 0);
    }

    [Fact]
    public async Task Run_StoreDeletedUnderIt_FailsAndSaysSo()
    {
        await using var host = await Start();
        var log = host.Log();
        var devices = await Talker.JoinAll(host);
        await Task.WhenAll(devices.Select(device => device.Next()));
        File.Delete(disk.Store);
        foreach (var device in devices)
        {
            await device.Say(Talker.Report(0));
        }

        await Assert.ThrowsAsync<RpcException>(() => devices[0].Next());
        Assert.True(host.Registry.Failed);
        Assert.Contains(log.All, line => line.Contains("was deleted or replaced", StringComparison.Ordinal));
    }

    private Task<CoordinatorHost> Start(params (string, string)[] more) => CoordinatorHost.Start([("Coordinator:Store", disk.Store), .. more]);

    internal static async Task<RunStatus> UntilStalled(CoordinatorHost host)
    {
        RunStatus status = new();
        await Tool.Until(async () => (status = await host.Status()).State == "stalled");
        return status;
    }

    private static async Task<T> Until<T>(Talker device, Func<CoordinatorMessage, T?> wanted)
        where T : class
    {
        while (true)
        {
            if (wanted(await device.Next()) is { } found)
            {
                return found;
            }
        }
    }

    private static CreateRunRequest Another() =>
        new() { Run = "another", Parameters = new RunParameters { Devices = 2, Rounds = 3, Solver = "exact", InitialTheta = { 0.25 } } };
}
