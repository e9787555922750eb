using CsCheck;
using Dcc.Core.Engine;
using Dcc.Core.Learning;
using Dcc.Core.Policies;

namespace Dcc.Core.Tests.Engine;

/// <summary>
/// Random orders of joins, deliveries, repetitions, lost streams, devices that lose everything and coordinators that restart, over real engines
/// and sessions. A failing schedule is printed with its seed and shrunk.
/// </summary>
public class RandomScheduleTests
{
    private const int Devices = 3;
    private const int Rounds = 4;

    private enum Act
    {
        Connect,
        Deliver,
        Repeat,
        Drop,
        LoseDevice,
        RestartCoordinator,
    }

    [Fact]
    public void Schedule_Random_EndsWithTheUndisturbedDigest()
    {
        var undisturbed = new World();
        undisturbed.Settle();
        var act = Gen.Frequency(
            (6, Gen.Const(Act.Deliver)), (3, Gen.Const(Act.Connect)), (1, Gen.Const(Act.Repeat)), (1, Gen.Const(Act.Drop)),
            (1, Gen.Const(Act.LoseDevice)), (1, Gen.Const(Act.RestartCoordinator)));
        Gen.Select(act, Gen.Int[0, Devices - 1]).List[0, 120].Sample(
            schedule =>
            {
                var world = new World();
                foreach (var (next, device) in schedule)
                {
                    world.Do(next, device);
                }

                world.Settle();
                Assert.Equal(undisturbed.Digest, world.Digest);
            },
            iter: 3_000);
    }

    /// <summary>A learner whose answers depend on everything it was ever pushed, so that a missed or repeated round would show.</summary>
    private sealed class Remembering(int index) : ILocalSolver
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

    private sealed class World
    {
        private readonly List<JournalRecord> journal = [];
        private readonly DeviceSession[] sessions = new DeviceSession[Devices];
        private readonly long[] streams = new long[Devices];
        private readonly Queue<RoundEffect>[] toDevice = new Queue<RoundEffect>[Devices];
        private readonly Queue<(int Round, Report Report)>[] toCoordinator = new Queue<(int, Report)>[Devices];
        private readonly bool[] ended = new bool[Devices];
        private RoundEngine engine;
        private long lastStream;

        internal World()
        {
            for (var device = 0; device < Devices; device++)
            {
                sessions[device] = new DeviceSession(new Remembering(device));
                toDevice[device] = new Queue<RoundEffect>();
                toCoordinator[device] = new Queue<(int, Report)>();
            }

            var effects = new List<RoundEffect>();
            engine = RoundEngine.Create(
                new RunParameters { Devices = Devices, Rounds = Rounds, Seed = 5, InitialTheta = new double[Devices] }, effects);
            Execute(effects);
        }

        internal string Digest => engine.Digest;

        internal void Do(Act act, int device)
        {
            switch (act)
            {
                case Act.Connect when streams[device] == 0:
                    streams[device] = ++lastStream;
                    Tell(RoundEvent.Joined(device, lastStream, sessions[device].LastRoundHeld));
                    break;
                case Act.Deliver:
                    Deliver(device);
                    break;
                case Act.Repeat when sessions[device].LastRoundHeld >= 0 && streams[device] != 0:
                    toCoordinator[device].Enqueue((sessions[device].LastRoundHeld, sessions[device].LastReport));
                    break;
                case Act.Drop when streams[device] != 0:
                    Tell(RoundEvent.Left(device, streams[device]));
                    Cut(device);
                    break;
                case Act.LoseDevice:
                    Do(Act.Drop, device);
                    sessions[device] = new DeviceSession(new Remembering(device));
                    ended[device] = false;
                    break;
                case Act.RestartCoordinator:
                    engine = RoundEngine.Recover(journal[0]);
                    journal.Skip(1).ToList().ForEach(record => engine.Replay(record));
                    Enumerable.Range(0, Devices).ToList().ForEach(Cut);
                    break;
                default:
                    break;
            }
        }

        /// <summary>Lets everybody reconnect and every message arrive, until all have been told the end.</summary>
        internal void Settle()
        {
            for (var turn = 0; ended.Contains(false); turn++)
            {
                Assert.True(turn < 1_000, "the run does not end");
                for (var device = 0; device < Devices; device++)
                {
                    Do(Act.Connect, device);
                    Deliver(device);
                }
            }

            Assert.True(engine.Finished);
            Assert.Equal(Rounds + 2, journal.Count);
            Assert.All(sessions, session => Assert.Equal(Rounds, session.LastRoundHeld));
        }

        private void Deliver(int device)
        {
            if (toCoordinator[device].TryDequeue(out var sent))
            {
                Tell(RoundEvent.Reported(device, streams[device], sent.Round, sent.Report));
            }

            if (!toDevice[device].TryDequeue(out var effect))
            {
                return;
            }

            switch (effect.Kind)
            {
                case RoundEffectKind.Replay:
                    for (var round = effect.Round; round <= effect.LastRound; round++)
                    {
                        var committed = CommittedRound.FromBytes(journal[round + 1].Body, Devices);
                        Assert.Equal(PushOutcome.Learned, sessions[device].Handle(round, committed.Pushes[device]));
                    }

                    break;
                case RoundEffectKind.Push:
                    Assert.Contains(sessions[device].Handle(effect.Round, effect.Push), new[] { PushOutcome.Learned, PushOutcome.Repeated });
                    toCoordinator[device].Enqueue((effect.Round, sessions[device].LastReport));
                    break;
                default:
                    ended[device] = true;
                    break;
            }
        }

        private void Tell(RoundEvent input)
        {
            var effects = new List<RoundEffect>();
            engine.Handle(input, effects);
            Execute(effects);
        }

        private void Execute(List<RoundEffect> effects)
        {
            foreach (var effect in effects)
            {
                Assert.NotEqual(RoundEffectKind.Disconnect, effect.Kind);
                if (effect.Kind == RoundEffectKind.Persist)
                {
                    // One record per round, in order, before any push that depends on it.
                    Assert.Equal(journal.Count, effect.Record!.Sequence);
                    journal.Add(effect.Record);
                }
                else if (effect.Kind != RoundEffectKind.Publish)
                {
                    Assert.Equal(streams[effect.Device], effect.Incarnation);
                    Assert.True(effect.Round <= journal.Count - 1, "a push before the commit it depends on");
                    toDevice[effect.Device].Enqueue(effect);
                }
            }
        }

        private void Cut(int device)
        {
            streams[device] = 0;
            toDevice[device].Clear();
            toCoordinator[device].Clear();
        }
    }
}
