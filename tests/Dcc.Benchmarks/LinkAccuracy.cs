using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Dcc.Links;
using Dcc.Links.Proxy;

namespace Dcc.Benchmarks;

/// <summary>
/// What the link proxy makes of what it is asked for, on loopback, with device and coordinator as plain sockets in the same process: so the
/// errors hold the sockets' and the thread pool's own time too.
/// </summary>
internal static class LinkAccuracy
{
    private static readonly IPEndPoint AnyPort = new(IPAddress.Loopback, 0);

    internal static async Task Print()
    {
        await Delay(50, 400);
        foreach (var (rate, seconds) in new[] { (64e3, 8.0), (1e6, 4.0), (10e6, 4.0), (100e6, 4.0) })
        {
            await Throughput(rate, latencyMilliseconds: 5, seconds);
        }

        await Throughput(20e6, latencyMilliseconds: 300, seconds: 4);
        await Idle(500);
        await ManyLinks(500, seconds: 10);
    }

    private static async Task Delay(double milliseconds, int messages)
    {
        await using var path = await Path.OpenAsync(Ways(new DirectionSettings { Latency = TimeSpan.FromMilliseconds(milliseconds) }));
        var errors = new List<double>();
        var message = new byte[80];
        for (var i = 0; i < messages; i++)
        {
            var sent = Stopwatch.GetTimestamp();
            await path.Device.SendAsync(message);
            await ReadAsync(path.Server, message.Length);
            var error = Stopwatch.GetElapsedTime(sent).TotalMilliseconds - milliseconds;
            errors.AddRange(i < 10 ? [] : [error]);
        }

        errors.Sort();
        Write(
            $"one-way delay {milliseconds} ms: error median {errors[errors.Count / 2]:F3} ms, ",
            $"p99 {errors[errors.Count * 99 / 100]:F3} ms, max {errors[^1]:F3} ms");
    }

    // Between the arrival of the first bytes and of the last, so that the latency and the sender's buffers do not count.
    private static async Task Throughput(double bitsPerSecond, double latencyMilliseconds, double seconds)
    {
        var way = new DirectionSettings
        {
            Latency = TimeSpan.FromMilliseconds(latencyMilliseconds),
            BandwidthBytesPerSecond = bitsPerSecond / 8,
            QueueBytes = (int)Math.Clamp(bitsPerSecond / 8 / 10, 16 * 1024, 256 * 1024),
        };
        await using var path = await Path.OpenAsync(Ways(way));
        var total = (int)(bitsPerSecond / 8 * seconds);
        var sending = SendAsync(path.Device, total);
        var process = Process.GetCurrentProcess().TotalProcessorTime;
        var first = await path.Server.ReceiveAsync(new byte[65536]);
        var start = Stopwatch.GetTimestamp();
        await ReadAsync(path.Server, total - first);
        var elapsed = Stopwatch.GetElapsedTime(start).TotalSeconds;
        var cpu = (Process.GetCurrentProcess().TotalProcessorTime - process).TotalSeconds;
        await sending;
        var rate = 8 * (total - first) / elapsed;
        Write(
            $"{bitsPerSecond / 1e6} Mbit/s, {latencyMilliseconds} ms: {rate / 1e6:F4} Mbit/s, error {100 * ((rate / bitsPerSecond) - 1):F2} %, ",
            $"CPU {100 * cpu / elapsed:F0} % of a core with both ends");
    }

    private static async Task Idle(int links)
    {
        var (managed, resident) = Memory();
        var paths = await Task.WhenAll(Enumerable.Range(0, links).Select(_ => Path.OpenAsync(Lte())));
        foreach (var path in paths)
        {
            await path.Device.SendAsync(new byte[80]);
        }

        await Task.WhenAll(paths.Select(path => ReadAsync(path.Server, 80)));

        await Task.Delay(500);
        var (managedAfter, residentAfter) = Memory();
        Write(
            $"idle link, connected and used once, with both end sockets: {(managedAfter - managed) / links / 1024.0:F1} KiB managed, ",
            $"{(residentAfter - resident) / links / 1024.0:F1} KiB resident");
        foreach (var path in paths)
        {
            await path.DisposeAsync();
        }
    }

    private static async Task ManyLinks(int links, int seconds)
    {
        var paths = await Task.WhenAll(Enumerable.Range(0, links).Select(_ => Path.OpenAsync(Lte())));
        var start = Process.GetCurrentProcess().TotalProcessorTime;
        var exchanges = await Task.WhenAll(paths.Select((path, i) => Exchange(path, i * 1000 / links, seconds)));
        var cpu = (Process.GetCurrentProcess().TotalProcessorTime - start).TotalSeconds;
        Write($"{links} LTE links, {exchanges.Sum()} exchanges in {seconds} s: CPU {100 * cpu / seconds:F1} % of a core with both ends");
        foreach (var path in paths)
        {
            await path.DisposeAsync();
        }
    }

    private static async Task<int> Exchange(Path path, int offsetMilliseconds, int seconds)
    {
        var message = new byte[80];
        await Task.Delay(offsetMilliseconds);
        for (var i = 0; i < seconds; i++)
        {
            var start = Stopwatch.GetTimestamp();
            await path.Device.SendAsync(message);
            await ReadAsync(path.Server, message.Length);
            await path.Server.SendAsync(message);
            await ReadAsync(path.Device, message.Length);
            var rest = 1000 - Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            await Task.Delay(TimeSpan.FromMilliseconds(Math.Max(0, rest)));
        }

        return seconds;
    }

    private static LinkSettings Ways(DirectionSettings way) => new(way, way);

    private static LinkSettings Lte() => LinkProfile.Find("lte")!.Settings;

    private static async Task SendAsync(Socket socket, int total)
    {
        var block = new byte[65536];
        for (var left = total; left > 0;)
        {
            left -= await socket.SendAsync(block.AsMemory(0, Math.Min(left, block.Length)));
        }
    }

    private static async Task ReadAsync(Socket socket, int count)
    {
        var block = new byte[Math.Min(count, 65536)];
        while (count > 0)
        {
            var read = await socket.ReceiveAsync(block.AsMemory(0, Math.Min(count, block.Length)));
            count -= read > 0 ? read : throw new InvalidOperationException("The stream ended early.");
        }
    }

    private static (long Managed, long Resident) Memory()
    {
        GC.Collect();
        using var process = Process.GetCurrentProcess();
        return (GC.GetTotalMemory(forceFullCollection: true), process.WorkingSet64);
    }

    private static void Write(params FormattableString[] parts)
    {
        foreach (var part in parts)
        {
            Console.Write(part.ToString(CultureInfo.InvariantCulture));
        }

        Console.WriteLine();
    }

    private sealed record Path(LinkProxy Proxy, Socket Listener, Socket Device, Socket Server) : IAsyncDisposable
    {
        internal static async Task<Path> OpenAsync(LinkSettings settings)
        {
            var listener = new Socket(SocketType.Stream, ProtocolType.Tcp);
            listener.Bind(AnyPort);
            listener.Listen();
            var proxy = LinkProxy.Start(AnyPort, listener.LocalEndPoint!, settings, seed: 1, index: 0, tap: null);
            var device = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            await device.ConnectAsync(proxy.Address);
            var server = await listener.AcceptAsync();
            server.NoDelay = true;
            return new Path(proxy, listener, device, server);
        }

        public async ValueTask DisposeAsync()
        {
            await Proxy.DisposeAsync();
            Listener.Dispose();
            Device.Dispose();
            Server.Dispose();
        }
    }
}
