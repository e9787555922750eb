using Dcc.Core.Engine;
using Dcc.Core.Learning;
using Dcc.Core.Policies;

namespace Dcc.Core.Tests.Simulation;

/// <summary>A learner whose answers depend on everything it was ever pushed, so that a missed or repeated round would show.</summary>
internal sealed class Remembering(int index) : ILocalSolver
{
    private double memory = index;

    public PolicyMixture Policy => throw new InvalidOperationException("There is no policy here.");

    public CurvePoint LastPoint => default;

    public EvaluationWatch? Watch { get; set; }

    public Report Solve(int round, Push push)
    {
        memory = (0.7 * memory) + push.Theta + (0.3 * push.PriceOthers) + round;
        return new Report(memory, memory - (0.1 * push.ThetaOwn), memory + push.PriceOthers);
    }
}

/// <summary>One connection: in order in each direction, with any delay; what is under way when a side lets go still arrives at the other.</summary>
internal sealed class SimulatedStream(SimulatedRun world, SimulatedProcess owner)
{
    private long lastUp;
    private long lastDown;
    private List<Action>? held;
    private bool isCut;

    internal long Incarnation { get; set; }

    internal int Device => owner.Device;

    internal long ProcessStarted => owner.Started;

    /// <summary>Something at the coordinator's end takes a while: what the device says next waits behind it.</summary>
    internal void Hold(long delay, Action then)
    {
        held = [];
        world.After(delay, () =>
        {
            var waiting = held;
            held = null;
            then();
            waiting.ForEach(arrive => arrive());
        });
    }

    internal void Up(Action arrive) => Deliver(ref lastUp, () =>
    {
        if (held is { } waiting)
        {
            waiting.Add(arrive);
        }
        else
        {
            arrive();
        }
    });

    internal void Down(Action<SimulatedProcess> arrive) => Deliver(ref lastDown, () =>
    {
        if (owner.IsOn(this))
        {
            arrive(owner);
        }
    });

    /// <summary>The coordinator's end is gone: the device notices some time.</summary>
    internal void Break()
    {
        isCut = true;
        world.After(world.Delay(), () => owner.Lost(this));
    }

    /// <summary>The device's end is gone: the coordinator notices some time.</summary>
    internal void Abandon() => Up(() => world.Coordinator.Take(RoundEvent.Left(Device, Incarnation)));

    private void Deliver(ref long last, Action arrive)
    {
        var at = last = Math.Max(last, world.Now + world.Delay());
        world.After(at - world.Now, () =>
        {
            if (!isCut)
            {
                arrive();
            }
        });
    }
}

/// <summary>One process of a device: a session, and a stream that it opens again whenever it is lost.</summary>
internal sealed class SimulatedProcess(SimulatedRun world, int device, long started, Action exited)
{
    private readonly DeviceSession session = new(new Remembering(device));
    private SimulatedStream? stream;
    private bool isAlive = true;

    internal int Device => device;

    internal long Started => started;

    internal bool HasEnded { get; private set; }

    internal bool IsOn(SimulatedStream candidate) => isAlive && stream == candidate;

    internal void Connect()
    {
        if (!isAlive || HasEnded)
        {
            return;
        }

        var opened = stream = new SimulatedStream(world, this);
        var held = session.LastRoundHeld;
        opened.Up(() => world.Coordinator.Accept(opened, held));
        world.After(3_000, () => GiveUp(opened));
    }

    internal void Lost(SimulatedStream lost)
    {
        if (IsOn(lost))
        {
            stream = null;
            world.After(world.Delay(), Connect);
        }
    }

    /// <summary>Lets the stream go and opens another.</summary>
    internal void LoseStream()
    {
        stream?.Abandon();
        stream = null;
        Connect();
    }

    internal void Kill()
    {
        isAlive = false;
        stream?.Abandon();
    }

    internal void Refused(Refusal refusal)
    {
        switch (refusal)
        {
            case Refusal.RunCancelled:
                HasEnded = true;
                break;
            case Refusal.OlderProcess:
                stream = null;
                world.After(world.Delay() + 50, Connect);
                break;
            default:
                isAlive = false;
                exited();
                break;
        }
    }

    internal void Leave()
    {
        if (world.Parameters.Quorum is not null && stream is { Incarnation: > 0 } open)
        {
            open.Up(() => world.Coordinator.Take(RoundEvent.Withdrew(device, open.Incarnation)));
            stream = null;
            world.After(world.Delay() + 100, Connect);
        }
    }

    internal void RepeatReport()
    {
        if (session.LastRoundHeld >= 0 && stream is { Incarnation: > 0 })
        {
            Report();
        }
    }

    internal void Learn(int round, Push push)
    {
        world.CheckPush(round, device, push);
        Assert.Contains(session.Handle(round, push), new[] { PushOutcome.Learned, PushOutcome.Repeated });
    }

    internal void Receive(RoundEffect effect)
    {
        switch (effect.Kind)
        {
            case RoundEffectKind.Push:
                Learn(effect.Round, effect.Push);
                Report();
                if (world.Chance(0.1))
                {
                    Report();
                }

                break;
            case RoundEffectKind.End:
                Assert.Equal(world.Parameters.Rounds, session.LastRoundHeld);
                HasEnded = true;
                stream?.Abandon();
                stream = null;
                break;
            default:
                break;
        }
    }

    // A hello into a coordinator that went away is never answered; the watchdog of a silent stream does the same in calm times.
    private void GiveUp(SimulatedStream silent)
    {
        if (IsOn(silent) && !HasEnded)
        {
            LoseStream();
        }
    }

    private void Report()
    {
        var (round, report, on) = (session.LastRoundHeld, session.LastReport, stream!);
        var incarnation = on.Incarnation;
        on.Up(() => world.Coordinator.Take(RoundEvent.Reported(device, incarnation, round, report)));
    }
}

/// <summary>A device and whoever supervises it: a process that ends is started again, and has lost everything.</summary>
internal sealed class SimulatedDevice(SimulatedRun world, int index)
{
    private SimulatedProcess? process;
    private long clockAhead;

    internal bool HasEnded => process is { HasEnded: true };

    internal void Start()
    {
        process = NewProcess(Restart);
        process.Connect();
    }

    internal void Crash()
    {
        process?.Kill();
        Restart();
    }

    internal void LoseStream() => process?.LoseStream();

    internal void RepeatReport() => process?.RepeatReport();

    internal void Leave() => process?.Leave();

    internal void JumpClock(long by) => clockAhead += by;

    /// <summary>Somebody starts a second process for the device; nobody starts that one again.</summary>
    internal void StartTwin() => NewProcess(() => { }).Connect();

    private void Restart()
    {
        process = null;
        world.After(world.Delay() + 50, () =>
        {
            if (process is null)
            {
                Start();
            }
        });
    }

    // By the clock of a machine that may be wrong.
    private SimulatedProcess NewProcess(Action exited) => new(world, index, 1_000_000 + world.Now + clockAhead, exited);
}
