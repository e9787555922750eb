using Dcc.Agent.Telemetry;
using Dcc.Core.Validation;
using Dcc.Hosting.Security;
using Dcc.Protocol;
using Dcc.Protocol.V1;
using Grpc.Core;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Polly;
using Polly.Retry;

namespace Dcc.Agent;

/// <summary>An established stream: the coordinator has welcomed the device.</summary>
internal sealed class CoordinatorStream(
    AsyncDuplexStreamingCall<DeviceMessage, CoordinatorMessage> call, Welcome welcome, CancellationTokenSource watchdog) : IDisposable
{
    private const int SilentHeartbeats = 3;

    internal Welcome Welcome => welcome;

    internal TimeSpan Heartbeat { get; } = TimeSpan.FromMilliseconds(welcome.HeartbeatMilliseconds);

    internal Task Send(DeviceMessage message, CancellationToken cancellation) => call.RequestStream.WriteAsync(message, cancellation);

    /// <summary>Says that nothing more will come.</summary>
    internal Task Complete() => call.RequestStream.CompleteAsync();

    /// <summary>The next message, null at the stream's end; the peer is taken for dead when it stays silent for three heartbeats.</summary>
    internal async Task<CoordinatorMessage?> Next()
    {
        watchdog.CancelAfter(SilentHeartbeats * Heartbeat);
        var more = await call.ResponseStream.MoveNext(watchdog.Token).ConfigureAwait(false);

        // While the learner holds the reader up, silence is this side's own.
        watchdog.CancelAfter(Timeout.InfiniteTimeSpan);
        return more ? call.ResponseStream.Current : null;
    }

    /// <summary>Ends the call at once, and with it a wait for the next message.</summary>
    internal void Abandon() => call.Dispose();

    public void Dispose()
    {
        call.Dispose();
        watchdog.Dispose();
    }
}

/// <summary>Establishes a device's stream, again and again with exponentially growing, jittered delays.</summary>
internal sealed class StreamConnector
{
    /// <summary>What the attempts are called in the metrics of the meter "Polly" (resilience.polly.strategy.attempt.duration and others).</summary>
    internal const string PipelineName = "coordinator-stream";

    internal static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan WelcomeTimeout = TimeSpan.FromSeconds(15);

    private readonly int device;
    private readonly long processStarted;
    private readonly string run;
    private readonly ClientSecurity security;
    private readonly Func<Coordination.CoordinationClient, Coordination.CoordinationClient?>? renew;
    private readonly AgentInstruments instruments;
    private readonly Pulse pulse;
    private readonly ResiliencePipeline pipeline;
    private Coordination.CoordinationClient client;

    internal StreamConnector(
        int device, AgentOptions options, Coordination.CoordinationClient client, AgentInstruments instruments, Pulse pulse, TimeProvider time,
        ILogger logger,
        Func<Coordination.CoordinationClient, Coordination.CoordinationClient?>? renew)
    {
        this.device = device;
        this.client = client;
        this.renew = renew;
        this.instruments = instruments;
        this.pulse = pulse;
        run = options.Run;
        processStarted = time.GetUtcNow().ToUnixTimeMilliseconds();
        security = options.Security;
        pipeline = new ResiliencePipelineBuilder { TimeProvider = time, Name = PipelineName }
            .AddRetry(new RetryStrategyOptions
            {
                MaxRetryAttempts = int.MaxValue,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                Delay = FirstDelay,
                MaxDelay = TimeSpan.FromSeconds(options.LongestRetrySeconds),
                ShouldHandle = new PredicateBuilder().Handle<RpcException>(exception => !IsFinal(exception.StatusCode)),
                OnRetry = retry =>
                {
                    Log.Retrying(
                        logger, device, options.Coordinator, Reason(retry.Outcome.Exception!), retry.AttemptNumber + 2, retry.RetryDelay.TotalSeconds);
                    instruments.BacksOff(retry.RetryDelay);
                    return ValueTask.CompletedTask;
                },
            })
            .ConfigureTelemetry(NullLoggerFactory.Instance)
            .Build();
    }

    /// <summary>A new stream, however many attempts it takes.</summary>
    /// <param name="lastRoundHeld">The last round the device has learned, -1 for none.</param>
    /// <param name="cancellation">Ends the attempts.</param>
    /// <exception cref="RpcException">The coordinator refuses this device for good.</exception>
    internal ValueTask<CoordinatorStream> Connect(int lastRoundHeld, CancellationToken cancellation) =>
        pipeline.ExecuteAsync(async token => await CountedAttempt(lastRoundHeld, token).ConfigureAwait(false), cancellation);

    /// <summary>Whether there is something else to show than what the coordinator did not know; the next attempt shows it.</summary>
    internal bool Renew()
    {
        if (renew?.Invoke(client) is not { } other)
        {
            return false;
        }

        client = other;
        return true;
    }

    /// <summary>What no further attempt can change.</summary>
    internal static bool IsFinal(StatusCode code) => IsBadInput(code)
        || code is StatusCode.FailedPrecondition or StatusCode.Aborted or StatusCode.PermissionDenied or StatusCode.Unauthenticated;

    /// <summary>What was wrong from the start: the run, the device or what it sends.</summary>
    internal static bool IsBadInput(StatusCode code) => code is StatusCode.InvalidArgument or StatusCode.NotFound;

    internal static string Reason(Exception exception) => exception is RpcException rpc
        ? $"{rpc.StatusCode}: {rpc.Status.DebugException?.GetBaseException().Message ?? rpc.Status.Detail}"
        : exception is OperationCanceledException ? "silence" : exception.Message;

    private async Task<CoordinatorStream> CountedAttempt(int lastRoundHeld, CancellationToken cancellation)
    {
        pulse.Beat();
        try
        {
            var stream = await Attempt(lastRoundHeld, cancellation).ConfigureAwait(false);
            instruments.Attempted("welcomed");
            return stream;
        }
        catch (RpcException exception)
        {
            instruments.Attempted(KebabCase.Name(exception.StatusCode));
            throw;
        }
    }

    private async Task<CoordinatorStream> Attempt(int lastRoundHeld, CancellationToken cancellation)
    {
        var authorization = Authorization();
        var watchdog = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        watchdog.CancelAfter(WelcomeTimeout);
        var call = client.Participate(authorization, cancellationToken: cancellation);
        RpcException? unwritten = null;
        try
        {
            var hello = new Hello
            {
                Run = run, Device = (uint)device, RoundsHeld = (uint)(lastRoundHeld + 1), ProtocolVersion = Wire.Version,
                ProcessStarted = (ulong)Math.Max(0, processStarted),
            };
            unwritten = await Write(call, new DeviceMessage { Hello = hello }, watchdog.Token).ConfigureAwait(false);
            return await call.ResponseStream.MoveNext(watchdog.Token).ConfigureAwait(false) && call.ResponseStream.Current.Welcome is { } welcome
                ? new CoordinatorStream(call, welcome, watchdog)
                : throw new RpcException(new Status(StatusCode.Unavailable, "the stream ended before its welcome"));
        }
        catch (Exception exception)
        {
            var silent = watchdog.IsCancellationRequested;
            call.Dispose();
            watchdog.Dispose();
            cancellation.ThrowIfCancellationRequested();
            throw exception as RpcException ?? unwritten ?? new RpcException(silent
                ? new Status(StatusCode.DeadlineExceeded, "no welcome in time")
                : new Status(StatusCode.Unavailable, exception.Message, exception));
        }
    }

    private Metadata? Authorization()
    {
        try
        {
            return security.Bearer() is { } token ? new Metadata { { "authorization", "Bearer " + token } } : null;
        }
        catch (InvalidInputException exception)
        {
            // A token that is being replaced may be there at the next attempt.
            throw new RpcException(new Status(StatusCode.Unavailable, exception.Message));
        }
    }

    // A write into a call that has ended fails in ways that depend on the moment; why it ended is what the read that follows is told, unless there
    // never was a connection: then the reading is merely cancelled, and this is why.
    private static async Task<RpcException?> Write(
        AsyncDuplexStreamingCall<DeviceMessage, CoordinatorMessage> call, DeviceMessage message, CancellationToken watchdog)
    {
        try
        {
            await call.RequestStream.WriteAsync(message, watchdog).ConfigureAwait(false);
            return null;
        }
#pragma warning disable CA1031
        catch (Exception exception) when (!watchdog.IsCancellationRequested)
#pragma warning restore CA1031
        {
            return exception as RpcException;
        }
    }
}
