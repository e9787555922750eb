using System.Threading.Channels;
using Dcc.Core.Devices;
using Dcc.Core.Engine;
using Dcc.Core.Learning;
using Dcc.Core.Validation;
using Dcc.Protocol;
using Dcc.Protocol.V1;
using Grpc.Core;
using Microsoft.Extensions.Logging;
using Polly;
using Polly.Retry;
using Push = Dcc.Core.Learning.Push;

namespace Dcc.Agent;

/// <summary>
/// One device: establishes its stream, again and again with growing delays; learns what it is pushed; reports. The session outlives every
/// stream, so after an interruption only what was missed is learned.
/// </summary>
internal sealed class DeviceWorker
{
    private const int SilentHeartbeats = 3;

    // A coordinator sends one push and waits; a backlog is only a replay, and then the stream waits for the learner.
    private const int InboxCapacity = 64;
    private const int OutboxCapacity = 16;

    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan WelcomeTimeout = TimeSpan.FromSeconds(15);

    private readonly int device;
    private readonly AgentOptions options;
    private readonly EdgeSystem? system;
    private readonly Coordination.CoordinationClient client;
    private readonly SemaphoreSlim learning;
    private readonly TimeProvider time;
    private readonly ILogger logger;
    private readonly ResiliencePipeline pipeline;
    private DeviceSession? session;

    /// <summary>Creates a device.</summary>
    /// <param name="device">Its index.</param>
    /// <param name="options">Address and run.</param>
    /// <param name="system">Described devices, or null to sample this one by the run's seed.</param>
    /// <param name="client">Shared by the process.</param>
    /// <param name="learning">Limits how many devices of the process learn at once.</param>
    /// <param name="time">Clock of delays and watchdogs.</param>
    /// <param name="logger">The log.</param>
    internal DeviceWorker(
        int device, AgentOptions options, EdgeSystem? system, Coordination.CoordinationClient client, SemaphoreSlim learning, TimeProvider time,
        ILogger logger)
    {
        this.device = device;
        this.options = options;
        this.system = system;
        this.client = client;
        this.learning = learning;
        this.time = time;
        this.logger = logger;
        pipeline = new ResiliencePipelineBuilder { TimeProvider = time }
            .AddRetry(new RetryStrategyOptions
            {
                MaxRetryAttempts = int.MaxValue,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                Delay = FirstDelay,
                MaxDelay = LongestDelay,
                ShouldHandle = new PredicateBuilder().Handle<RpcException>(exception => !IsFinal(exception.StatusCode)),
                OnRetry = retry =>
                {
                    Log.Retrying(
                        logger, device, options.Coordinator, Reason(retry.Outcome.Exception!), retry.AttemptNumber + 2, retry.RetryDelay.TotalSeconds);
                    return ValueTask.CompletedTask;
                },
            })
            .Build();
    }

    private sealed record Stream(AsyncDuplexStreamingCall<DeviceMessage, CoordinatorMessage> Call, TimeSpan Heartbeat, CancellationTokenSource Watchdog)
        : IDisposable
    {
        /// <summary>The next message; the peer is taken for dead when it stays silent for three heartbeats.</summary>
        internal async Task<CoordinatorMessage?> Next()
        {
            Watchdog.CancelAfter(SilentHeartbeats * Heartbeat);
            var more = await Call.ResponseStream.MoveNext(Watchdog.Token).ConfigureAwait(false);

            // While the learner holds the reader up, silence is this side's own.
            Watchdog.CancelAfter(Timeout.InfiniteTimeSpan);
            return more ? Call.ResponseStream.Current : null;
        }

        public void Dispose()
        {
            Call.Dispose();
            Watchdog.Dispose();
        }
    }

    /// <summary>Takes part until the run has ended.</summary>
    /// <returns>The process's exit code for this device.</returns>
    internal async Task<int> Run(CancellationToken cancellation)
    {
        while (true)
        {
            try
            {
                using var stream = await pipeline.ExecuteAsync(async token => await Establish(token).ConfigureAwait(false), cancellation)
                    .ConfigureAwait(false);
                if (await Live(stream, cancellation).ConfigureAwait(false))
                {
                    return Hosting.ExitCode.Done;
                }

                Log.Lost(logger, device, "the coordinator closed it");
            }
            catch (RpcException exception) when (IsFinal(exception.StatusCode))
            {
                Log.Refused(logger, device, Reason(exception));
                return IsBadInput(exception.StatusCode) ? Hosting.ExitCode.BadInput : Hosting.ExitCode.Failed;
            }
            catch (Exception exception) when (exception is RpcException or IOException or OperationCanceledException)
            {
                cancellation.ThrowIfCancellationRequested();
                Log.Lost(logger, device, Reason(exception));
            }

            // Even a coordinator that drops every stream at once is not asked more often than this.
            await Task.Delay(FirstDelay, time, cancellation).ConfigureAwait(false);
        }
    }

    // A stream is established when the coordinator has welcomed this device.
    private async Task<Stream> Establish(CancellationToken cancellation)
    {
        var watchdog = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        watchdog.CancelAfter(WelcomeTimeout);
        var call = client.Participate(cancellationToken: cancellation);
        try
        {
            var held = session?.LastRoundHeld ?? -1;
            await call.RequestStream.WriteAsync(
                new DeviceMessage
                {
                    Hello = new Hello
                    {
                        Run = options.Run, Device = (uint)device, RoundsHeld = (uint)(held + 1), ProtocolVersion = Wire.Version,
                    },
                },
                watchdog.Token).ConfigureAwait(false);
            if (!await call.ResponseStream.MoveNext(watchdog.Token).ConfigureAwait(false) || call.ResponseStream.Current.Welcome is not { } welcome)
            {
                throw new RpcException(new Status(StatusCode.Unavailable, "the stream ended before its welcome"));
            }

            session ??= CreateSession(welcome);
            Log.Joined(logger, device, options.Run, held);
            return new Stream(call, TimeSpan.FromMilliseconds(welcome.HeartbeatMilliseconds), watchdog);
        }
        catch (Exception exception)
        {
            call.Dispose();
            watchdog.Dispose();
            if (exception is OperationCanceledException && !cancellation.IsCancellationRequested)
            {
                throw new RpcException(new Status(StatusCode.DeadlineExceeded, "no welcome in time"));
            }

            throw;
        }
    }

    private DeviceSession CreateSession(Welcome welcome)
    {
        var described = system ?? EdgeSystem.Sample(device + 1, welcome.Seed);
        if (device >= described.Devices.Length)
        {
            throw new InvalidInputException("devices", $"an index below {described.Devices.Length}, the devices of the system file", $"{device}");
        }

        return new DeviceSession(LocalSolvers.Create(Wire.ToSettings(welcome, described.Gamma), described.Device(device), device));
    }

    // True when the run has ended, false when the stream has.
    private async Task<bool> Live(Stream stream, CancellationToken cancellation)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var inbox = Channel.CreateBounded<CoordinatorMessage>(new BoundedChannelOptions(InboxCapacity) { SingleReader = true, SingleWriter = true });
        var outbox = Channel.CreateBounded<DeviceMessage>(new BoundedChannelOptions(OutboxCapacity) { SingleReader = true });
        var learn = Learn(inbox.Reader, outbox.Writer, over.Token);
        var send = Send(stream, outbox.Reader, over.Token);
        var listen = Listen(stream, inbox.Writer, over.Token);
        try
        {
            // The stream's end shows in listening or sending, the run's end in learning, which has then taken everything before it.
            var first = await Task.WhenAny(learn, send, listen).ConfigureAwait(false);
            await first.ConfigureAwait(false);
            if (first == listen && !await listen.ConfigureAwait(false))
            {
                return false;
            }

            await learn.ConfigureAwait(false);
            await stream.Call.RequestStream.CompleteAsync().ConfigureAwait(false);
            return true;
        }
        finally
        {
            await over.CancelAsync().ConfigureAwait(false);
            await Task.WhenAll(learn, send, listen).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    // True when the last message was the end of the run.
    private static async Task<bool> Listen(Stream stream, ChannelWriter<CoordinatorMessage> inbox, CancellationToken cancellation)
    {
        while (await stream.Next().ConfigureAwait(false) is { } message)
        {
            if (message.ContentCase != CoordinatorMessage.ContentOneofCase.Heartbeat)
            {
                await inbox.WriteAsync(message, cancellation).ConfigureAwait(false);
            }

            if (message.ContentCase == CoordinatorMessage.ContentOneofCase.End)
            {
                inbox.Complete();
                return true;
            }
        }

        return false;
    }

    private async Task<bool> Learn(ChannelReader<CoordinatorMessage> inbox, ChannelWriter<DeviceMessage> outbox, CancellationToken cancellation)
    {
        await foreach (var message in inbox.ReadAllAsync(cancellation).ConfigureAwait(false))
        {
            switch (message.ContentCase)
            {
                case CoordinatorMessage.ContentOneofCase.Replay:
                    foreach (var (round, push) in Wire.ToPushes(message.Replay))
                    {
                        await Take(round, push, cancellation).ConfigureAwait(false);
                    }

                    break;
                case CoordinatorMessage.ContentOneofCase.Push:
                    var pushed = (int)message.Push.Round;
                    if (await Take(pushed, Wire.ToPush(message.Push), cancellation).ConfigureAwait(false) is PushOutcome.Learned or PushOutcome.Repeated)
                    {
                        var report = new Protocol.V1.Report();
                        Wire.Fill(report, pushed, session!.LastReport);
                        await outbox.WriteAsync(new DeviceMessage { Report = report }, cancellation).ConfigureAwait(false);
                    }

                    break;
                case CoordinatorMessage.ContentOneofCase.End:
                    Log.Ended(logger, device, message.End.Theta);
                    return true;
                default:
                    break;
            }
        }

        return false;
    }

    private async Task<PushOutcome> Take(int round, Push push, CancellationToken cancellation)
    {
        await learning.WaitAsync(cancellation).ConfigureAwait(false);
        PushOutcome outcome;
        try
        {
            outcome = await Task.Run(() => session!.Handle(round, push), cancellation).ConfigureAwait(false);
        }
        finally
        {
            learning.Release();
        }

        switch (outcome)
        {
            case PushOutcome.Learned:
                Log.Learned(logger, device, round);
                break;
            case PushOutcome.Gap:
                throw new RpcException(new Status(StatusCode.Unavailable, $"round {round} was pushed while {session!.LastRoundHeld} is held"));
            case PushOutcome.Conflict:
                throw new RpcException(new Status(StatusCode.FailedPrecondition, $"round {round} was pushed again with other scalars"));
            default:
                break;
        }

        return outcome;
    }

    // Sends what is ready, and a heartbeat where nothing was for a while.
    private async Task Send(Stream stream, ChannelReader<DeviceMessage> outbox, CancellationToken cancellation)
    {
        var heartbeat = new DeviceMessage { Heartbeat = new Heartbeat() };
        var ready = outbox.WaitToReadAsync(cancellation).AsTask();
        while (true)
        {
            try
            {
                await ready.WaitAsync(stream.Heartbeat, time, cancellation).ConfigureAwait(false);
            }
            catch (TimeoutException)
            {
                await stream.Call.RequestStream.WriteAsync(heartbeat, cancellation).ConfigureAwait(false);
                continue;
            }

            while (outbox.TryRead(out var message))
            {
                await stream.Call.RequestStream.WriteAsync(message, cancellation).ConfigureAwait(false);
            }

            ready = outbox.WaitToReadAsync(cancellation).AsTask();
        }
    }

    // What no further attempt can change.
    private static bool IsFinal(StatusCode code) => IsBadInput(code)
        || code is StatusCode.FailedPrecondition or StatusCode.Aborted or StatusCode.PermissionDenied or StatusCode.Unauthenticated;

    private static bool IsBadInput(StatusCode code) => code is StatusCode.InvalidArgument or StatusCode.NotFound;

    private static string Reason(Exception exception) => exception is RpcException rpc
        ? $"{rpc.StatusCode}: {rpc.Status.DebugException?.GetBaseException().Message ?? rpc.Status.Detail}"
        : exception is OperationCanceledException ? "silence" : exception.Message;
}
