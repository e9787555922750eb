using System.Globalization;
using Dcc.Agent;
using Dcc.Agent.Telemetry;
using Dcc.Coordinator.Runs;
using Dcc.Core.Devices;
using Dcc.Core.Engine;
using Dcc.Core.Learning;
using Dcc.Hosting.Security;
using Dcc.Protocol.V1;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using RunParameters = Dcc.Core.Engine.RunParameters;

namespace Dcc.Services.Tests;

/// <summary>A coordinator on real Kestrel and a free port of loopback, with one run of three devices that solve exactly.</summary>
internal sealed class CoordinatorHost : IAsyncDisposable
{
    internal const string Run = "test";
    internal const int Devices = 3;
    internal const int Rounds = 4;

    private readonly WebApplication app;

    private CoordinatorHost(WebApplication app, GrpcChannel channel)
    {
        this.app = app;
        Channel = channel;
    }

    internal string Address => app.Urls.First();

    /// <summary>The HTTP/1.1 side, where the settings ask for one.</summary>
    internal Uri Http => new(app.Urls.Last());

    internal GrpcChannel Channel { get; }

    internal AgentInstruments Instruments { get; } = new();

    internal RunRegistry Registry => app.Services.GetRequiredService<RunRegistry>();

    /// <summary>Log lines from now on.</summary>
    internal LogLines Log()
    {
        var lines = new LogLines();
        app.Services.GetRequiredService<ILoggerFactory>().AddProvider(lines);
        return lines;
    }

    internal Coordination.CoordinationClient Coordination => new(Channel);

    internal Operation.OperationClient Operation => new(Channel);

    internal static Task<CoordinatorHost> Start(params (string Key, string Value)[] more) => StartAs(new ClientSecurity(), more);

    /// <summary>The same, with an operator who has something to show.</summary>
    internal static async Task<CoordinatorHost> StartAs(ClientSecurity security, params (string Key, string Value)[] more)
    {
        var settings = new Dictionary<string, string?>
        {
            ["Coordinator:Listen"] = "http://127.0.0.1:0",
            ["Coordinator:Http"] = "none",
            ["Coordinator:Store"] = "memory",
            ["Run:Name"] = Run,
            ["Run:Devices"] = Devices.ToString(CultureInfo.InvariantCulture),
            ["Run:Rounds"] = Rounds.ToString(CultureInfo.InvariantCulture),
            ["Run:Solver"] = "exact",
        };
        foreach (var (key, value) in more)
        {
            settings[key] = value;
        }

        var app = Dcc.Coordinator.Program.Build(settings);
        await Dcc.Coordinator.Program.Prepare(app, app.Services.GetRequiredService<RunRegistry>());
        await app.StartAsync(TestContext.Current.CancellationToken);
        return new CoordinatorHost(app, Open(app.Urls.First(), security));
    }

    /// <summary>A channel of a client that shows what it has.</summary>
    internal static GrpcChannel Open(string address, ClientSecurity security) => GrpcChannel.ForAddress(address, new GrpcChannelOptions
    {
        HttpHandler = new SocketsHttpHandler { EnableMultipleHttp2Connections = true, SslOptions = security.Tls(TimeProvider.System) },
        DisposeHttpClient = true,
    });

    /// <summary>Real device workers for all devices, until the run has ended.</summary>
    internal async Task<int[]> RunDevices()
    {
        using var learning = new SemaphoreSlim(2);
        return await Together(Enumerable.Range(0, Devices).Select(device => Worker(device, learning, NullLogger.Instance)));
    }

    /// <summary>Runs workers until all have ended, or one has failed: the others would wait for its reports for ever.</summary>
    internal static async Task<int[]> Together(IEnumerable<DeviceWorker> workers)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        return await Task.WhenAll(workers.Select(Run));

        async Task<int> Run(DeviceWorker worker)
        {
            var code = 1;
            try
            {
                return code = await worker.Run(over.Token);
            }
            finally
            {
                if (code != 0)
                {
                    await over.CancelAsync();
                }
            }
        }
    }

    internal DeviceWorker Worker(int device, SemaphoreSlim learning, ILogger logger) =>
        Worker(device, new AgentOptions { Coordinator = Address, Run = Run }, Coordination, learning, logger);

    internal DeviceWorker Worker(
        int device, AgentOptions options, Coordination.CoordinationClient client, SemaphoreSlim learning, ILogger logger) =>
        new(device, options, null, client, learning, Instruments, TimeProvider.System, logger);

    internal async Task<RunStatus> Status() =>
        await Operation.GetRunAsync(new RunRequest { Run = Run }, cancellationToken: TestContext.Current.CancellationToken);

    internal Task Stop() => app.StopAsync(TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        Channel.Dispose();
        Instruments.Dispose();
        await app.DisposeAsync();
    }

    /// <summary>The digest of the same run without any network.</summary>
    internal static string UndisturbedDigest(int rounds = Rounds)
    {
        var system = EdgeSystem.Sample(Devices, RunParameters.DefaultSeed);
        var parameters = new RunParameters
        {
            Devices = Devices, Rounds = rounds, Seed = RunParameters.DefaultSeed, Solver = SolverKind.Exact, InitialTheta = new double[Devices],
        };
        var effects = new List<RoundEffect>();
        var engine = RoundEngine.Create(parameters, effects);
        var sessions = Enumerable.Range(0, Devices)
            .Select(i => new DeviceSession(LocalSolvers.Create(parameters.SolverSettings(system.Gamma), system.Device(i), i))).ToArray();
        for (var device = 0; device < Devices; device++)
        {
            engine.Handle(RoundEvent.Joined(device, 1, -1), effects);
        }

        while (!engine.Finished)
        {
            var pushes = effects.Where(effect => effect.Kind == RoundEffectKind.Push).ToList();
            effects.Clear();
            foreach (var push in pushes)
            {
                sessions[push.Device].Handle(push.Round, push.Push);
                engine.Handle(RoundEvent.Reported(push.Device, 1, push.Round, sessions[push.Device].LastReport), effects);
            }
        }

        return engine.Digest;
    }
}
