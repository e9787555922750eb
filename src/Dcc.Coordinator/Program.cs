using System.Net.Sockets;
using Dcc.Coordinator.Dashboard;
using Dcc.Coordinator.Runs;
using Dcc.Coordinator.Security;
using Dcc.Coordinator.Services;
using Dcc.Coordinator.Telemetry;
using Dcc.Core.Validation;
using Dcc.Hosting;
using Dcc.Hosting.Supervision;
using Dcc.Hosting.Telemetry;
using Dcc.Journal;
using Dcc.Protocol;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using Prometheus;

namespace Dcc.Coordinator;

/// <summary>The coordinator service.</summary>
internal static class Program
{
    private const string AliveCheck = "coordinator";

    // The service that is asked for in grpc.health.v1: this one also wants a database under a lease to answer.
    private const string ReadyService = "ready";

    private static Task<int> Main(string[] arguments) => ServiceProgram.Run(CoordinatorOptions.Flags, arguments, Serve);

    private static async Task<int> Serve(Dictionary<string, string?> settings)
    {
        if (HealthQuery.IsAsked(settings))
        {
            var listen = HealthQuery.Setting(
                settings, $"{CoordinatorOptions.Section}:{nameof(CoordinatorOptions.Listen)}", new CoordinatorOptions().Listen);
            List<InputFault> faults = [];
            OptionInputs.CheckListenAddress("listen", listen, ["http", "https"], faults);
            return faults.Count == 0 ? await HealthQuery.AskGrpc(listen).ConfigureAwait(false) : throw new InvalidInputException(faults);
        }

        if (settings.TryGetValue("Coordinator:Store", out var argument))
        {
            StoreLocation.ParseArgument(argument!);
        }

        await using var app = Build(settings);
        var options = app.Services.GetRequiredService<IOptions<CoordinatorOptions>>().Value;
        var registry = app.Services.GetRequiredService<RunRegistry>();
        var leadership = app.Services.GetRequiredService<Leadership>();
        if (options.HighAvailability)
        {
            app.Services.GetRequiredService<SecurityFiles>().Read();
        }
        else
        {
            await Prepare(app, registry).ConfigureAwait(false);
        }

        try
        {
            await app.StartAsync().ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (app.Lifetime.ApplicationStopping.IsCancellationRequested)
        {
            // Stopped as asked, before it had started.
            return ExitCode.Done;
        }
        catch (IOException exception) when (exception.InnerException is AddressInUseException)
        {
            var (field, address) = exception.Message.Contains(options.Http, StringComparison.Ordinal) ? ("http", options.Http) : ("listen", options.Listen);
            throw new InvalidInputException(field, "a free address", address);
        }
        catch (SocketException exception)
        {
            throw new InvalidInputException(
                "listen or http", "addresses of this machine that may be bound", $"{options.Listen} and {options.Http} ({exception.Message})");
        }

        Log.Listening(app.Logger, string.Join(' ', app.Urls), StoreLocation.Parse(options.Store).ToString());
        StartWarnings.Write(app.Logger, options);
        if (options.HighAvailability && await leadership.Acquire().ConfigureAwait(false))
        {
            await Lead(app, registry).ConfigureAwait(false);
        }

        await app.WaitForShutdownAsync().ConfigureAwait(false);
        return registry.Failed || leadership.Lost ? ExitCode.Failed : ExitCode.Done;
    }

    /// <summary>The application with the settings of a command line.</summary>
    internal static WebApplication Build(Dictionary<string, string?> settings)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        ServiceProgram.Configure(builder, settings);
        OtlpExport.Configure(builder, "dcc-coordinator", CoordinatorInstruments.MeterName, RoundTracing.SourceName);
        builder.Services.AddOptions<CoordinatorOptions>().BindConfiguration(CoordinatorOptions.Section).ValidateOnStart();
        builder.Services.AddSingleton<IValidateOptions<CoordinatorOptions>, CoordinatorOptionsValidator>();
        builder.Services.AddOptions<RunOptions>().BindConfiguration(RunOptions.Section);
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton(provider => OpenStore(
            provider.GetRequiredService<IOptions<CoordinatorOptions>>().Value.Store, provider.GetRequiredService<Leadership>().Lease));
        builder.Services.AddSingleton<ProtocolFaults>();
        builder.Services.AddSingleton<TransportBytes>();
        builder.Services.AddSingleton<CoordinatorInstruments>();
        builder.Services.AddSingleton(provider => new PrometheusBridge(provider.GetRequiredService<CoordinatorInstruments>().Meter));
        builder.Services.AddSingleton<SecurityFiles>();
        builder.Services.AddSingleton<Access>();
        builder.Services.AddSingleton<PeerLimits>();
        builder.Services.AddSingleton<Listeners>();
        builder.Services.AddSingleton<Leadership>();
        builder.Services.AddSingleton<RunRegistry>();
        builder.Services.AddHostedService(provider => provider.GetRequiredService<RunRegistry>());
        builder.Services.AddServiceManagerWatch<RunRegistry>();

        // Health and reflection too: whoever is not known must not make the coordinator keep more than a device may.
        builder.Services.AddGrpc(grpc => grpc.MaxReceiveMessageSize = Wire.MaxDeviceMessageBytes)
            .AddServiceOptions<OperationService>(grpc => grpc.MaxReceiveMessageSize = OperationService.MaxRequestBytes);
        builder.Services.AddGrpcReflection();
        builder.Services.AddSingleton<ReadyCheck>();
        builder.Services.AddGrpcHealthChecks(health =>
            {
                health.Services.Map("", check => check.Name == AliveCheck);
                health.Services.Map(ReadyService, _ => true);
            })
            .AddCheck(AliveCheck, () => HealthCheckResult.Healthy())
            .AddCheck<ReadyCheck>("database");
        builder.Services.Configure<HealthCheckPublisherOptions>(publisher => publisher.Delay = TimeSpan.Zero);
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ApplicationServices.GetRequiredService<Listeners>().Open(kestrel));
        var app = builder.Build();
        app.UseMiddleware<OperatorGate>();
        app.UseMiddleware<StandbyGate>();
        app.MapGrpcService<CoordinationService>();
        app.MapGrpcService<OperationService>();
        app.MapGrpcHealthChecksService();
        app.MapGrpcReflectionService();
        if (app.Services.GetRequiredService<IOptions<CoordinatorOptions>>().Value.Http != CoordinatorOptions.None)
        {
            app.MapMetrics(registry: app.Services.GetRequiredService<PrometheusBridge>().Registry);
            ActivatorUtilities.CreateInstance<PageEndpoints>(app.Services).Map(app);
        }

        return app;
    }

    /// <summary>All that comes before listening where nobody else may lead.</summary>
    internal static Task Prepare(WebApplication app, RunRegistry registry)
    {
        app.Services.GetRequiredService<SecurityFiles>().Read();
        return Lead(app, registry);
    }

    // Recovers what the store has, creates the run that the options name, and serves from then on.
    private static async Task Lead(WebApplication app, RunRegistry registry)
    {
        await registry.Recover().ConfigureAwait(false);

        var run = app.Services.GetRequiredService<IOptions<RunOptions>>().Value;
        if (run.Name is { } name)
        {
            try
            {
                _ = await registry.Create(name, run.ToParameters(), CancellationToken.None).ConfigureAwait(false)
                    ?? throw new InvalidInputException("run", "a new name, or the parameters it was created with", name);
            }
            catch (TooManyRunsException exception)
            {
                throw new InvalidInputException("max-runs", "room for a further run", exception.Message);
            }
        }

        app.Services.GetRequiredService<Leadership>().Begin();
    }

    private static IJournalStore OpenStore(string store, PostgresLease? lease)
    {
        var location = StoreLocation.Parse(store);
        try
        {
            return lease is null ? location.Open() : location.OpenUnder(lease);
        }
        catch (Exception exception) when (exception is InvalidDataException || (exception is IOException && !location.IsServer))
        {
            throw new InvalidInputException("store", "a journal file of this program, or a path where one can be created", exception.Message);
        }
    }
}
