using System.Collections.Concurrent;
using Dcc.Agent.Telemetry;
using Dcc.Core.Devices;
using Dcc.Core.Validation;
using Dcc.Hosting;
using Dcc.Hosting.Security;
using Dcc.Hosting.Supervision;
using Dcc.Hosting.Telemetry;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Dcc.Agent;

/// <summary>The device agent.</summary>
internal static class Program
{
    private static Task<int> Main(string[] arguments) => ServiceProgram.Run(AgentOptions.Flags, arguments, Serve);

    private static async Task<int> Serve(Dictionary<string, string?> settings)
    {
        if (HealthQuery.IsAsked(settings))
        {
            return await Ask(HealthQuery.Setting(settings, $"{AgentOptions.Section}:{nameof(AgentOptions.Metrics)}", AgentOptions.None)).ConfigureAwait(false);
        }

        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { ContentRootPath = AppContext.BaseDirectory });
        builder.Configuration.AddJsonFile("appsettings.json", optional: true).AddEnvironmentVariables();
        ServiceProgram.Configure(builder, settings);
        OtlpExport.Configure(builder, "dcc-agent", AgentInstruments.MeterName, DeviceTelemetry.SourceName);
        builder.Services.AddOptions<AgentOptions>().BindConfiguration(AgentOptions.Section).ValidateOnStart();
        builder.Services.AddSingleton<IValidateOptions<AgentOptions>, AgentOptionsValidator>();
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton<AgentInstruments>();
        builder.Services.AddSingleton<AgentService>();
        builder.Services.AddHostedService(provider => provider.GetRequiredService<AgentService>());
        builder.Services.AddServiceManagerWatch<AgentService>();
        using var host = builder.Build();
        var agent = host.Services.GetRequiredService<AgentService>();
        var address = host.Services.GetRequiredService<IOptions<AgentOptions>>().Value.Metrics;
        using var bridge = address == AgentOptions.None ? null : new PrometheusBridge(host.Services.GetRequiredService<AgentInstruments>().Meter);
        using var metrics = bridge is null ? null : MetricsListener.Start(address, bridge.Registry);
        await host.RunAsync().ConfigureAwait(false);
        return agent.ExitCode;
    }

    // That it answers says that the process is there; that none of its devices hangs, what it serves.
    private static Task<int> Ask(string metrics)
    {
        List<InputFault> faults = [];
        MetricsListener.CheckAddress("metrics", metrics, faults);
        return faults.Count == 0 ? HealthQuery.AskMetrics(metrics, AgentService.NobodyHangs) : throw new InvalidInputException(faults);
    }
}

/// <summary>All devices of the process; ends the host when every one has ended.</summary>
internal sealed class AgentService : BackgroundService, ILiveness
{
    /// <summary>What /metrics then says of the gauge below.</summary>
    internal const string NobodyHangs = "dcc_agent_hung 0";

    private static readonly TimeSpan LeaveTimeout = TimeSpan.FromSeconds(1);

    private readonly ConcurrentBag<DeviceWorker> workers = [];
    private readonly AgentOptions options;
    private readonly IReadOnlyList<int> devices;
    private readonly EdgeSystem? system;
    private readonly AgentInstruments instruments;
    private readonly TimeProvider time;
    private readonly IHostApplicationLifetime lifetime;
    private readonly ILogger<AgentService> logger;

    /// <summary>Reads the device range and the system file: what is wrong with them shows before anything is started.</summary>
    public AgentService(
        IOptions<AgentOptions> options, AgentInstruments instruments, TimeProvider time, IHostApplicationLifetime lifetime,
        ILogger<AgentService> logger)
    {
        this.options = options.Value;
        this.instruments = instruments;
        this.time = time;
        this.lifetime = lifetime;
        this.logger = logger;
        instruments.Meter.CreateObservableGauge(
            "dcc.agent.hung", () => workers.Count(worker => worker.Pulse.IsHung), "{device}", "Devices whose loop stands still; the systemd watchdog and --health tell by it.");
        devices = this.options.DeviceIndices();
        system = OptionInputs.ReadSystem(this.options.System);
        if (system is not null && devices[^1] >= system.Devices.Length)
        {
            throw new InvalidInputException("devices", $"indices below {system.Devices.Length}, the devices of the system file", this.options.Devices);
        }
    }

    /// <summary>Failed until the devices have ended or were asked to stop, so that a fault nobody foresaw does not pass for success.</summary>
    internal int ExitCode { get; private set; } = Hosting.ExitCode.Failed;

    /// <summary>One device that hangs is enough: the others wait for its reports.</summary>
    public Task<string?> FindHung(CancellationToken cancellation) =>
        Task.FromResult(workers.FirstOrDefault(worker => worker.Pulse.IsHung) is { } hung ? $"device {hung.Device}" : null);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var learning = new SemaphoreSlim(Environment.ProcessorCount);
        using var over = options.LeaveOnStop ? new CancellationTokenSource() : CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
        await using var leave = stoppingToken.Register(() => Leave(over)).ConfigureAwait(false);
        using var channels = new CoordinatorChannels(options.Security);
        try
        {
            ExitCode = (await Task.WhenAll(devices.Select((device, position) =>
                RunDevice(device, options.Address(position), channels, learning, over))).ConfigureAwait(false)).Max();
        }
        catch (InvalidInputException exception)
        {
            ExitCode = Hosting.ExitCode.BadInput;
            await Console.Error.WriteLineAsync(exception.Message).ConfigureAwait(false);
        }

        lifetime.StopApplication();
    }

    // A coordinator that does not answer must not hold the stop up: to it these devices are absent.
    private void Leave(CancellationTokenSource over)
    {
        if (options.LeaveOnStop)
        {
            Array.ForEach([.. workers], worker => worker.Leave());
            over.CancelAfter(LeaveTimeout);
        }
    }

    // A device that fails ends the process, so that whoever supervises it notices: the others would wait for its reports for ever.
    private async Task<int> RunDevice(
        int device, string address, CoordinatorChannels channels, SemaphoreSlim learning, CancellationTokenSource over)
    {
        var worker = new DeviceWorker(
            device, options.At(address), system, channels.Open(address), learning, instruments, time, logger, refused => channels.Renew(address, refused));
        workers.Add(worker);
        var code = Hosting.ExitCode.Failed;
        try
        {
            code = await worker.Run(over.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (over.IsCancellationRequested)
        {
            code = Hosting.ExitCode.Done;
        }
        finally
        {
            if (code != Hosting.ExitCode.Done)
            {
                await over.CancelAsync().ConfigureAwait(false);
            }
        }

        return code;
    }
}
