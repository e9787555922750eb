using System.Diagnostics;
using System.Globalization;
using System.Net;
using Dcc.Cli.Emulation;
using Dcc.Links;
using Dcc.Links.Ledger;
using Dcc.Links.Proxy;
using Grpc.Core;

namespace Dcc.Cli.Overhead;

/// <summary>
/// One exchange over one kind of link, on real sockets: a scripted coordinator, N scripted devices, a link proxy and a ledger for each. Two
/// rounds come first that are not measured: joining settles in them, and code gets compiled.
/// </summary>
internal sealed class ExchangeRun
{
    /// <summary>Rounds before the measured ones.</summary>
    internal const int WarmUpRounds = 2;

    private readonly Exchange exchange;
    private readonly LinkProfile profile;
    private readonly int devices;
    private readonly int rounds;
    private readonly byte[] content;
    private readonly DeviceLedger[] ledgers;
    private readonly TimeSpan[] stepTimes;
    private LinkProxy[] links = [];
    private SegmentCounts?[] before = [];
    private SegmentCounts?[] after = [];

    private ExchangeRun(Exchange exchange, LinkProfile profile, int devices, int rounds, byte[] content)
    {
        (this.exchange, this.profile, this.devices, this.content) = (exchange, profile, devices, content);
        this.rounds = WarmUpRounds + rounds;
        stepTimes = new TimeSpan[this.rounds + 1];
        MessageMeaning meaning = exchange.UpBytes is null ? EmulatedNetwork.Meaning : ChunkMeaning.Of;
        ledgers = [.. Enumerable.Range(0, devices).Select(device => new DeviceLedger(device, meaning))];
    }

    /// <summary>Measures.</summary>
    /// <param name="exchange">What is said.</param>
    /// <param name="profile">Every device's link.</param>
    /// <param name="devices">N.</param>
    /// <param name="rounds">Rounds to measure.</param>
    /// <param name="content">See <see cref="ChunkScript.Content"/>.</param>
    /// <param name="seed">Of the links' jitter and loss.</param>
    /// <param name="cancellation">Ends the run.</param>
    /// <exception cref="IOException">A stream broke, or a ledger does not add up.</exception>
    internal static async Task<MeasuredExchange> Measure(
        Exchange exchange, LinkProfile profile, int devices, int rounds, byte[] content, ulong seed, CancellationToken cancellation)
    {
        var run = new ExchangeRun(exchange, profile, devices, rounds, content);
        await run.Play(seed, cancellation).ConfigureAwait(false);
        return run.Read();
    }

    private async Task Play(ulong seed, CancellationToken cancellation)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var stage = new ScriptedServer.Stage(rounds, new Lockstep(devices, Passed), Protocol, Chunks);
        await using var server = await ScriptedServer.Start(stage, cancellation).ConfigureAwait(false);
        links = [.. ledgers.Select(ledger => LinkProxy.Start(
            new IPEndPoint(IPAddress.Loopback, 0), server.Address, profile.Settings, seed, ledger.Device, ledger))];
        var talks = ledgers.Select(ledger => Talk(ledger.Device, over.Token)).ToArray();
        try
        {
            await foreach (var talk in Task.WhenEach(talks).ConfigureAwait(false))
            {
                await talk.ConfigureAwait(false);
            }
        }
        catch (Exception exception) when (exception is RpcException or HttpRequestException or InvalidOperationException)
        {
            // The three ways in which a gRPC call fails when its connection goes away: in a read, in a write, in a write after that.
            throw new IOException($"{exchange.Name} over {profile.Name}: the stream broke, {exception.Message}", exception);
        }
        finally
        {
            // One that broke would leave the others waiting for it.
            await over.CancelAsync().ConfigureAwait(false);
            await Task.WhenAll(talks).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            foreach (var link in links)
            {
                await link.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    private Task Talk(int device, CancellationToken cancellation) => exchange.UpBytes is null
        ? ScriptedDevice.Play(Protocol(device), rounds, links[device].Address, cancellation)
        : ScriptedDevice.Play(Chunks(device), rounds, links[device].Address, cancellation);

    private ProtocolScript Protocol(int device) => new(device, rounds);

    private ChunkScript Chunks(int device) => new(exchange, device, content);

    // Every device has joined at step 0 and reported round n - 1 at step n; nobody sends anything now.
    private void Passed(int step)
    {
        if (step == WarmUpRounds)
        {
            before = Array.ConvertAll(links, link => link.Segments);
        }

        stepTimes[step] = Stopwatch.GetElapsedTime(0);
        if (step == rounds)
        {
            after = Array.ConvertAll(links, link => link.Segments);
        }
    }

    private MeasuredExchange Read()
    {
        Array.ForEach(ledgers, Check);
        var times = stepTimes.Skip(WarmUpRounds);
        return new MeasuredExchange(
            [.. ledgers.Select(ledger => DeviceBytes(ledger, LinkDirection.Up))],
            [.. ledgers.Select(ledger => DeviceBytes(ledger, LinkDirection.Down))],
            [.. times.Zip(times.Skip(1), (from, to) => (to - from).TotalMilliseconds)]);
    }

    private void Check(DeviceLedger ledger)
    {
        var totals = ledger.Totals();
        if (!totals.AddsUp)
        {
            var layers = Both(totals.TotalBytes);
            var socket = Both(totals.RawBytes);
            throw new IOException(
                $"{exchange.Name} over {profile.Name}: a ledger does not add up: device {ledger.Device}, layers {layers}, on the socket {socket}");
        }

        static string Both(Func<LinkDirection, long> bytes) => string.Create(
            CultureInfo.InvariantCulture, $"{bytes(LinkDirection.Up)} up and {bytes(LinkDirection.Down)} down");
    }

    private ExchangeBytes DeviceBytes(DeviceLedger ledger, LinkDirection direction)
    {
        var rows = ledger.Rows()
            .Where(row => row.Direction == direction && row.Round >= WarmUpRounds && row.Cause != LedgerCause.Joining).ToList();
        var (data, bare) = direction == LinkDirection.Up
            ? (Segments(counts => counts.UpData), Segments(counts => counts.UpBare))
            : (Segments(counts => counts.DownData), Segments(counts => counts.DownBare));
        return new ExchangeBytes(
            Layers(LedgerLayer.Payload),
            Layers(LedgerLayer.MessagePrefix),
            Layers(LedgerLayer.DataFrameHeaders),
            Layers(LedgerLayer.HeadersFrames, LedgerLayer.ControlFrames, LedgerLayer.Tls, LedgerLayer.Other),
            data,
            bare);

        double Layers(params LedgerLayer[] layers) =>
            (double)rows.Where(row => layers.Contains(row.Layer)).Sum(row => row.Bytes) / (rounds - WarmUpRounds);

        double? Segments(Func<SegmentCounts, long> count) =>
            before[ledger.Device] is { } first && after[ledger.Device] is { } last
                ? (double)LedgerTotals.SegmentHeaderBytes * (count(last) - count(first)) / (rounds - WarmUpRounds)
                : null;
    }
}
