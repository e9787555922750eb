using System.Globalization;
using System.Threading.Channels;
using Dcc.Coordinator.Telemetry;
using Dcc.Core.Engine;
using Dcc.Core.Validation;
using Dcc.Hosting.Telemetry;
using Dcc.Journal;
using Dcc.Protocol;
using Dcc.Protocol.V1;
using RunParameters = Dcc.Core.Engine.RunParameters;

namespace Dcc.Coordinator.Runs;

/// <summary>
/// Owns one run: the only task that touches its engine. Takes inputs from its inbox and executes the engine's effects in order, so
/// whatever is persisted is durable before anything that depends on it is sent.
/// </summary>
internal sealed partial class RunLoop
{
    private readonly string name;
    private readonly IJournalStore store;
    private readonly RoundEngine engine;
    private readonly CoordinatorOptions options;
    private readonly ProtocolFaults faults;
    private readonly ILogger logger;
    private readonly RunInbox inbox;
    private readonly List<RoundEffect> effects = [];
    private readonly Dictionary<long, DeviceStream> streams = [];
    private readonly RunWatchers watchers;
    private readonly RoundNotices notices;
    private readonly CoordinatorInstruments instruments;
    private readonly RunFigures figures;
    private readonly RoundTracing tracing;

    private readonly TimeProvider time;
    private readonly RunHistory history;
    private readonly RoundTrips roundTrips;
    private readonly long openedAt;
    private RoundDeadline? deadline;
    private bool wasCancelled;
    private long committedAt;
    private long commitStarted;
    private long commitEnded;
    private ulong joins;

    /// <summary>Starts from a new or recovered engine.</summary>
    /// <param name="name">The run's name.</param>
    /// <param name="store">Keeps its journal.</param>
    /// <param name="engine">The engine.</param>
    /// <param name="history">The rounds committed so far.</param>
    /// <param name="isResumed">Whether an earlier process had the run.</param>
    /// <param name="options">Heartbeat.</param>
    /// <param name="faults">Counted together with the engine's refusals.</param>
    /// <param name="instruments">Its metrics.</param>
    /// <param name="time">Clock of what watchers are told, and of metrics and traces.</param>
    /// <param name="logger">The log.</param>
    internal RunLoop(
        string name, IJournalStore store, RoundEngine engine, RunHistory history, bool isResumed, CoordinatorOptions options, ProtocolFaults faults,
        CoordinatorInstruments instruments, TimeProvider time, ILogger logger)
    {
        this.name = name;
        this.store = store;
        this.engine = engine;
        this.history = history;
        this.options = options;
        this.faults = faults;
        this.instruments = instruments;
        this.time = time;
        this.logger = logger;
        inbox = new RunInbox(engine.Parameters.Devices);
        openedAt = time.GetUtcNow().ToUnixTimeMilliseconds();
        watchers = new RunWatchers(history, time, Describe);
        notices = new RoundNotices(engine, watchers);
        roundTrips = new RoundTrips(engine, isResumed, time);
        Parameters = engine.Parameters;
        wasCancelled = engine.Cancelled;
        NoteDurable();
        figures = instruments.Add(name, engine);
        tracing = new RoundTracing(name, engine.Parameters.Devices, time);
        figures.Moved(engine.Theta);
        if (history.LastCost is { } cost)
        {
            figures.Committed(cost, history.LastGradientNorm, []);
        }
    }

    internal RunParameters Parameters { get; }

    /// <summary>A device's stream said hello.</summary>
    internal ValueTask Join(DeviceStream stream, int lastRoundHeld, long processStarted) =>
        inbox.Post(new RunInput(RunInputKind.Joined, RoundEvent.Joined(stream.Device, stream.Incarnation, lastRoundHeld, processStarted), stream));

    /// <summary>A report came or a stream ended.</summary>
    internal ValueTask Post(in RoundEvent input) => inbox.Post(new RunInput(RunInputKind.Event, input));

    /// <summary>What happened so far and everything that happens from now on; completes when the run is over.</summary>
    /// <param name="dropped">Told what is lost because the watcher does not keep up; must not wait.</param>
    internal async Task<Channel<RunUpdate>> Watch(Action<RunUpdate>? dropped = null)
    {
        var watcher = RunWatchers.Create(dropped);
        await inbox.Post(new RunInput(RunInputKind.Watch, Watcher: watcher)).ConfigureAwait(false);
        return watcher;
    }

    /// <summary>Ends a watch before the run is over.</summary>
    internal ValueTask Unwatch(Channel<RunUpdate> watcher) => inbox.Post(new RunInput(RunInputKind.Unwatch, Watcher: watcher));

    /// <summary>The run's status, after everything posted before.</summary>
    internal Task<RunStatus> Status(CancellationToken cancellation) => inbox.Ask(new RunInput(RunInputKind.Status), cancellation);

    /// <summary>Ends the run for good.</summary>
    internal Task<RunStatus> Cancel(CancellationToken cancellation) => inbox.Ask(new RunInput(RunInputKind.Cancel), cancellation);

    /// <summary>Ends the run for good once its open round is committed.</summary>
    internal Task<RunStatus> Drain(CancellationToken cancellation) => inbox.Ask(new RunInput(RunInputKind.Drain), cancellation);

    /// <summary>Keeps what somebody outside knows of the run, and tells the watchers.</summary>
    internal Task<RunStatus> Note(NoteRunRequest note, CancellationToken cancellation) => inbox.Ask(new RunInput(RunInputKind.Note, Note: note), cancellation);

    /// <summary>Works until cancelled.</summary>
    /// <exception cref="JournalLostException">Somebody else changed the journal: nothing that depends on it was sent.</exception>
    internal async Task Run(CancellationToken cancellation)
    {
        // Completing the inbox ends the loop; waiting on it with a token would allocate at every wait. What is still enqueued then is lost
        // without harm: the journal has every committed round, and the rest is asked for again.
        using var stop = cancellation.Register(inbox.Complete);

        // The input only wakes the loop: where it finds the inbox full, the loop is awake.
        using var awaited = new RoundDeadline(
            TimeSpan.FromSeconds(Parameters.RoundDeadlineSeconds), time, () => inbox.TryPost(new RunInput(RunInputKind.Deadline)));
        deadline = awaited;
        try
        {
            while (await inbox.WaitForNew().ConfigureAwait(false))
            {
                while (!cancellation.IsCancellationRequested && inbox.TryTake(out var input))
                {
                    Take(input);
                    if (stalledBecause is not null && !await Outlast(input, cancellation).ConfigureAwait(false))
                    {
                        return;
                    }

                    TakeDeadline();
                    if (stalledBecause is not null && !await Outlast(new RunInput(RunInputKind.Deadline), cancellation).ConfigureAwait(false))
                    {
                        return;
                    }
                }

                if (cancellation.IsCancellationRequested)
                {
                    return;
                }
            }
        }
        finally
        {
            inbox.Close();
        }
    }

    private void TakeDeadline()
    {
        if (!deadline!.TryTake(out var round))
        {
            return;
        }

        effects.Clear();
        executed = 0;
        engine.Handle(RoundEvent.DeadlineReached(round), effects);
        Proceed(new RunInput(RunInputKind.Deadline));
    }

    private void Take(in RunInput input)
    {
        effects.Clear();
        executed = 0;
        switch (input.Kind)
        {
            case RunInputKind.Joined:
                TakeJoin(input.Event, input.Stream!);
                break;
            case RunInputKind.Event:
                TakeEvent(input.Event);
                break;
            case RunInputKind.Cancel:
                engine.Cancel(effects);
                break;
            case RunInputKind.Drain:
                engine.Drain(effects);
                break;
            default:
                Answer(input);
                break;
        }

        Proceed(input);
    }

    // Inputs that leave the engine alone.
    private bool Answer(in RunInput input)
    {
        switch (input.Kind)
        {
            case RunInputKind.Watch:
                AddWatcher(input.Watcher!);
                return true;
            case RunInputKind.Unwatch:
                watchers.Remove(input.Watcher!);
                return true;
            case RunInputKind.Note:
                TakeNote(input.Note!);
                input.Reply!.SetResult(Describe());
                return true;
            case RunInputKind.Status:
                input.Reply!.SetResult(Describe());
                return true;
            case RunInputKind.Deadline:
                // It only wakes the loop, which then looks at the clock.
                return true;
            default:
                return false;
        }
    }

    // Executes what is left of the effects of an input, and what comes after them; begins again where it stalled.
    private void Proceed(in RunInput input)
    {
        if (!Execute())
        {
            return;
        }

        if (input.Kind is RunInputKind.Cancel or RunInputKind.Drain)
        {
            input.Reply!.TrySetResult(Describe());
        }

        figures.Show(engine);
    }

    private void TakeJoin(in RoundEvent input, DeviceStream stream)
    {
        streams.Add(stream.Incarnation, stream);
        engine.Handle(input, effects);
        if (effects is not [{ Kind: RoundEffectKind.Disconnect }])
        {
            joins++;
            figures.Joined(input.Device, input.Round);
            Log.Joined(logger, name, input.Device, input.Round, input.Incarnation);
            stream.Send(new CoordinatorMessage { Welcome = Wire.ToWelcome(Parameters, options.Heartbeat) });
            Happened("joined", input.Device);
            watchers.TellStatus();
        }
    }

    private void TakeEvent(in RoundEvent input)
    {
        var accepted = engine.Counters.Accepted;
        engine.Handle(input, effects);
        if (engine.Counters.Accepted > accepted)
        {
            // The round that it closes is published by the effects.
            roundTrips.Reported(input.Device, input.Round);
            tracing.Accepted(input.Round, input.Device);
        }

        if (input.Kind == RoundEventKind.Left && streams.Remove(input.Incarnation))
        {
            Log.Left(logger, name, input.Device, input.Incarnation);
            Happened("left", input.Device);
            watchers.TellStatus();
        }
    }

    // False when it stalls, at a record that cannot be written.
    private bool Execute()
    {
        for (; executed < effects.Count; executed++)
        {
            var effect = effects[executed];
            switch (effect.Kind)
            {
                case RoundEffectKind.Persist:
                    if (!TryPersist(effect.Record!))
                    {
                        return false;
                    }

                    break;
                case RoundEffectKind.Replay:
                    streams[effect.Incarnation].SendMissed(effect.Round, history.Missed(effect.Device, effect.Round, effect.LastRound, engine));
                    break;
                case RoundEffectKind.Push:
                    roundTrips.Pushed(effect.Device, effect.Round);
                    streams[effect.Incarnation].SendPush(effect.Round, effect.Push);
                    tracing.Pushed(effect.Device, effect.Round);
                    break;
                case RoundEffectKind.End:
                    streams[effect.Incarnation].Send(new CoordinatorMessage { End = new End { Theta = effect.Push.Theta } });
                    break;
                case RoundEffectKind.Disconnect:
                    Refuse(effect);
                    break;
                case RoundEffectKind.Farewell:
                    // The stream may have ended by itself meanwhile.
                    streams.GetValueOrDefault(effect.Incarnation)?.Close(null);
                    Happened("withdrawn", effect.Device);
                    break;
                case RoundEffectKind.AwaitDeadline:
                    deadline!.Await(effect.Round);
                    break;
                case RoundEffectKind.Publish:
                    Publish(effect.Committed!);
                    break;
                default:
                    throw new InvalidOperationException($"Unknown effect {effect.Kind}.");
            }
        }

        if (engine.Cancelled && !wasCancelled)
        {
            wasCancelled = true;
            tracing.Cancelled(engine.Round);
            Log.Cancelled(logger, TraceId(engine.Round), name, engine.Round);
            watchers.End();
        }

        return true;
    }

    private bool TryPersist(JournalRecord record)
    {
        commitStarted = time.GetTimestamp();
        try
        {
            store.Append(name, record);
        }
        catch (IOException exception) when (exception is not JournalLostException)
        {
            Stall(exception);
            return false;
        }

        Persisted();
        return true;
    }

    private void Persisted()
    {
        commitEnded = time.GetTimestamp();
        instruments.CommitTook(figures, time.GetElapsedTime(commitStarted, commitEnded));
        if (effects.FindIndex(executed + 1, static effect => effect.Kind == RoundEffectKind.Persist) < 0)
        {
            NoteDurable();
        }
    }

    private void Refuse(in RoundEffect effect)
    {
        // The stream may have ended by itself meanwhile; its Left comes later and finds it gone.
        if (streams.Remove(effect.Incarnation, out var stream))
        {
            stream.Close(Refusals.ToStatus(effect, engine));
        }

        Happened("refused", effect.Device, KebabCase.Name(effect.Refusal));
    }

    private void Happened(string kind, int device, string reason = "") => watchers.Happened(kind, engine.Round, device, reason);

    // What was meant for an earlier process of the coordinator is told this one from the beginning.
    private void TakeNote(NoteRunRequest note)
    {
        if (note.OpenedUnixMilliseconds == 0 || note.OpenedUnixMilliseconds == openedAt)
        {
            watchers.Tell(note);
        }
    }

    private void Publish(CommittedRound committed)
    {
        notices.Tell(committed);
        var now = time.GetTimestamp();
        TimeSpan? duration = committedAt == 0 ? null : time.GetElapsedTime(committedAt, now);
        history.Add(
            committed, engine.Finished ? [] : engine.Update.Gradient, new RunHistory.Timing(time.GetUtcNow(), duration),
            roundTrips.Of(committed.Round));
        committedAt = now;
        Measure(committed, duration);
        if (logger.IsEnabled(LogLevel.Information))
        {
            Log.Committed(logger, TraceId(committed.Round), name, committed.Round);
        }

        watchers.TellRound();
        roundTrips.Forget(committed.Round);
        if (engine.Finished)
        {
            Log.Finished(logger, name, engine.Digest);
            watchers.End();
        }
    }

    private void Measure(CommittedRound committed, TimeSpan? duration)
    {
        tracing.Committed(committed.Round, commitStarted, commitEnded);
        figures.Moved(engine.Theta);
        figures.Committed(history.LastCost!.Value, history.LastGradientNorm, committed.Reports);
        figures.Opened(committedAt);
        if (duration is { } took)
        {
            instruments.RoundTook(figures, took);
        }
    }

    private LoggedTrace TraceId(int round) => new(RoundTraceIds.OfRound(name, round));

    private void AddWatcher(Channel<RunUpdate> watcher)
    {
        watchers.Add(watcher, streams.Values.Select(stream => (uint)stream.Device));
        if (durable.Finished || durable.Cancelled)
        {
            watchers.End();
        }
    }

    private RunStatus Describe()
    {
        var status = new RunStatus
        {
            Run = name,
            State = stalledBecause is not null ? "stalled" : durable.Cancelled ? "cancelled" : durable.Finished ? "finished" : "running",
            Reason = stalledBecause ?? (engine.LacksQuorum
                ? string.Create(CultureInfo.InvariantCulture, $"waits for a quorum: {engine.Reported} of {Parameters.Quorum} reports, {engine.Members} members")
                : ""),
            Round = (uint)Math.Min(durable.Round, Parameters.Rounds),
            Rounds = (uint)Parameters.Rounds,
            Devices = (uint)Parameters.Devices,
            Connected = (uint)streams.Count,
            Members = (uint)(durable.Round == engine.Round ? engine.Members : durable.Members),
            Quorum = (uint)(Parameters.Quorum ?? 0),
            Missing = durable.Round == engine.Round ? (uint)engine.Missing : 0,
            Digest = durable.Digest,
            MeanTheta = figures.CurrentTheta.Mean,
            Joins = joins,
            ReportsAccepted = (ulong)engine.Counters.Accepted,
            ReportsDuplicate = (ulong)engine.Counters.Duplicate,
            ReportsStale = (ulong)engine.Counters.Stale,
            ReportsFenced = (ulong)engine.Counters.Fenced,
            ReportsClipped = (ulong)engine.Counters.Clipped,
            OpenedUnixMilliseconds = openedAt,
        };
        foreach (var refusal in Enum.GetValues<Refusal>().Where(refusal => engine.Counters.Refused(refusal) > 0))
        {
            status.Refused[KebabCase.Name(refusal)] = (ulong)engine.Counters.Refused(refusal);
        }

        faults.AddTo(status.Refused);
        return status;
    }
}
