using System.Diagnostics;
using Dcc.Protocol;
using Dcc.Protocol.V1;
using Grpc.Core;
using Grpc.Net.Client;

namespace Dcc.Cli.Load;

/// <summary>
/// Devices that keep to the protocol and compute nothing: every push is answered at once with the same scalars. A process of its own; on stdout it
/// says "warm" when its measured rounds begin, and with its last push what it measured; then its streams stay as they are until stdin is closed, so
/// that the server can be looked at.
/// </summary>
internal sealed class LoadHost(LoadPlan plan, int process)
{
    internal const string Warm = "warm";

    // Streams are opened some at a time: a listener's backlog is not endless.
    private const int OpeningAtOnce = 64;

    private readonly LatencyHistogram latencies = new();
    private readonly Stopwatch clock = new();
    private TimeSpan cpuAtStart;
    private int warm;
    private Task goOn = Task.CompletedTask;
    private int finished;

    internal async Task Execute(string address, CancellationToken cancellation)
    {
        var asked = Task.Run(() => { while (Console.In.ReadLine() is not null) { } }, CancellationToken.None);
        goOn = asked;
        var (first, end) = plan.Share(process);
        using var opening = new SemaphoreSlim(OpeningAtOnce);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var channels = Enumerable.Range(0, ((end - first - 1) / plan.StreamsPerConnection) + 1).Select(_ => Open(address)).ToList();
        var plays = Enumerable.Range(first, end - first).Select(device =>
            Play(device, end - first, channels[(device - first) / plan.StreamsPerConnection], opening, over.Token)).ToArray();
        try
        {
            await foreach (var play in Task.WhenEach(plays).ConfigureAwait(false))
            {
                await play.ConfigureAwait(false);
            }
        }
        catch (Exception exception) when (exception is RpcException or HttpRequestException or InvalidOperationException)
        {
            // The three ways in which a gRPC call fails when its connection goes away: in a read, in a write, in a write after that.
            throw new IOException($"a stream broke: {(exception as RpcException)?.Status.Detail ?? exception.Message}", exception);
        }
        finally
        {
            // One that broke would leave the others waiting for it.
            await over.CancelAsync().ConfigureAwait(false);
            await Task.WhenAll(plays).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            channels.ForEach(channel => channel.Dispose());
        }

        await asked.ConfigureAwait(false);
    }

    private async Task Play(int device, int devices, GrpcChannel channel, SemaphoreSlim opening, CancellationToken cancellation)
    {
        AsyncDuplexStreamingCall<DeviceMessage, CoordinatorMessage> call;
        await opening.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            call = new Coordination.CoordinationClient(channel).Participate(cancellationToken: cancellation);
            await call.RequestStream.WriteAsync(
                new DeviceMessage { Hello = new Hello { Run = LoadPlan.Run, Device = (uint)device, ProtocolVersion = Wire.Version } }, cancellation)
                .ConfigureAwait(false);
            await call.ResponseStream.MoveNext(cancellation).ConfigureAwait(false);
        }
        finally
        {
            opening.Release();
        }

        using (call)
        {
            await Answer(call, devices, cancellation).ConfigureAwait(false);
        }
    }

    private async Task Answer(
        AsyncDuplexStreamingCall<DeviceMessage, CoordinatorMessage> call, int devices, CancellationToken cancellation)
    {
        var report = new DeviceMessage { Report = new Report { Cost = 2, Own = 1.9, Others = 2.1 } };
        long reportedAt = 0;
        var ended = false;
        while (await call.ResponseStream.MoveNext(cancellation).ConfigureAwait(false))
        {
            var message = call.ResponseStream.Current;
            if (message.ContentCase == CoordinatorMessage.ContentOneofCase.End)
            {
                ended = true;
                await call.RequestStream.CompleteAsync().ConfigureAwait(false);
            }
            else if (message.Push is { } push)
            {
                Note((int)push.Round, devices, reportedAt);
                if (push.Round == plan.Pushes - 1)
                {
                    await goOn.WaitAsync(cancellation).ConfigureAwait(false);
                }

                report.Report.Round = push.Round;
                reportedAt = Stopwatch.GetTimestamp();
                await call.RequestStream.WriteAsync(report, cancellation).ConfigureAwait(false);
            }
        }

        if (!ended)
        {
            throw new IOException("the server closed a stream before the run's end");
        }
    }

    // The measured time is that of the process: from the first push of its first measured round to the last push of the last evaluation.
    private void Note(int round, int devices, long reportedAt)
    {
        if (round == plan.WarmUp && Interlocked.Exchange(ref warm, 1) == 0)
        {
            cpuAtStart = Cpu();
            clock.Start();
            Console.Out.WriteLine(Warm);
        }

        if (round > plan.WarmUp)
        {
            latencies.Add(Stopwatch.GetElapsedTime(reportedAt));
        }

        if (round == plan.Pushes - 1 && Interlocked.Increment(ref finished) == devices)
        {
            Console.Out.WriteLine(new HostFigures(clock.Elapsed.TotalSeconds, (Cpu() - cpuAtStart).TotalSeconds, latencies.Counts).ToJson());
        }
    }

    private static TimeSpan Cpu() => Environment.CpuUsage.TotalTime;

    private static GrpcChannel Open(string address) => GrpcChannel.ForAddress(address, new GrpcChannelOptions
    {
        HttpHandler = new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(30) },
        DisposeHttpClient = true,
        ThrowOperationCanceledOnCancellation = true,
    });
}
