using System.Threading.Channels;
using Dcc.Agent.Telemetry;
using Dcc.Core.Devices;
using Dcc.Core.Engine;
using Dcc.Core.Learning;
using Dcc.Core.Validation;
using Dcc.Hosting.Telemetry;
using Dcc.Protocol;
using Dcc.Protocol.V1;
using Grpc.Core;
using Microsoft.Extensions.Logging;
using Push = Dcc.Core.Learning.Push;

namespace Dcc.Agent;

/// <summary>
/// One device: establishes its stream, again and again with growing delays; learns what it is pushed; reports. The session outlives every
/// stream, so after an interruption only what was missed is learned.
/// </summary>
internal sealed class DeviceWorker
{
    // A coordinator sends one push and waits; a backlog is only a replay, and then the stream waits for the learner.
    private const int InboxCapacity = 64;
    private const int OutboxCapacity = 16;

    private readonly int device;
    private readonly AgentOptions options;
    private readonly EdgeSystem? system;
    private readonly StreamConnector connector;
    private readonly SemaphoreSlim learning;
    private readonly DeviceTelemetry telemetry;
    private readonly TimeProvider time;
    private readonly ILogger logger;
    private DeviceSession? session;
    private volatile ChannelWriter<DeviceMessage>? outgoing;
    private volatile bool isLeaving;

    /// <summary>Creates a device.</summary>
    /// <param name="device">Its index.</param>
    /// <param name="options">Address and run.</param>
    /// <param name="system">Described devices, or null to sample this one by the run's seed.</param>
    /// <param name="client">Shared by the process.</param>
    /// <param name="learning">Limits how many devices of the process learn at once.</param>
    /// <param name="instruments">The process's metrics.</param>
    /// <param name="time">Clock of delays and watchdogs.</param>
    /// <param name="logger">The log.</param>
    /// <param name="renew">What to use in the stead of a client that the coordinator does not know, null where nothing else is to be had.</param>
    internal DeviceWorker(
        int device, AgentOptions options, EdgeSystem? system, Coordination.CoordinationClient client, SemaphoreSlim learning,
        AgentInstruments instruments, TimeProvider time, ILogger logger,
        Func<Coordination.CoordinationClient, Coordination.CoordinationClient?>? renew = null)
    {
        this.device = device;
        this.options = options;
        this.system = system;
        this.learning = learning;
        this.time = time;
        this.logger = logger;
        telemetry = instruments.Add(options.Run, device, time);
        connector = new StreamConnector(device, options, client, instruments, time, logger, renew);
    }

    /// <summary>Takes part until the run has ended.</summary>
    /// <returns>The process's exit code for this device.</returns>
    internal async Task<int> Run(CancellationToken cancellation)
    {
        try
        {
            return await TakePart(cancellation).ConfigureAwait(false);
        }
        finally
        {
            telemetry.Link = LinkState.Ended;
        }
    }

    /// <summary>Leaves the run on purpose: says so on the open stream, or ends with the next one.</summary>
    internal void Leave()
    {
        isLeaving = true;
        outgoing?.TryWrite(new DeviceMessage { Leave = new Leave() });
    }

    private async Task<int> TakePart(CancellationToken cancellation)
    {
        while (true)
        {
            try
            {
                var held = session?.LastRoundHeld ?? -1;
                telemetry.Link = LinkState.Connecting;
                using var stream = await connector.Connect(held, cancellation).ConfigureAwait(false);
                telemetry.Link = LinkState.Connected;
                session ??= CreateSession(stream.Welcome);
                Log.Joined(logger, device, options.Run, held);
                if (await Live(stream, cancellation).ConfigureAwait(false))
                {
                    return Hosting.ExitCode.Done;
                }

                if (isLeaving)
                {
                    return Hosting.ExitCode.Done;
                }

                Log.Lost(logger, device, "the coordinator closed it");
            }
            catch (RpcException exception) when (exception.StatusCode == StatusCode.Unauthenticated && connector.Renew())
            {
                Log.Renewed(logger, device, StreamConnector.Reason(exception));
            }
            catch (RpcException exception) when (StreamConnector.IsFinal(exception.StatusCode))
            {
                Log.Refused(logger, device, StreamConnector.Reason(exception));
                return StreamConnector.IsBadInput(exception.StatusCode) ? Hosting.ExitCode.BadInput : Hosting.ExitCode.Failed;
            }
            catch (Exception exception) when (exception is RpcException or IOException or OperationCanceledException)
            {
                cancellation.ThrowIfCancellationRequested();
                Log.Lost(logger, device, StreamConnector.Reason(exception));
            }

            // Even a coordinator that drops every stream at once is not asked more often than this.
            await Task.Delay(StreamConnector.FirstDelay, time, cancellation).ConfigureAwait(false);
        }
    }

    private DeviceSession CreateSession(Welcome welcome)
    {
        var described = system ?? EdgeSystem.Sample(device + 1, welcome.Seed);
        var solver = LocalSolvers.Create(Wire.ToSettings(welcome, described.Gamma), described.Device(device), device);
        solver.Watch = telemetry.Watch();
        return new DeviceSession(solver);
    }

    // True when the run has ended, false when the stream has.
    private async Task<bool> Live(CoordinatorStream stream, CancellationToken cancellation)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var inbox = Channel.CreateBounded<CoordinatorMessage>(new BoundedChannelOptions(InboxCapacity) { SingleReader = true, SingleWriter = true });
        var outbox = Channel.CreateBounded<DeviceMessage>(new BoundedChannelOptions(OutboxCapacity) { SingleReader = true });
        outgoing = outbox.Writer;
        if (isLeaving)
        {
            Leave();
        }

        var learn = Learn(inbox.Reader, outbox.Writer, cancellation, over.Token);
        var send = Send(stream, outbox.Reader, over.Token);
        var listen = Listen(stream, inbox.Writer, over.Token);
        try
        {
            // The stream's end shows in listening, the run's end in learning, which has then taken everything before it. A write into a call that
            // has ended fails in ways that depend on the moment: why it ended is what the listener is told.
            var first = await Task.WhenAny(learn, listen).ConfigureAwait(false);
            await first.ConfigureAwait(false);
            if (first == listen && !await listen.ConfigureAwait(false))
            {
                return false;
            }

            // Whether the coordinator still hears that this side is done does not matter any more.
            await learn.ConfigureAwait(false);
            await send.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return true;
        }
        finally
        {
            await over.CancelAsync().ConfigureAwait(false);
            stream.Abandon();
            await Task.WhenAll(learn, send, listen).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    // True when the last message was the end of the run.
    private static async Task<bool> Listen(CoordinatorStream stream, ChannelWriter<CoordinatorMessage> inbox, CancellationToken cancellation)
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

    // The end of a stream waits for the evaluation in progress, which the session keeps; the end of the process does not.
    private async Task Learn(
        ChannelReader<CoordinatorMessage> inbox, ChannelWriter<DeviceMessage> outbox, CancellationToken process, CancellationToken cancellation)
    {
        await foreach (var message in inbox.ReadAllAsync(cancellation).ConfigureAwait(false))
        {
            switch (message.ContentCase)
            {
                case CoordinatorMessage.ContentOneofCase.Replay:
                    foreach (var (round, push) in Wire.ToPushes(message.Replay))
                    {
                        await Take(round, push, process, cancellation).ConfigureAwait(false);
                    }

                    break;
                case CoordinatorMessage.ContentOneofCase.Push:
                    var pushed = (int)message.Push.Round;
                    if (await Take(pushed, Wire.ToPush(message.Push), process, cancellation).ConfigureAwait(false) is PushOutcome.Learned or PushOutcome.Repeated)
                    {
                        var report = new Protocol.V1.Report();
                        Wire.Fill(report, pushed, session!.LastReport);
                        await outbox.WriteAsync(new DeviceMessage { Report = report }, cancellation).ConfigureAwait(false);
                    }

                    break;
                case CoordinatorMessage.ContentOneofCase.End:
                    Log.Ended(logger, device, message.End.Theta);
                    outbox.Complete();
                    return;
                default:
                    break;
            }
        }
    }

    private async Task<PushOutcome> Take(int round, Push push, CancellationToken process, CancellationToken cancellation)
    {
        await learning.WaitAsync(cancellation).ConfigureAwait(false);
        PushOutcome outcome;
        try
        {
            outcome = await Task.Run(() => telemetry.Handle(session!, round, push), CancellationToken.None).WaitAsync(process).ConfigureAwait(false);
        }
        finally
        {
            learning.Release();
        }

        switch (outcome)
        {
            case PushOutcome.Learned:
                Log.Learned(logger, new LoggedTrace(RoundTraceIds.OfRound(options.Run, round)), device, round);
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

    // Sends what is ready, and a heartbeat where nothing was for a while; after the run's end, that nothing more will come.
    private async Task Send(CoordinatorStream stream, ChannelReader<DeviceMessage> outbox, CancellationToken cancellation)
    {
        var heartbeat = new DeviceMessage { Heartbeat = new Heartbeat() };
        var ready = outbox.WaitToReadAsync(cancellation).AsTask();
        while (true)
        {
            try
            {
                if (!await ready.WaitAsync(stream.Heartbeat, time, cancellation).ConfigureAwait(false))
                {
                    await stream.Complete().ConfigureAwait(false);
                    return;
                }
            }
            catch (TimeoutException)
            {
                await stream.Send(heartbeat, cancellation).ConfigureAwait(false);
                continue;
            }

            while (outbox.TryRead(out var message))
            {
                using var sending = telemetry.StartSending(message);
                await stream.Send(message, cancellation).ConfigureAwait(false);
                if (message.ContentCase == DeviceMessage.ContentOneofCase.Leave)
                {
                    await stream.Complete().ConfigureAwait(false);
                    return;
                }
            }

            ready = outbox.WaitToReadAsync(cancellation).AsTask();
        }
    }
}
