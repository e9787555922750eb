using Dcc.Core.Engine;

namespace Dcc.Core.Tests.Simulation;

/// <summary>The engine's shell in virtual time: one input after the other, effects in order, and a crash or a wait possible before each.</summary>
internal sealed class SimulatedCoordinator(SimulatedRun world)
{
    private readonly Queue<Action<List<RoundEffect>>> inputs = [];
    private readonly Queue<RoundEffect> effects = [];
    private readonly Dictionary<long, SimulatedStream> streams = [];
    private RoundEngine? engine;
    private bool isBusy;
    private int process;
    private int highestRound;
    private readonly int[] highestPushed = new int[world.Parameters.Devices];

    // Larger with every stream, whichever process took it.
    private long lastIncarnation;

    internal bool IsOver => engine is { Finished: true } or { Cancelled: true } && effects.Count == 0;

    internal int Round => engine?.Round ?? -1;

    internal string Digest => engine!.Digest;

    /// <summary>Recovers what the disk has, or creates the run where it has nothing.</summary>
    internal void Start()
    {
        var created = new List<RoundEffect>();
        if (world.Disk.Records.Count == 0)
        {
            engine = RoundEngine.Create(world.Parameters, created);
        }
        else
        {
            engine = RoundEngine.Recover(world.Disk.Records[0]);
            world.Disk.Records.Skip(1).ToList().ForEach(record => engine.Replay(record));
        }

        Assert.Equal(world.DurableRounds, engine.Round);
        for (var device = 0; device < highestPushed.Length; device++)
        {
            Assert.True(
                engine.RoundOf(device) >= highestPushed[device],
                $"round {engine.RoundOf(device)} of device {device} is open again though {highestPushed[device]} was pushed");
        }

        highestRound = engine.Round;
        created.ForEach(effects.Enqueue);
        Pump();
    }

    /// <summary>Takes the power away; somebody starts it again.</summary>
    internal void Crash()
    {
        if (engine is null)
        {
            return;
        }

        engine = null;
        process++;
        isBusy = false;
        inputs.Clear();
        effects.Clear();
        streams.Values.ToList().ForEach(stream => stream.Break());
        streams.Clear();
        world.Disk.LosePower();
        world.After(world.Delay(), Start);
    }

    /// <summary>A hello arrived. Its stream is numbered now, and heard by the loop a little later.</summary>
    internal void Accept(SimulatedStream stream, int lastRoundHeld)
    {
        if (engine is null)
        {
            stream.Break();
            return;
        }

        var incarnation = stream.Incarnation = ++lastIncarnation;
        var taker = process;
        stream.Hold(world.Chance(0.2) ? world.Delay() : 0, () =>
        {
            if (taker == process && engine is not null)
            {
                streams.Add(incarnation, stream);
                Take(RoundEvent.Joined(stream.Device, incarnation, lastRoundHeld, stream.ProcessStarted));
            }
        });
    }

    internal void Take(RoundEvent input)
    {
        if (engine is not null)
        {
            inputs.Enqueue(todo => engine!.Handle(input, todo));
            Pump();
        }
    }

    /// <summary>An operator ends the run, at once or after its open round.</summary>
    internal void End(bool afterItsRound)
    {
        if (engine is not null)
        {
            inputs.Enqueue(todo =>
            {
                if (afterItsRound)
                {
                    engine!.Drain(todo);
                }
                else
                {
                    engine!.Cancel(todo);
                }
            });
            Pump();
        }
    }

    private void Pump()
    {
        while (engine is not null && !isBusy)
        {
            if (effects.TryDequeue(out var effect))
            {
                if (world.Chance(0.002))
                {
                    Crash();
                }
                else
                {
                    Execute(effect);
                }
            }
            else if (inputs.TryDequeue(out var input))
            {
                var todo = new List<RoundEffect>();
                input(todo);
                Plan(todo);
            }
            else
            {
                return;
            }
        }
    }

    private void Plan(List<RoundEffect> todo)
    {
        Assert.True(engine!.Round >= highestRound, "the open round went back");
        highestRound = engine.Round;
        var planned = world.Plant switch
        {
            Plant.SendBeforePersist => todo.OrderBy(effect => effect.Kind == RoundEffectKind.Persist),
            Plant.NoReplay => todo.Where(effect => effect.Kind != RoundEffectKind.Replay),
            _ => todo.AsEnumerable(),
        };
        planned.ToList().ForEach(effects.Enqueue);
    }

    private void Execute(RoundEffect effect)
    {
        switch (effect.Kind)
        {
            case RoundEffectKind.Persist:
                Persist(effect.Record!);
                break;
            case RoundEffectKind.Push:
                Assert.True(
                    (effect.Round == world.Parameters.Rounds ? world.DurableRounds : world.Disk.DurableRounds(effect.Device)) >= effect.Round,
                    $"round {effect.Round} was pushed before round {effect.Round - 1} was durable");
                world.CheckPush(effect.Round, effect.Device, effect.Push);
                highestPushed[effect.Device] = Math.Max(highestPushed[effect.Device], effect.Round);
                Send(effect);
                break;
            case RoundEffectKind.End:
                Assert.Equal(world.Parameters.Rounds + 1, world.DurableRounds);
                Send(effect);
                break;
            case RoundEffectKind.Replay:
                Send(effect);
                break;
            case RoundEffectKind.Disconnect:
                // Whoever keeps to the protocol is refused only for another process that has its device, and when the run is over.
                Assert.Contains(effect.Refusal, new[] { Refusal.Replaced, Refusal.OlderProcess, Refusal.RunCancelled });
                if (streams.Remove(effect.Incarnation, out var refused))
                {
                    refused.Down(device => device.Refused(effect.Refusal));
                }

                break;
            case RoundEffectKind.AwaitDeadline:
                var waiting = process;
                world.After((long)(1_000 * world.Parameters.RoundDeadlineSeconds), () =>
                {
                    if (waiting == process)
                    {
                        Take(RoundEvent.DeadlineReached(effect.Round));
                    }
                });
                break;
            default:
                break;
        }
    }

    private void Persist(JournalRecord record)
    {
        if (world.Plant == Plant.UnsyncedDisk && world.Chance(0.3))
        {
            // Said to be written; the power fails before it is.
            world.After(world.Delay(), Crash);
            return;
        }

        if (world.Chance(0.02))
        {
            world.Disk.LosePowerDuring(record);
            Crash();
            return;
        }

        if (world.Chance(0.02) && world.Disk.TryAppend(record))
        {
            // Durable, and nobody will ever be told.
            Crash();
            return;
        }

        if (world.Chance(0.2))
        {
            WaitFor(() => Finish(record));
            return;
        }

        Finish(record);
    }

    private void Finish(JournalRecord record)
    {
        if (!world.Disk.TryAppend(record))
        {
            WaitFor(() => Finish(record));
            return;
        }

        Assert.True(
            world.Disk.Records.TakeWhile(stored => stored.Kind != JournalRecordKind.Cancelled).Count() >= world.Disk.Records.Count - 1,
            "something follows the end of the run in the journal");
    }

    // Meanwhile inputs wait, and nothing that depends on the record is sent.
    private void WaitFor(Action action)
    {
        isBusy = true;
        var waiting = process;
        world.After(world.Delay(), () =>
        {
            if (waiting == process)
            {
                isBusy = false;
                action();
                Pump();
            }
        });
    }

    private void Send(RoundEffect effect)
    {
        if (streams.TryGetValue(effect.Incarnation, out var stream))
        {
            var missed = effect.Kind == RoundEffectKind.Replay
                ? world.Disk.Records.Where(record => record.Kind == JournalRecordKind.Round)
                    .Select(record => CommittedRound.FromBytes(record.Body, world.Parameters))
                    .Select(round => (round.Round, Push: round.Pushes[effect.Device]))
                    .Concat(world.Disk.Updates(effect.Device).Select(update => (update.Round, update.Push)))
                    .Where(made => made.Round >= effect.Round && made.Round <= effect.LastRound).OrderBy(made => made.Round).ToList()
                : [];
            stream.Down(device =>
            {
                missed.ForEach(made => device.Learn(made.Round, made.Push));
                device.Receive(effect);
            });
        }
    }
}
