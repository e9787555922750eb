using System.Globalization;
using System.Net;
using Dcc.Cli.Scenarios;
using Dcc.Cli.Simulation;
using Dcc.Links;
using Dcc.Links.Proxy;
using Dcc.Protocol;
using Dcc.Protocol.V1;
using Grpc.Core;
using Grpc.Net.Client;

namespace Dcc.Services.Tests;

/// <summary>
/// A round over each profile takes as long over real sockets as the simulator says, for devices that compute nothing. Alone on the machine as far
/// as this process goes, and compared at the lower quartile: whatever else runs only adds.
/// </summary>
[Collection(nameof(VirtualTimeTests))]
[CollectionDefinition(nameof(VirtualTimeTests), DisableParallelization = true)]
public class VirtualTimeTests
{
    private const int Devices = CoordinatorHost.Devices;
    private const int Rounds = 11;
    private const int RealRuns = 4;
    private const int VirtualRuns = 100;

    // A burst of other load may outlast one measurement; a model that is wrong disagrees every time.
    private const int Attempts = 5;

    // Slower profiles mostly wait, and can do so at the same time.
    private const double FastMilliseconds = 100;

    [Fact]
    public async Task Round_OverEachProfile_TakesTheVirtualTime()
    {
        var expected = LinkProfile.All.ToDictionary(
            profile => profile, profile => Quartile(Enumerable.Range(100, VirtualRuns).Select(run => InVirtualTime(profile.Settings, (ulong)run))));
        var disagreeing = new List<(LinkProfile Profile, double Real)>(expected.Keys.Select(profile => (profile, double.NaN)));
        for (var attempt = 0; attempt < Attempts && disagreeing.Count > 0; attempt++)
        {
            var measured = await Measure([.. disagreeing.Select(profile => (profile.Profile, expected[profile.Profile]))]);
            disagreeing = [.. measured.Where(profile => !Agree(profile.Real, expected[profile.Profile]))];
        }

        Assert.Equal("", string.Join("; ", disagreeing.Select(profile => string.Create(
            CultureInfo.InvariantCulture,
            $"{profile.Profile.Name}: {profile.Real:F1} ms over sockets, {expected[profile.Profile]:F1} ms in virtual time"))));
    }

    private static bool Agree(double real, double virtually) => Math.Abs(real - virtually) <= Math.Max(5, 0.05 * virtually);

    private static async Task<List<(LinkProfile Profile, double Real)>> Measure(List<(LinkProfile Profile, double Virtual)> profiles)
    {
        var measured = new List<(LinkProfile, double)>();
        foreach (var (profile, _) in profiles.Where(profile => profile.Virtual < FastMilliseconds))
        {
            var runs = new List<double[]>();
            for (var run = 0; run < RealRuns; run++)
            {
                runs.Add(await OverSockets(profile.Settings, (ulong)run));
            }

            measured.Add((profile, Quartile(runs)));
        }

        measured.AddRange(await Task.WhenAll(profiles.Where(profile => profile.Virtual >= FastMilliseconds).Select(async profile => (
            profile.Profile,
            Quartile(await Task.WhenAll(Enumerable.Range(0, RealRuns).Select(run => OverSockets(profile.Profile.Settings, (ulong)run))))))));
        return measured;
    }

    // Milliseconds until the last report of each round, after joining.
    private static async Task<double[]> OverSockets(LinkSettings settings, ulong seed)
    {
        await using var host = await CoordinatorHost.Start(("Run:Rounds", (Rounds - 1).ToString(CultureInfo.InvariantCulture)));
        using var watch = host.Operation.WatchRun(new RunRequest { Run = CoordinatorHost.Run }, cancellationToken: TestContext.Current.CancellationToken);
        Assert.True(await watch.ResponseStream.MoveNext(TestContext.Current.CancellationToken));
        var upstream = new DnsEndPoint("127.0.0.1", new Uri(host.Address).Port);
        var devices = Enumerable.Range(0, Devices).Select(device => Take(device, settings, seed, upstream)).ToList();
        var rounds = new List<double>();
        await foreach (var update in watch.ResponseStream.ReadAllAsync(TestContext.Current.CancellationToken))
        {
            if (update.Round is { } round)
            {
                rounds.Add(round.RoundTripMilliseconds.Max());
            }
        }

        await Task.WhenAll(devices);
        return [.. rounds.Skip(1)];
    }

    private static async Task Take(int device, LinkSettings settings, ulong seed, DnsEndPoint upstream)
    {
        await using var link = LinkProxy.Start(new IPEndPoint(IPAddress.Loopback, 0), upstream, settings, seed, device, tap: null);
        using var channel = GrpcChannel.ForAddress($"http://{link.Address}");
        using var call = new Coordination.CoordinationClient(channel).Participate(cancellationToken: TestContext.Current.CancellationToken);
        await call.RequestStream.WriteAsync(Talker.Hello((uint)device), TestContext.Current.CancellationToken);
        await foreach (var message in call.ResponseStream.ReadAllAsync(TestContext.Current.CancellationToken))
        {
            if (message.Push is { } push)
            {
                await call.RequestStream.WriteAsync(Talker.Report(push.Round), TestContext.Current.CancellationToken);
            }
            else if (message.End is not null)
            {
                return;
            }
        }
    }

    private static double[] InVirtualTime(LinkSettings settings, ulong seed)
    {
        var scenario = new Scenario("none", [.. Enumerable.Repeat(settings, Devices)], [.. Enumerable.Repeat(DeviceClass.Unlimited, Devices)], [], null);
        using var network = new VirtualNetwork(scenario, seed, (_, _, _) => { });
        return [.. Enumerable.Range(0, Rounds).Select(round => (double)network.Carry(
            round,
            [.. Enumerable.Repeat(Wire.PushBytes(round, new Core.Learning.Push(0.1, 0.13, 1, 1.03)), Devices)],
            [.. Enumerable.Repeat(Wire.ReportBytes(round, new Core.Learning.Report(2, 1.9, 2.1)), Devices)],
            TestContext.Current.CancellationToken).Max()).Skip(1)];
    }

    private static double Quartile(IEnumerable<double[]> runs)
    {
        var sorted = runs.SelectMany(run => run).Order().ToArray();
        return sorted[sorted.Length / 4];
    }
}
