using System.Globalization;
using Dcc.Coordinator.Runs;
using Dcc.Protocol.V1;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.Extensions.DependencyInjection;

namespace Dcc.Benchmarks;

/// <summary>
/// Something to look at on the live page: a real coordinator and N scripted devices over gRPC in this process, a round every so often. What
/// offloading saves a device comes and goes in waves, so theta has something to follow; costs, bytes and now and then a fault are made up.
/// </summary>
internal sealed class PageFeed(int devices, int rounds, TimeSpan pace)
{
    private const string Run = "feed";
    private const int FaultEvery = 150;

    // Of a round, in which device i answers after pace * i / N of this part.
    private const double Spread = 0.5;

    /// <summary>Feeds until the run is over, then serves until the standard input ends.</summary>
    internal static async Task Serve(string http, int devices, int rounds, double roundsPerSecond)
    {
        await using var app = Coordinator.Program.Build(new Dictionary<string, string?>
        {
            ["Coordinator:Listen"] = "http://127.0.0.1:0",
            ["Coordinator:Http"] = http,
            ["Coordinator:Store"] = "memory",
            ["Logging:LogLevel:Default"] = "Error",
            ["Run:Name"] = Run,
            ["Run:Devices"] = devices.ToString(CultureInfo.InvariantCulture),
            ["Run:Rounds"] = rounds.ToString(CultureInfo.InvariantCulture),
        });
        await Coordinator.Program.Prepare(app, app.Services.GetRequiredService<RunRegistry>());
        await app.StartAsync();
        Console.WriteLine($"page {app.Urls.Last()}");
        using var channel = GrpcChannel.ForAddress(app.Urls.First());
        await new PageFeed(devices, rounds, TimeSpan.FromSeconds(1 / roundsPerSecond)).Talk(channel);
        Console.WriteLine("the run is over");
        await Console.In.ReadToEndAsync();
    }

    private async Task Talk(GrpcChannel channel)
    {
        var coordination = new Coordination.CoordinationClient(channel);
        var operation = new Operation.OperationClient(channel);
        var calls = Enumerable.Range(0, devices).Select(_ => coordination.Participate()).ToArray();
        var joined = await Task.WhenAll(calls.Select(async (call, device) =>
        {
            await call.RequestStream.WriteAsync(
                new DeviceMessage { Hello = new Hello { Run = Run, Device = (uint)device, ProtocolVersion = Protocol.Wire.Version } });
            await call.ResponseStream.MoveNext(CancellationToken.None);
            return call;
        }));
        using var tick = new PeriodicTimer(pace);
        for (var round = 0; round <= rounds; round++)
        {
            await tick.WaitForNextTickAsync();
            await Note(operation, round);
            await Task.WhenAll(joined.Select((call, device) => Answer(call, device)));
        }
    }

    private async Task Answer(AsyncDuplexStreamingCall<DeviceMessage, CoordinatorMessage> call, int device)
    {
        await call.ResponseStream.MoveNext(CancellationToken.None);
        var push = call.ResponseStream.Current.Push;
        double Cost(double theta, double price) =>
            2 + (0.4 * (device % 7) / 7) - (Saving(device, push.Round) * (1 - Math.Exp(-6 * theta))) + (0.3 * theta * price);
        await Task.Delay(pace * (Spread * device / devices));
        await call.RequestStream.WriteAsync(new DeviceMessage
        {
            Report = new Report
            {
                Round = push.Round, Cost = Cost(push.Theta, push.Price), Own = Cost(push.ThetaOwn, push.Price), Others = Cost(push.Theta, push.PriceOthers),
            },
        });
    }

    private double Saving(int device, uint round) =>
        0.5 + (0.3 * (device * 37 % 100) / 100) + (0.45 * Math.Sin(2 * Math.PI * ((round / 160.0) + (1.5 * device / devices))));

    private async Task Note(Operation.OperationClient operation, int round)
    {
        var note = new NoteRunRequest
        {
            Run = Run,
            Costs = new ReferenceCosts { NeverOffload = 2.17, BestKnown = 2.02 },
            Bytes = new CarriedBytes
            {
                Layers =
                {
                    new LayerBytes { Layer = "payload", Up = (ulong)(29L * round * devices), Down = (ulong)(38L * round * devices) },
                    new LayerBytes { Layer = "message-prefix", Up = (ulong)(5L * round * devices), Down = (ulong)(5L * round * devices) },
                    new LayerBytes { Layer = "data-frame-headers", Up = (ulong)(9L * round * devices), Down = (ulong)(9L * round * devices) },
                },
            },
        };
        if (round % FaultEvery == FaultEvery / 2)
        {
            note.Events.Add(new RunEvent
            {
                Kind = "fault", Reason = $"partition of device {round % devices} for 2 s", UnixMilliseconds = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds(),
            });
        }

        await operation.NoteRunAsync(note);
    }
}
