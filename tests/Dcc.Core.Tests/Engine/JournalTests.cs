using System.Security.Cryptography;
using Dcc.Core.Coordination;
using Dcc.Core.Devices;
using Dcc.Core.Engine;
using Dcc.Core.Learning;
using Dcc.Core.Validation;

namespace Dcc.Core.Tests.Engine;

public class JournalTests
{
    private static readonly RunParameters Few =
        new() { Devices = 3, Rounds = 4, Seed = 1, Solver = SolverKind.Exact, InitialTheta = new double[3] };

    [Fact]
    public void Digest_OfThetas_IsTheStatedHashChain()
    {
        double[][] thetas = [[0, 0.25], [0.05, 0.2], [0.11, 0.3]];
        var hash = SHA256.HashData([.. thetas[0].SelectMany(BitConverter.GetBytes)]);
        var digest = new ThetaDigest(thetas[0]);
        for (var n = 1; n < thetas.Length; n++)
        {
            hash = SHA256.HashData([.. hash, .. BitConverter.GetBytes((ulong)n), .. thetas[n].SelectMany(BitConverter.GetBytes)]);
            digest.Append(n, thetas[n]);
        }

        Assert.Equal(Convert.ToHexStringLower(hash), digest.ToString());
    }

    [Fact]
    public void Parameters_ThroughJson_RoundTrip()
    {
        var parameters = new RunParameters
        {
            Devices = 2, Rounds = 3, Seed = ulong.MaxValue, InitialTheta = [0.1, 1.0 / 3], Exponent = 1.1, Solver = SolverKind.QLearning,
            EmulatedSystem = EdgeSystem.Sample(2, 1).ToJson(),
        };
        var read = RunParameters.FromJson(parameters.ToJson());
        Assert.Equal(parameters with { InitialTheta = [] }, read with { InitialTheta = [] }, (a, b) => a! with { InitialTheta = b!.InitialTheta } == b);
        Assert.Equal(parameters.InitialTheta, read.InitialTheta);
    }

    [Fact]
    public void Replay_OfWholeJournal_ReachesTheSameStateAndDigest()
    {
        var run = Finished();
        var engine = RoundEngine.Recover(run.Journal[0]);
        for (var i = 1; i < run.Journal.Count; i++)
        {
            Assert.Equal(i - 1, engine.Replay(run.Journal[i])!.Round);
        }

        Assert.Equal(run.Engine.Theta.ToArray(), engine.Theta.ToArray());
        Assert.Equal(run.Engine.Digest, engine.Digest);
        Assert.True(engine.Round == run.Journal.Count - 1);
    }

    [Fact]
    public void Replay_AnyByteOfAnyRecordChanged_NamesTheRecord()
    {
        var journal = Finished().Journal;
        for (var changed = 0; changed < journal.Count; changed++)
        {
            var record = journal[changed];
            for (var at = 0; at < record.Body.Length + record.Hash.Length; at += 13)
            {
                var body = (byte[])record.Body.Clone();
                var hash = (byte[])record.Hash.Clone();
                (at < body.Length ? ref body[at] : ref hash[at - body.Length]) ^= 1;
                Assert.Equal(changed, FirstBad(journal, changed, record with { Body = body, Hash = hash }));
            }

            Assert.Equal(changed, FirstBad(journal, changed, record with { Kind = (JournalRecordKind)9 }));
        }
    }

    [Fact]
    public void Replay_ForgedRecordWithValidHashes_IsStillNoticed()
    {
        // Someone who changes a report and recomputes the chain: theta no longer follows.
        var journal = Finished().Journal;
        var forged = CommittedRound.FromBytes(journal[2].Body, Few);
        forged.Reports[1] = forged.Reports[1] with { Own = forged.Reports[1].Own * -5 };
        var body = (byte[])journal[2].Body.Clone();
        BitConverter.TryWriteBytes(body.AsSpan(sizeof(int) + (7 * sizeof(double)) + (5 * sizeof(double))), forged.Reports[1].Own);
        Assert.Equal(2, FirstBad(journal, 2, JournalRecord.After(journal[1], JournalRecordKind.Round, body)));
    }

    [Fact]
    public void Replay_RecordsLeftOutOrSwapped_IsNoticed()
    {
        var journal = Finished().Journal;
        var engine = RoundEngine.Recover(journal[0]);
        Assert.Equal(2, Assert.Throws<JournalException>(() => engine.Replay(journal[2])).Sequence);
        Assert.Equal(1, Assert.Throws<JournalException>(() => RoundEngine.Recover(journal[1])).Sequence);
    }

    [Theory]
    [InlineData("devices")]
    [InlineData("rounds")]
    [InlineData("steps")]
    [InlineData("perturbation-size")]
    [InlineData("alpha")]
    [InlineData("criterion")]
    [InlineData("initial-theta")]
    [InlineData("initial-theta[1]")]
    public void Validate_OneBadParameter_NamesIt(string field)
    {
        var good = new RunParameters { Devices = 2, Rounds = 1, Seed = 1, InitialTheta = new double[2] };
        good.Validate();
        var bad = field switch
        {
            "devices" => good with { Devices = 0 },
            "rounds" => good with { Rounds = -1 },
            "steps" => good with { Steps = 0 },
            "perturbation-size" => good with { PerturbationSize = 0.6 },
            "alpha" => good with { Exponent = double.NaN },
            "criterion" => good with { Criterion = Criterion.Average, Solver = SolverKind.Exact },
            "initial-theta" => good with { InitialTheta = new double[3] },
            _ => good with { InitialTheta = [0, double.NaN] },
        };
        Assert.Equal(field, Assert.Single(Assert.Throws<InvalidInputException>(bad.Validate).Faults).Field);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("null")]
    [InlineData("[")]
    [InlineData("""{"devices":2,"rounds":0,"seed":1,"initialTheta":[0,0]}""")]
    [InlineData("""{"devices":2,"rounds":1,"seed":1,"initialTheta":null}""")]
    [InlineData("""{"devices":2,"rounds":1,"seed":1,"initialTheta":[0,0],"ofALaterVersion":1}""")]
    public void Recover_ParametersThatAreNone_NamesTheRecord(string body)
    {
        var record = JournalRecord.After(null, JournalRecordKind.Parameters, System.Text.Encoding.UTF8.GetBytes(body));
        Assert.Equal(0, Assert.Throws<JournalException>(() => RoundEngine.Recover(record)).Sequence);
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(-1e61)]
    public void Replay_ReportThatNoRunTakes_NamesTheRecord(double cost)
    {
        var journal = Finished().Journal;
        var round = CommittedRound.FromBytes(journal[2].Body, Few);
        round.Reports[1] = round.Reports[1] with { Cost = cost };
        Assert.Equal(2, FirstBad(journal, 2, JournalRecord.After(journal[1], JournalRecordKind.Round, round.ToBytes())));
    }

    /// <summary>Who was there is part of the result: a chain that was made anew over another attendance does not pass.</summary>
    [Theory]
    [InlineData(0, Attendance.Member)]
    [InlineData(0, Attendance.Outside)]
    [InlineData(1, Attendance.Member | Attendance.Reported)]
    [InlineData(1, Attendance.Member)]
    [InlineData(1, Attendance.Outside)]
    [InlineData(1, Attendance.Released)]
    [InlineData(1, Attendance.Member | Attendance.Released | (Attendance)8)]
    public void Replay_OfAnAttendanceThatCannotBe_NamesTheRecord(int device, Attendance forged)
    {
        var effects = new List<RoundEffect>();
        var engine = RoundEngine.Create(
            new RunParameters { Devices = 2, Rounds = 1, Seed = 1, InitialTheta = [0, 0.5], Quorum = 1, MostAbsences = 1 }, effects);
        engine.Handle(RoundEvent.Joined(0, 1, -1), effects);
        engine.Handle(RoundEvent.Reported(0, 1, 0, new Report(1, 2, 3)), effects);
        engine.Handle(RoundEvent.DeadlineReached(0), effects);
        var journal = effects.Where(effect => effect.Record is not null).Select(effect => effect.Record!).ToList();
        Assert.Equal([Attendance.Member | Attendance.Reported, Attendance.Member | Attendance.Released], RoundEngine.Recover(journal[0]).Replay(journal[1])!.Attendance);
        var body = (byte[])journal[1].Body.Clone();
        body[^(2 - device)] = (byte)forged;
        Assert.Equal(1, FirstBad(journal, 1, JournalRecord.After(journal[0], JournalRecordKind.Round, body)));
    }

    [Fact]
    public void Handle_LargestReports_MoveThetaToNumbers()
    {
        var parameters = new RunParameters { Devices = 2, Rounds = 1, Seed = 1, PerturbationSize = 1e-12, InitialTheta = [0.5, 0.5] };
        foreach (var rule in Enum.GetValues<StepRuleKind>())
        {
            var effects = new List<RoundEffect>();
            var engine = RoundEngine.Create(parameters with { StepRule = rule }, effects);
            for (var device = 0; device < 2; device++)
            {
                const double Most = Report.LargestMagnitude;
                engine.Handle(RoundEvent.Joined(device, 1, -1), effects);
                engine.Handle(RoundEvent.Reported(device, 1, 0, new Report(-Most, Most, device == 0 ? Most : -Most)), effects);
            }

            Assert.Equal(1, engine.Round);
            Assert.All(engine.Theta.ToArray(), theta => Assert.InRange(theta, 0, 1));
        }
    }

    private static InMemoryRun Finished()
    {
        var run = new InMemoryRun(EdgeSystem.Sample(3, 1), Few);
        run.Until(round: 5);
        return run;
    }

    private static long FirstBad(List<JournalRecord> journal, int changed, JournalRecord with)
    {
        return Assert.Throws<JournalException>(() =>
        {
            RoundEngine? engine = null;
            for (var i = 0; i < journal.Count; i++)
            {
                var record = i == changed ? with : journal[i];
                if (engine is null)
                {
                    engine = RoundEngine.Recover(record);
                }
                else
                {
                    engine.Replay(record);
                }
            }
        }).Sequence;
    }
}
