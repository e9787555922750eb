using System.Diagnostics;
using Dcc.Cli.Terminal;
using Dcc.Core.Devices;
using Dcc.Core.Engine;
using Dcc.Core.Validation;
using Dcc.Links;

namespace Dcc.Cli.Overhead;

/// <summary>
/// Measures all exchanges: bytes on loopback, times on every profile, on real sockets where that was asked for and does not take too long.
/// </summary>
/// <param name="parameters">Devices, rounds, seed and learning steps.</param>
/// <param name="system">The devices.</param>
/// <param name="chosen">Profiles to measure on real sockets.</param>
/// <param name="limit">A measurement that would take longer than this is made in virtual time instead.</param>
/// <param name="progress">Told how far it is.</param>
internal sealed class OverheadMeasurement(
    RunParameters parameters, EdgeSystem system, IReadOnlyCollection<LinkProfile> chosen, TimeSpan limit, IProgressDisplay progress)
{
    private static readonly LinkProfile Loopback = LinkProfile.Find("loopback")!;

    private readonly IReadOnlyList<Exchange> exchanges = Exchange.All(system, parameters.Steps);
    private int measurements;

    internal async Task<OverheadReport> Execute(CancellationToken cancellation)
    {
        var start = Stopwatch.GetTimestamp();
        var content = ChunkScript.Content(exchanges, parameters.Devices, parameters.Seed);
        progress.Advance(0, "rounds of the algorithm");
        var convergence = await Task.Run(() => Convergence.Find(parameters, system, cancellation), cancellation).ConfigureAwait(false);
        var reports = new List<ExchangeReport>();
        foreach (var exchange in exchanges)
        {
            reports.Add(await Report(exchange, content, convergence, cancellation).ConfigureAwait(false));
        }

        progress.Advance(1, "done");
        return new OverheadReport(
            parameters.Devices, parameters.Rounds, parameters.Seed, parameters.Steps, reports, convergence, ReferenceSystem.All,
            ReferenceSystem.Source, measurements * parameters.Devices, Stopwatch.GetElapsedTime(start).TotalSeconds);
    }

    private async Task<ExchangeReport> Report(Exchange exchange, byte[] content, Convergence convergence, CancellationToken cancellation)
    {
        var measured = await Measure(exchange, Loopback, content, cancellation).ConfigureAwait(false);
        var times = new List<RoundTime>();
        foreach (var profile in LinkProfile.All)
        {
            times.Add(profile == Loopback
                ? Time(profile, measured.Milliseconds, TimeSource.RealSockets)
                : await Time(exchange, profile, measured, content, cancellation).ConfigureAwait(false));
        }

        var up = ExchangeBytes.Mean(measured.Up);
        var down = ExchangeBytes.Mean(measured.Down);
        var bytes = up.OnTheSocket + up.TcpIpHeadersOfDataSegments + down.OnTheSocket + down.TcpIpHeadersOfDataSegments;
        var learns = exchange.Name == Exchange.Protocol;
        return new ExchangeReport(
            exchange.Name, exchange.Title, exchange.Content, up, down, bytes, times,
            learns ? bytes * parameters.Devices * convergence.Rounds : null, learns);
    }

    private async Task<RoundTime> Time(
        Exchange exchange, LinkProfile profile, MeasuredExchange measured, byte[] content, CancellationToken cancellation)
    {
        var rounds = ExchangeRun.WarmUpRounds + parameters.Rounds;
        var expected = VirtualExchange.Rounds(measured, profile, rounds, parameters.Seed, cancellation);
        if (!chosen.Contains(profile) || expected.Sum() > limit.TotalMilliseconds)
        {
            return Time(profile, expected, TimeSource.VirtualTime);
        }

        var real = await Measure(exchange, profile, content, cancellation).ConfigureAwait(false);
        return Time(profile, real.Milliseconds, TimeSource.RealSockets);
    }

    private Task<MeasuredExchange> Measure(Exchange exchange, LinkProfile profile, byte[] content, CancellationToken cancellation)
    {
        progress.Advance((++measurements - 0.5) / (exchanges.Count * (1 + chosen.Count)), $"{exchange.Name} over {profile.Name}");
        return ExchangeRun.Measure(exchange, profile, parameters.Devices, parameters.Rounds, content, parameters.Seed, cancellation);
    }

    private static RoundTime Time(LinkProfile profile, double[] milliseconds, TimeSource source)
    {
        double[] sorted = [.. milliseconds.Order()];
        return new RoundTime(profile.Name, (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2, KebabCase.Name(source));
    }
}
