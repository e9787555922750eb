using System.Text.Json;
using System.Text.Json.Serialization;

namespace Dcc.Cli.Load;

/// <summary>What one measurement does: N devices in lockstep, some rounds to warm up and some to measure.</summary>
internal sealed record LoadPlan(int Devices, int WarmUp, int Rounds, int Processes, int StreamsPerConnection)
{
    /// <summary>Name of the run that is loaded.</summary>
    internal const string Run = "load";

    /// <summary>Pushes in all: the last evaluation is one more.</summary>
    internal int Pushes => WarmUp + Rounds + 1;

    /// <summary>Enough rounds for N devices to measure some 100 000 device-rounds; fewer where somebody says so.</summary>
    internal static LoadPlan For(int devices, int? rounds, int processes, int streamsPerConnection)
    {
        const int DeviceRounds = 100_000;
        var measured = rounds ?? Math.Clamp(DeviceRounds / devices, 30, 2_000);
        return new LoadPlan(devices, 5 + (measured / 4), measured, Math.Min(processes, devices), streamsPerConnection);
    }

    /// <summary>The device indices of a process, the last one excluded.</summary>
    internal (int First, int End) Share(int process) =>
        ((int)((long)Devices * process / Processes), (int)((long)Devices * (process + 1) / Processes));
}

/// <summary>What a process of devices saw in the measured rounds.</summary>
/// <param name="Seconds">From the first measured push to the last.</param>
/// <param name="CpuSeconds">Of the process in that time.</param>
/// <param name="Latencies">From a report to the next push, as counts of the buckets of <see cref="LatencyHistogram"/>.</param>
internal sealed record HostFigures(double Seconds, double CpuSeconds, long[] Latencies)
{
    internal string ToJson() => JsonSerializer.Serialize(this, LoadJson.Default.HostFigures);

    internal static HostFigures FromJson(string json) => JsonSerializer.Deserialize(json, LoadJson.Default.HostFigures)!;
}

/// <summary>Times in buckets that are 5 % wide, from 10 microseconds on, so that those of many processes add up.</summary>
internal sealed class LatencyHistogram
{
    private const double First = 1e-5;
    private const double Growth = 1.05;
    private const int Buckets = 360;

    internal long[] Counts { get; } = new long[Buckets];

    internal void Add(TimeSpan time)
    {
        var bucket = (int)(Math.Log(Math.Max(1, time.TotalSeconds / First)) / Math.Log(Growth));
        Interlocked.Increment(ref Counts[Math.Min(bucket, Buckets - 1)]);
    }

    internal void Add(long[] counts)
    {
        for (var i = 0; i < Buckets; i++)
        {
            Counts[i] += counts[i];
        }
    }

    /// <summary>The upper edge of the bucket of a quantile in (0, 1], milliseconds.</summary>
    internal double Milliseconds(double quantile)
    {
        var rank = (long)Math.Ceiling(quantile * Counts.Sum());
        var bucket = 0;
        for (var seen = Counts[0]; seen < rank; seen += Counts[++bucket])
        {
        }

        return 1e3 * First * Math.Pow(Growth, bucket + 1);
    }
}

/// <summary>A server under load.</summary>
/// <param name="RoundsPerSecond">Over the measured rounds.</param>
/// <param name="ServerCpuMicroseconds">User and system time of the server's process, per device and round.</param>
/// <param name="ClientCpuMicroseconds">The same of the devices' processes.</param>
/// <param name="ServerBytesPerStream">Growth of the server's resident memory from before the first stream to the last push, per stream; code that was
/// compiled meanwhile is in it.</param>
/// <param name="ServerMegabytes">The server's resident memory with the last push.</param>
/// <param name="MedianMilliseconds">From a report to the next push: the others' reports, the commit and the push.</param>
/// <param name="Percentile99Milliseconds">As the median.</param>
/// <param name="LongestMilliseconds">As the median; to 5 %.</param>
internal sealed record LoadFigures(
    double RoundsPerSecond, double ServerCpuMicroseconds, double ClientCpuMicroseconds, double ServerBytesPerStream, double ServerMegabytes,
    double MedianMilliseconds, double Percentile99Milliseconds, double LongestMilliseconds);

/// <summary>The coordinator and the bare stream at one N, measured one after the other.</summary>
internal sealed record LoadRow(int Devices, int Rounds, LoadFigures Coordinator, LoadFigures Floor)
{
    /// <summary>Server CPU of the coordinator over that of the bare stream; null where the stream took less than the tick of the system's clock (10 ms).</summary>
    public double? ServerCpuRatio => Floor.ServerCpuMicroseconds > 0 ? Coordinator.ServerCpuMicroseconds / Floor.ServerCpuMicroseconds : null;
}

/// <summary>What <c>dcc load</c> found.</summary>
internal sealed record LoadReport(string Store, bool Metrics, int Processes, int StreamsPerConnection, int Processors, IReadOnlyList<LoadRow> Rows)
{
    internal string ToJson() => JsonSerializer.Serialize(this, LoadJson.Default.LoadReport);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(HostFigures))]
[JsonSerializable(typeof(LoadReport))]
internal sealed partial class LoadJson : JsonSerializerContext;
