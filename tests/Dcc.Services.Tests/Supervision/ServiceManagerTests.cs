using Dcc.Agent;
using Dcc.Coordinator.Runs;
using Dcc.Hosting.Supervision;
using Dcc.Services.Tests.Telemetry;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Dcc.Services.Tests.Supervision;

/// <summary>What systemd is told.</summary>
public sealed class ServiceManagerTests : IDisposable
{
    private static readonly TimeSpan Watchdog = TimeSpan.FromMilliseconds(200);

    private readonly FakeServiceManager manager = new();

    public void Dispose() => manager.Dispose();

    // A device must come up whether or not its coordinator does.
    [Fact]
    public async Task Agent_WithoutACoordinator_IsReadyPingsAndSaysThatItStops()
    {
        using var agent = Tool.StartService("Dcc.Agent", manager.Environment(Watchdog), "--coordinator", "http://127.0.0.1:1", "--devices", "0-2");
        await IsReadyPingsAndStops(agent);
    }

    [Fact]
    public async Task Coordinator_WithAnUnfinishedRun_IsReadyPingsAndSaysThatItStops()
    {
        using var coordinator = Tool.StartService(
            "Dcc.Coordinator", manager.Environment(Watchdog), "--listen", "http://127.0.0.1:0", "--http", "none", "--store", "memory", "--run", "r");
        await IsReadyPingsAndStops(coordinator);
    }

    [Fact]
    public async Task Agent_WithBadSettings_EndsWith2AndIsNeverReady()
    {
        using var agent = Tool.StartService("Dcc.Agent", manager.Environment(Watchdog), "--devices", "0-2", "--shard", "3/3");
        Assert.Equal(
            "shard: expected INDEX/PARTS with INDEX below PARTS, and at most 3 parts of devices 0-2, got 3/3\n",
            await agent.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken));
        await agent.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(2, agent.ExitCode);
        Assert.False(manager.HasMore);
    }

    [Fact]
    public async Task Watch_LoopThatHangs_GetsNoPingUntilItTurnsAgain()
    {
        var liveness = new Liveness { Answer = new TaskCompletionSource<string?>().Task };
        using var lifetime = new Lifetime();
        var log = new LogLines();
        using var loggers = new LoggerFactory([log]);
        using var watch = new ServiceManagerWatch(
            new NotifySocket(manager.Path, TimeSpan.FromMilliseconds(20)), liveness, lifetime, TimeProvider.System,
            new Logger<ServiceManagerWatch>(loggers));
        await watch.StartAsync(TestContext.Current.CancellationToken);
        lifetime.Start();
        Assert.Equal("READY=1", await manager.Next());
        await Tool.Until(() => Task.FromResult(log.All.Count(line => line.Contains("a loop that does not answer hangs", StringComparison.Ordinal)) > 2));
        Assert.False(manager.HasMore);

        liveness.Answer = Task.FromResult<string?>("device 7");
        await Tool.Until(() => Task.FromResult(log.All.Any(line => line.Contains("device 7 hangs", StringComparison.Ordinal))));
        Assert.False(manager.HasMore);

        liveness.Answer = Task.FromResult<string?>(null);
        Assert.Equal("WATCHDOG=1", await manager.Next());
        await watch.StopAsync(TestContext.Current.CancellationToken);
    }

    // The loops of a coordinator that was prepared and not started take nothing: as if they hung.
    [Fact]
    public async Task Coordinator_LoopThatTakesNothing_DoesNotAnswer()
    {
        await using var app = Dcc.Coordinator.Program.Build(new Dictionary<string, string?>
        {
            ["Coordinator:Listen"] = "http://127.0.0.1:0", ["Coordinator:Http"] = "none", ["Coordinator:Store"] = "memory", ["Run:Name"] = "r",
        });
        var registry = app.Services.GetRequiredService<RunRegistry>();
        await Dcc.Coordinator.Program.Prepare(app, registry);
        var answer = registry.FindHung(TestContext.Current.CancellationToken);
        Assert.False(answer.IsCompleted);

        await app.StartAsync(TestContext.Current.CancellationToken);
        Assert.Null(await answer);
        await app.StopAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public void Device_SilentForLongerThanItMayBe_Hangs()
    {
        var time = new SetTime();
        var pulse = new Pulse(time);
        time.Advance(TimeSpan.FromSeconds(59));
        Assert.False(pulse.IsHung);
        time.Advance(TimeSpan.FromSeconds(2));
        Assert.True(pulse.IsHung);

        // On a stream whose heartbeats are further apart it may be silent for longer.
        pulse.Expect(TimeSpan.FromSeconds(30));
        time.Advance(TimeSpan.FromSeconds(119));
        Assert.False(pulse.IsHung);
        time.Advance(TimeSpan.FromSeconds(2));
        Assert.True(pulse.IsHung);
        pulse.Beat();
        Assert.False(pulse.IsHung);

        time.Advance(TimeSpan.FromDays(1));
        pulse.End();
        Assert.False(pulse.IsHung);
    }

    [Theory]
    [InlineData(null, null, null, null, null)]
    [InlineData("", null, null, null, null)]
    [InlineData("@", null, null, null, null)]
    [InlineData("vsock:2:1234", null, null, null, null)]
    [InlineData("/run/n", null, null, "/run/n", null)]
    [InlineData("@n", "0", null, "@n", null)]
    [InlineData("/run/n", "30000000", null, "/run/n", 30)]
    [InlineData("/run/n", "30000000", "42", "/run/n", 30)]
    [InlineData("/run/n", "30000000", "43", "/run/n", null)]
    public void Socket_OfAnEnvironment_IsFound(string? socket, string? microseconds, string? process, string? path, int? seconds)
    {
        var found = NotifySocket.Find(
            name => name switch { "NOTIFY_SOCKET" => socket, "WATCHDOG_USEC" => microseconds, "WATCHDOG_PID" => process, _ => null }, process: 42);
        Assert.Equal(path, found?.Path);
        Assert.Equal(seconds, (int?)found?.Watchdog?.TotalSeconds);
    }

    private async Task IsReadyPingsAndStops(System.Diagnostics.Process process)
    {
        Assert.Equal("READY=1", await manager.Next());
        for (var pings = 0; pings < 3; pings++)
        {
            Assert.Equal("WATCHDOG=1", await manager.Next());
        }

        Assert.Equal(0, (await Tool.Stop(process)).ExitCode);
        var last = "";
        while (manager.HasMore)
        {
            last = await manager.Next();
        }

        Assert.Equal("STOPPING=1", last);
    }

    private sealed class Liveness : ILiveness
    {
        internal volatile Task<string?> Answer = Task.FromResult<string?>(null);

        public Task<string?> FindHung(CancellationToken cancellation) => Answer.WaitAsync(cancellation);
    }

    private sealed class Lifetime : IHostApplicationLifetime, IDisposable
    {
        private readonly CancellationTokenSource started = new();

        public CancellationToken ApplicationStarted => started.Token;

        public CancellationToken ApplicationStopping => CancellationToken.None;

        public CancellationToken ApplicationStopped => CancellationToken.None;

        internal void Start() => started.Cancel();

        public void StopApplication() => throw new InvalidOperationException();

        public void Dispose() => started.Dispose();
    }
}
