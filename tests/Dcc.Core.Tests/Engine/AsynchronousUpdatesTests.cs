using Dcc.Core.Coordination;
using Dcc.Core.Engine;
using Dcc.Core.Learning;
using Dcc.Core.Validation;

namespace Dcc.Core.Tests.Engine;

public class AsynchronousUpdatesTests
{
    private static readonly RunParameters Three = new()
    {
        Devices = 3, Rounds = 4, Seed = 3, InitialTheta = [0.2, 0.4, 0.6], StepRule = StepRuleKind.RobbinsMonro, Staleness = RunParameters.MaxStaleness,
    };

    [Fact]
    public void Staleness_None_IsTheSynchronousRunToTheBit()
    {
        foreach (var rule in Enum.GetValues<StepRuleKind>())
        {
            var synchronous = Play(Three with { StepRule = rule, Staleness = null }, [0, 1, 2]);
            var asynchronous = Play(Three with { StepRule = rule, Staleness = 0 }, [2, 0, 1]);
            Assert.Equal(synchronous.Digest, asynchronous.Digest);
            Assert.Equal(synchronous.Theta.ToArray(), asynchronous.Theta.ToArray());
        }
    }

    [Fact]
    public void LoneDevice_AnyStaleness_IsTheSynchronousRunToTheBit()
    {
        var lone = Three with { Devices = 1, InitialTheta = [0.3] };
        Assert.Equal(Play(lone with { Staleness = null }, [0]).Digest, Play(lone, [0]).Digest);
    }

    [Fact]
    public void Commit_LateReport_MovesThetaByThePerturbationsOfItsOwnPush()
    {
        var effects = new List<RoundEffect>();
        var engine = RoundEngine.Create(Three, effects);
        var eps = (Own: engine.Update.EpsilonOwn.ToArray(), Others: engine.Update.EpsilonOthers.ToArray());
        Join(engine, effects);

        // Device 0 reports three rounds before device 1 reports its first; device 2 never does.
        var own = eps.Others[0];
        for (var round = 0; round < 3; round++)
        {
            own = engine.Update.EpsilonOthers[0];
            engine.Handle(RoundEvent.Reported(0, 1, round, new Report(1, 1, 1 + (0.001 * (round + 1)))), effects);
        }

        var before = engine.Theta.ToArray();
        engine.Handle(RoundEvent.Reported(1, 1, 0, new Report(2, 2.01, 5)), effects);
        var gradient = (0.01 / eps.Own[1]) + (0.003 / own);
        Assert.Equal(gradient, engine.Update.Gradient[1], 1e-9);
        Assert.Equal(Math.Clamp(before[1] - (0.25 * gradient), 0, 1), engine.Theta[1], 1e-12);
        Assert.Equal((before[0], before[2]), (engine.Theta[0], engine.Theta[2]));
    }

    [Fact]
    public void Perturbations_OfADevice_DoNotDependOnTheOthersOrder()
    {
        // In the middle of the interval no sign is flipped.
        var parameters = Three with { InitialTheta = [0.5, 0.5, 0.5], StepRule = StepRuleKind.TrustRegion };
        var rounds = new[] { new[] { 0, 1, 2 }, [2, 1, 0] }.Select(order =>
        {
            var all = new List<CommittedRound>();
            Play(parameters, order, all);
            return all.Take(parameters.Rounds).SelectMany(round => round.Epsilons).ToList();
        }).ToList();
        Assert.Equal(rounds[0], rounds[1]);
    }

    [Fact]
    public void Journal_OfAnyOrder_GivesTheSameThetaAndRounds()
    {
        var published = new List<CommittedRound>();
        var journal = new List<JournalRecord>();
        var run = Play(Three with { Staleness = 3 }, [0, 0, 2, 0, 1, 2, 2], published, journal);
        var again = RoundEngine.Recover(journal[0]);
        var replayed = journal.Skip(1).Select(again.Replay).OfType<CommittedRound>().ToList();
        Assert.Equal((run.Digest, run.Commits, true), (again.Digest, again.Commits, again.Finished));
        Assert.Equal(published.Select(round => round.ToBytes()), replayed.Select(round => round.ToBytes()));
    }

    [Fact]
    public void Journal_CommitThatBreaksTheBound_IsRefused()
    {
        var journal = new List<JournalRecord>();
        Play(Three, [0], null, journal, inputs: 3);
        Assert.Equal(4, journal.Count);
        var strict = JournalRecord.After(null, JournalRecordKind.Parameters, (Three with { Staleness = 2 }).ToJson());
        var engine = RoundEngine.Recover(strict);
        foreach (var record in journal.Skip(1).Take(2))
        {
            strict = JournalRecord.After(strict, record.Kind, record.Body);
            engine.Replay(strict);
        }

        var third = JournalRecord.After(strict, journal[3].Kind, journal[3].Body);
        Assert.Contains("staleness", Assert.Throws<JournalException>(() => engine.Replay(third)).Message);
    }

    [Theory]
    [InlineData(-1, null)]
    [InlineData(RunParameters.MaxStaleness + 1, null)]
    [InlineData(1, 2)]
    public void Parameters_StalenessOutOfRangeOrWithAQuorum_AreRefused(int staleness, int? quorum) =>
        Assert.Equal("staleness", Assert.Single(Assert.Throws<InvalidInputException>((Three with { Staleness = staleness, Quorum = quorum }).Validate).Faults).Field);

    [Fact]
    public void Parameters_WithoutStaleness_AreStoredAsTheyWereBefore()
    {
        Assert.DoesNotContain("staleness", System.Text.Encoding.UTF8.GetString((Three with { Staleness = null }).ToJson()));
        Assert.Equal(Three.Staleness, RunParameters.FromJson(Three.ToJson()).Staleness);
    }

    // Devices answer in this order, over and over, each when it has a push to answer.
    private static RoundEngine Play(
        RunParameters parameters, int[] order, List<CommittedRound>? published = null, List<JournalRecord>? journal = null, int inputs = int.MaxValue)
    {
        var effects = new List<RoundEffect>();
        var engine = RoundEngine.Create(parameters, effects);
        Join(engine, effects);
        var pushes = new Dictionary<int, RoundEffect>();
        for (var i = 0; inputs > 0 && !engine.Finished; i++)
        {
            Take();
            var device = i < 1000 ? order[i % order.Length] : i % parameters.Devices;
            if (pushes.Remove(device, out var push))
            {
                var value = (2 + device) - push.Push.ThetaOwn;
                engine.Handle(RoundEvent.Reported(device, 1, push.Round, new Report((2 + device) - push.Push.Theta, value, push.Push.PriceOthers)), effects);
                inputs--;
            }
        }

        Take();
        return engine;

        void Take()
        {
            foreach (var effect in effects)
            {
                if (effect.Kind == RoundEffectKind.Push)
                {
                    pushes[effect.Device] = effect;
                }
            }

            journal?.AddRange(effects.Select(effect => effect.Record).OfType<JournalRecord>());
            published?.AddRange(effects.Select(effect => effect.Committed).OfType<CommittedRound>());
            effects.Clear();
        }
    }

    private static void Join(RoundEngine engine, List<RoundEffect> effects)
    {
        for (var device = 0; device < engine.Parameters.Devices; device++)
        {
            engine.Handle(RoundEvent.Joined(device, 1, -1), effects);
        }
    }
}
