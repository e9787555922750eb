using System.Runtime.CompilerServices;
using Dcc.Coordinator.Runs;
using Dcc.Coordinator.Security;
using Dcc.Core.Engine;
using Dcc.Core.Validation;
using Dcc.Protocol;
using Dcc.Protocol.V1;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.Extensions.Options;

namespace Dcc.Coordinator.Services;

/// <summary>
/// One call per device stream: hello, then reports up and whatever the run's loop sends down, until one side ends it. Every fault ends the call with
/// a status whose message names the field.
/// </summary>
internal sealed class CoordinationService(
    RunRegistry registry, Leadership leadership, IOptions<CoordinatorOptions> options, Access access, ProtocolFaults faults,
    IHostApplicationLifetime lifetime, TimeProvider time, ILogger<CoordinationService> logger) : Coordination.CoordinationBase
{
    private static readonly Status Stopping = new(StatusCode.Unavailable, "coordinator: stopping");

    // Larger than any number of an earlier process, so that the streams of a device are ordered across restarts too.
    private static long lastIncarnation = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() << 20;

    public override async Task Participate(
        IAsyncStreamReader<DeviceMessage> requestStream, IServerStreamWriter<CoordinatorMessage> responseStream, ServerCallContext context)
    {
        try
        {
            var shown = Shown.By(context.GetHttpContext());
            var credentials = access.OfDevice(shown);
            Refuse(credentials.Denial);
            if (await ReadHello(requestStream, context.CancellationToken).ConfigureAwait(false) is not { } hello)
            {
                return;
            }

            // Who may not be a device of a run does not learn whether there is one of that name.
            Refuse(credentials.ToBe(hello.Run, hello.Device));

            var run = registry.Find(hello.Run)
                ?? throw Fault(ProtocolFault.UnknownRun, StatusCode.NotFound, $"run: expected a run of this coordinator, got '{hello.Run}'");
            using var stream = new DeviceStream(
                (int)Math.Min(hello.Device, int.MaxValue), Interlocked.Increment(ref lastIncarnation), options.Value.Heartbeat, time);
            using var stop = lifetime.ApplicationStopping.Register(() => stream.Close(Stopping));
            await run.Join(stream, (int)Math.Min(hello.RoundsHeld, int.MaxValue) - 1, (long)Math.Min(hello.ProcessStarted, long.MaxValue))
                .ConfigureAwait(false);
            try
            {
                await Converse(run, stream, () => access.ToBe(hello.Run, hello.Device, shown), requestStream, responseStream, context).ConfigureAwait(false);
            }
            finally
            {
                await run.Post(RoundEvent.Left(stream.Device, stream.Incarnation)).ConfigureAwait(false);
            }

            if (stream.End is { } status)
            {
                throw new RpcException(status);
            }
        }
        catch (RpcException) when (!leadership.Serves)
        {
            // Whatever it was refused for may not hold where another coordinator leads.
            throw new RpcException(StandbyGate.StandsBy);
        }
        catch (RpcException exception)
        {
            Log.Refused(logger, context.Peer, exception.Status.Detail);
            throw;
        }
    }

    // Null when the peer leaves without a word.
    private async Task<Hello?> ReadHello(IAsyncStreamReader<DeviceMessage> requests, CancellationToken cancellation)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellation, lifetime.ApplicationStopping);
        timeout.CancelAfter(TimeSpan.FromSeconds(options.Value.Limits.HelloSeconds));
        try
        {
            if (!await Next(requests, timeout.Token).ConfigureAwait(false))
            {
                return null;
            }
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw lifetime.ApplicationStopping.IsCancellationRequested
                ? new RpcException(Stopping)
                : Fault(ProtocolFault.HelloTimeout, StatusCode.DeadlineExceeded, $"hello: expected within {options.Value.Limits.HelloSeconds} s, got nothing");
        }

        var hello = requests.Current.Hello
            ?? throw Fault(ProtocolFault.NoHello, StatusCode.InvalidArgument, "hello: expected as the first message, got another");
        return hello.ProtocolVersion == Wire.Version
            ? hello
            : throw Fault(
                ProtocolFault.ProtocolVersion, StatusCode.FailedPrecondition,
                $"protocol_version: expected {Wire.Version}, got {hello.ProtocolVersion}");
    }

    private async Task Converse(
        RunLoop run, DeviceStream stream, Func<Denial?> judge, IAsyncStreamReader<DeviceMessage> requests,
        IServerStreamWriter<CoordinatorMessage> responses, ServerCallContext context)
    {
        using var broken = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, stream.Aborted);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(broken.Token);
        var pump = stream.Pump(responses, broken.Token);
        var listen = Listen(run, stream, requests, over.Token);
        var watch = Watch(stream, judge, over.Token);
        try
        {
            await (await Task.WhenAny(pump, listen, watch).ConfigureAwait(false)).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (stream.End is not null)
        {
            // Aborted from this side; the caller tells the peer why.
        }
        finally
        {
            // Whichever ended first, the others have nothing left to wait for; what it then throws is the consequence, not the cause. A write is not
            // cancelled: that would reset the call, and the peer would never learn its status.
            stream.Close(null);
            await over.CancelAsync().ConfigureAwait(false);
            await Task.WhenAll(pump, listen, watch).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    // What a peer has shown is judged again at every heartbeat: a device that is withdrawn, or whose time is over, takes no further part. Returns then.
    private async Task Watch(DeviceStream stream, Func<Denial?> judge, CancellationToken cancellation)
    {
        var pause = options.Value.Security.AsksDevices ? options.Value.Heartbeat : Timeout.InfiniteTimeSpan;
        while (true)
        {
            await Task.Delay(pause, time, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (cancellation.IsCancellationRequested)
            {
                return;
            }

            if (judge() is { } denial)
            {
                faults.Count(denial.Fault);
                stream.Close(denial.Status);
                return;
            }
        }
    }

    private async Task Listen(RunLoop run, DeviceStream stream, IAsyncStreamReader<DeviceMessage> requests, CancellationToken cancellation)
    {
        var rate = new MessageRate(options.Value.Limits.MessagesPerSecond, time);
        while (await Next(requests, cancellation).ConfigureAwait(false))
        {
            if (!rate.TryTake())
            {
                throw Fault(
                    ProtocolFault.TooManyMessages, StatusCode.ResourceExhausted,
                    $"message: expected at most {options.Value.Limits.MessagesPerSecond} a second, got more");
            }

            stream.Heard();
            var message = requests.Current;
            switch (message.ContentCase)
            {
                case DeviceMessage.ContentOneofCase.Heartbeat:
                    break;
                case DeviceMessage.ContentOneofCase.Report:
                    await Take(run, stream, message.Report).ConfigureAwait(false);
                    break;
                case DeviceMessage.ContentOneofCase.Leave:
                    await run.Post(RoundEvent.Withdrew(stream.Device, stream.Incarnation)).ConfigureAwait(false);
                    break;
                case DeviceMessage.ContentOneofCase.Hello:
                    throw Fault(ProtocolFault.SecondHello, StatusCode.InvalidArgument, "hello: expected once, got a second one");
                default:
                    throw Fault(ProtocolFault.Garbage, StatusCode.InvalidArgument, "content: expected a report or a heartbeat, got nothing known");
            }
        }
    }

    private static ValueTask Take(RunLoop run, DeviceStream stream, Report report)
    {
        var scalars = Wire.ToReport(report);
        if (Wire.FaultOf(report) is { } fault)
        {
            // Named here, where the field is known; counted by the engine, which refuses it as not finite.
            stream.Close(new Status(StatusCode.InvalidArgument, fault));
            scalars = new Core.Learning.Report(double.NaN, double.NaN, double.NaN);
        }

        var round = (int)Math.Min(report.Round, int.MaxValue);
        return run.Post(RoundEvent.Reported(stream.Device, stream.Incarnation, round, scalars));
    }

    // Pooled: it waits once for every message.
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<bool> Next(IAsyncStreamReader<DeviceMessage> requests, CancellationToken cancellation)
    {
        try
        {
            return await requests.MoveNext(cancellation).ConfigureAwait(false);
        }
        catch (InvalidProtocolBufferException)
        {
            throw Fault(ProtocolFault.Garbage, StatusCode.InvalidArgument, "message: expected a DeviceMessage, got bytes that are none");
        }
        catch (RpcException exception) when (exception.StatusCode == StatusCode.ResourceExhausted)
        {
            throw Fault(
                ProtocolFault.Oversized, StatusCode.ResourceExhausted, $"message: expected at most {Wire.MaxDeviceMessageBytes} bytes, got more");
        }
        catch (Exception exception) when (exception is RpcException or InvalidDataException || exception is IOException { Source: "Grpc.AspNetCore.Server" })
        {
            // What gRPC's framing throws for a length, a flag or a content that no client sends. A reset comes from the server below it.
            throw Fault(ProtocolFault.Garbage, StatusCode.InvalidArgument, $"message: expected a gRPC frame, got none ({exception.Message})");
        }
        catch (IOException)
        {
            // The connection is gone: the end of the stream, like any other.
            return false;
        }
    }

    private void Refuse(Denial? denial)
    {
        if (denial is not null)
        {
            throw Fault(denial.Fault, denial.Status.StatusCode, denial.Status.Detail);
        }
    }

    private RpcException Fault(ProtocolFault fault, StatusCode code, string message)
    {
        faults.Count(fault);
        return new RpcException(new Status(code, message));
    }
}
