using Dcc.Core.Engine;
using Dcc.Core.Learning;

namespace Dcc.Core.Tests.Simulation;

/// <summary>A fault of the coordinator that the simulation must find.</summary>
internal enum Plant
{
    None,

    /// <summary>Pushes leave before the round they acknowledge is durable.</summary>
    SendBeforePersist,

    /// <summary>A disk that says durable before it is.</summary>
    UnsyncedDisk,

    /// <summary>Whoever reconnects is not told what it missed.</summary>
    NoReplay,
}

/// <summary>
/// A whole run in virtual time: the real engine, the real sessions and the real journal, with random delays, lost and doubled streams, crashes of
/// any party at any effect, slow and full disks, clocks that jump and processes that claim one device twice. All of it follows from the seed.
/// </summary>
internal sealed class SimulatedRun : IDisposable
{
    private const int MostSteps = 100_000;

    private readonly PriorityQueue<Action, (long At, long Order)> queue = new();
    private readonly SimulatedDevice[] devices;
    private readonly Dictionary<int, Push[]> pushes = [];
    private readonly long calmFrom;
    private readonly bool mayBeEnded;
    private long scheduled;

    /// <summary>Prepares a run.</summary>
    /// <param name="parameters">What is run.</param>
    /// <param name="seed">Of everything that happens to it.</param>
    /// <param name="isDisturbed">Whether anything happens to it.</param>
    /// <param name="plant">What is wrong with the coordinator.</param>
    /// <param name="isRealDisk">Whether the journal is a SQLite file.</param>
    internal SimulatedRun(RunParameters parameters, int seed, bool isDisturbed = true, Plant plant = Plant.None, bool isRealDisk = false)
    {
        Parameters = parameters;
        Random = new Random(seed);
        Plant = plant;
        calmFrom = isDisturbed ? Random.Next(200, 4_000) : 0;
        mayBeEnded = Random.Next(10) == 0;
        Disk = new FakeDisk(Random, isRealDisk);
        Coordinator = new SimulatedCoordinator(this);
        devices = [.. Enumerable.Range(0, parameters.Devices).Select(index => new SimulatedDevice(this, index))];
    }

    internal RunParameters Parameters { get; }

    internal Random Random { get; }

    internal Plant Plant { get; }

    internal FakeDisk Disk { get; }

    internal SimulatedCoordinator Coordinator { get; }

    internal long Now { get; private set; }

    /// <summary>The digest of the finished run; null where an operator ended it.</summary>
    internal string? Digest { get; private set; }

    /// <summary>Rounds that every device has made, and that survive a loss of power.</summary>
    internal int DurableRounds => Enumerable.Range(0, Parameters.Devices).Min(Disk.DurableRounds);

    private bool IsCalm => Now >= calmFrom;

    /// <summary>Runs to the end, with the invariants checked at every step.</summary>
    internal void Run()
    {
        Coordinator.Start();
        Array.ForEach(devices, device => device.Start());
        for (var at = 0L; at < calmFrom; at += Random.Next(20, 400))
        {
            After(at, Disturb);
        }

        for (var step = 0; !(Coordinator.IsOver && devices.All(device => device.HasEnded)); step++)
        {
            Assert.True(step < MostSteps && queue.Count > 0, $"the run does not end: round {Coordinator.Round} after {step} steps");
            queue.TryDequeue(out var next, out var when);
            Now = Math.Max(Now, when.At);
            next!();
        }

        CheckJournal();
    }

    internal void After(long delay, Action action) => queue.Enqueue(action, (Now + delay, scheduled++));

    /// <summary>Whether something happens that has this chance while the world is not calm.</summary>
    internal bool Chance(double probability) => !IsCalm && Random.NextDouble() < probability;

    /// <summary>A network's or a disk's delay: mostly short, at times very long.</summary>
    internal long Delay() => IsCalm ? 1 : Random.NextDouble() < 0.1 ? Random.Next(50, 1_500) : Random.Next(1, 20);

    /// <summary>One theta per round: whoever is pushed a round, whenever, is pushed the same.</summary>
    internal void CheckPush(int round, int device, Push push)
    {
        if (!pushes.TryGetValue(round, out var known))
        {
            pushes[round] = known = new Push[Parameters.Devices];
            Array.Fill(known, new Push(double.NaN, 0, 0, 0));
        }

        Assert.True(double.IsNaN(known[device].Theta) || known[device] == push, $"round {round} of device {device} was pushed with two thetas");
        known[device] = push;
    }

    public void Dispose() => Disk.Dispose();

    private void Disturb()
    {
        var device = devices[Random.Next(devices.Length)];
        switch (Random.Next(mayBeEnded ? 9 : 8))
        {
            case 8:
                Coordinator.End(afterItsRound: Random.Next(2) == 0);
                break;
            case 0:
                Coordinator.Crash();
                break;
            case 1:
                device.Crash();
                break;
            case 2:
                device.LoseStream();
                break;
            case 3:
                device.StartTwin();
                break;
            case 4:
                device.JumpClock(Random.Next(-2_000, 2_000));
                break;
            case 5:
                Disk.IsFull = true;
                After(Random.Next(10, 500), () => Disk.IsFull = false);
                break;
            case 6:
                device.Leave();
                break;
            default:
                device.RepeatReport();
                break;
        }
    }

    // Whoever reads the journal afterwards finds the run: the digest, and by learning again every report.
    private void CheckJournal()
    {
        var engine = RoundEngine.Recover(Disk.Records[0]);
        var attendance = new AttendanceOracle(Parameters);
        var staleness = new StalenessOracle(Parameters);
        var sessions = Enumerable.Range(0, Parameters.Devices).Select(device => new DeviceSession(new Remembering(device))).ToArray();
        foreach (var record in Disk.Records.Skip(1))
        {
            staleness.Take(record);
            if (engine.Replay(record) is not { } round)
            {
                attendance.Take(record);
                continue;
            }

            attendance.Take(round);
            for (var device = 0; device < sessions.Length; device++)
            {
                Assert.Equal(PushOutcome.Learned, sessions[device].Handle(round.Round, round.Pushes[device]));
                Assert.True(
                    !round.HasReport(device) || round.Reports[device] == sessions[device].LastReport,
                    $"the report of device {device} in round {round.Round} is not its own");
            }
        }

        Assert.Equal((engine.Finished || engine.Cancelled, engine.Digest), (true, Coordinator.Digest));
        Assert.Equal(engine.Round, DurableRounds);
        Digest = engine.Finished ? engine.Digest : null;
    }
}
