using System.Diagnostics;
using Dcc.Cli.Simulation;
using Dcc.Cli.Terminal;
using Dcc.Core.Devices;
using Dcc.Core.Engine;
using Dcc.Journal;
using Dcc.Protocol;

namespace Dcc.Cli.Runs;

/// <summary>
/// A whole run in one process: the engine and every device's session, passing messages without a network. Devices learn in parallel; no
/// result depends on how many at once.
/// </summary>
internal sealed class InProcessRun
{
    // One stream per device, never replaced.
    private const long Incarnation = 1;

    private readonly RunParameters parameters;
    private readonly SqliteJournal journal;
    private readonly IProgressDisplay progress;
    private readonly EventsFile events;
    private readonly VirtualNetwork? network;
    private readonly Stopwatch clock = Stopwatch.StartNew();
    private TimeSpan roundBegan;

    internal InProcessRun(
        RunParameters parameters, EdgeSystem system, SqliteJournal journal, VirtualNetwork? network, EventsFile events, IProgressDisplay progress)
    {
        this.network = network;
        this.parameters = parameters;
        this.journal = journal;
        this.events = events;
        this.progress = progress;
        Sessions = RunReplay.Sessions(parameters, system);
    }

    /// <summary>The run's name in its journal.</summary>
    internal const string Name = "run";

    /// <summary>The devices; after the run they hold the policies to deploy.</summary>
    internal DeviceSession[] Sessions { get; }

    /// <summary>Virtual milliseconds from push to report, by round and device; empty without a network.</summary>
    internal Dictionary<int, float[]> RoundTrips { get; } = [];

    /// <summary>Virtual seconds from the start to the end of each round; empty without a network.</summary>
    internal Dictionary<int, double> RoundEnds { get; } = [];

    internal void Execute(CancellationToken cancellation)
    {
        var effects = new List<RoundEffect>();
        var engine = RoundEngine.Create(parameters, effects);
        for (var device = 0; device < parameters.Devices; device++)
        {
            engine.Handle(RoundEvent.Joined(device, Incarnation, Sessions[device].LastRoundHeld), effects);
            events.Write(0, "joined", device: device);
        }

        while (!engine.Finished)
        {
            var pushes = Carry(effects, engine);
            effects.Clear();
            Learn(pushes, cancellation);
            foreach (var device in Travel(pushes, cancellation))
            {
                var session = Sessions[device];
                engine.Handle(RoundEvent.Reported(device, Incarnation, session.LastRoundHeld, session.LastReport), effects);
            }
        }

        Carry(effects, engine);
        events.Write(network?.Now.TotalSeconds ?? 0, "finished", round: parameters.Rounds);
    }

    // Executes effects in order and returns the pushes among them.
    private List<RoundEffect> Carry(List<RoundEffect> effects, RoundEngine engine)
    {
        var pushes = new List<RoundEffect>();
        foreach (var effect in effects)
        {
            switch (effect.Kind)
            {
                case RoundEffectKind.Persist:
                    journal.Append(Name, effect.Record!);
                    break;
                case RoundEffectKind.Push:
                    pushes.Add(effect);
                    break;
                case RoundEffectKind.Publish:
                    Show(effect.Committed!);
                    break;
                case RoundEffectKind.End or RoundEffectKind.AwaitDeadline:
                    break;
                default:
                    throw new InvalidOperationException($"Unexpected {effect.Kind} ({effect.Refusal}) for device {effect.Device}.");
            }
        }

        return pushes;
    }

    private void Learn(List<RoundEffect> pushes, CancellationToken cancellation) => Parallel.ForEach(
        pushes,
        new ParallelOptions { CancellationToken = cancellation, MaxDegreeOfParallelism = Environment.ProcessorCount },
        push =>
        {
            var outcome = Sessions[push.Device].Handle(push.Round, push.Push);
            if (outcome != PushOutcome.Learned)
            {
                throw new InvalidOperationException($"Device {push.Device} did not learn round {push.Round}: {outcome}.");
            }
        });

    // Whose reports are there next: in step those of all that were pushed.
    private IEnumerable<int> Travel(List<RoundEffect> pushes, CancellationToken cancellation)
    {
        if (network is not null && parameters.Staleness is not null)
        {
            return [TravelAlone(network, pushes, cancellation)];
        }

        // Under policy all every device has a push in every round.
        if (network is not null)
        {
            var round = pushes[0].Round;
            RoundTrips[round] = network.Carry(
                round,
                [.. pushes.Select(push => Wire.PushBytes(round, push.Push))],
                [.. pushes.Select(push => Wire.ReportBytes(round, Sessions[push.Device].LastReport))],
                cancellation);
        }

        return pushes.Select(push => push.Device);
    }

    private int TravelAlone(VirtualNetwork over, List<RoundEffect> pushes, CancellationToken cancellation)
    {
        foreach (var push in pushes)
        {
            over.Send(
                push.Device, push.Round, Wire.PushBytes(push.Round, push.Push), Wire.ReportBytes(push.Round, Sessions[push.Device].LastReport));
        }

        var (device, roundTrip) = over.Receive(cancellation);
        var round = Sessions[device].LastRoundHeld;
        if (!RoundTrips.TryGetValue(round, out var trips))
        {
            RoundTrips.Add(round, trips = new float[parameters.Devices]);
        }

        trips[device] = roundTrip;
        return device;
    }

    private void Show(CommittedRound committed)
    {
        // Over a network the time is its own.
        var now = network?.Now ?? clock.Elapsed;
        if (network is not null)
        {
            RoundEnds[committed.Round] = now.TotalSeconds;
        }

        progress.Show(new RoundRow(
            committed.Round, parameters.Rounds, committed.Pushes.Average(push => push.Theta), committed.Pushes.Min(push => push.Theta),
            committed.Pushes.Max(push => push.Theta), committed.MeanCost, now - roundBegan, Connected: null));
        roundBegan = now;
    }
}
