using Dcc.Core.Coordination;
using Dcc.Core.Engine;
using Dcc.Core.Evaluation;
using Dcc.Core.Learning;
using Dcc.Experiments.Methods;

namespace Dcc.Experiments.Tests.Methods;

public sealed class DccRunTests
{
    // The engine, driven by hand in device order: the sequence of thetas that every other path to a digest is held against too.
    [Theory]
    [InlineData(SolverKind.PriceQ, GradientKind.FiniteDifference)]
    [InlineData(SolverKind.Exact, GradientKind.ExactMultiplier)]
    public void Execute_AnySolver_GoesThroughTheThetasOfTheRoundEngine(SolverKind solver, GradientKind gradient)
    {
        var system = PaperSystem.Of(3, 2, 4);
        var parameters = new RunParameters
        {
            Devices = 3, Rounds = 4, Seed = 4, InitialTheta = [0, 0.1, 0], Exponent = 2, Solver = solver, Gradient = gradient, Steps = 2_000,
        };
        var digest = default(ThetaDigest);
        foreach (var round in DccRun.Execute(system, parameters, TestContext.Current.CancellationToken))
        {
            if (digest is null)
            {
                digest = new ThetaDigest(round.Theta);
            }
            else
            {
                digest.Append(round.Round, round.Theta);
            }
        }

        var effects = new List<RoundEffect>();
        var engine = RoundEngine.Create(parameters, effects);
        DeviceSession[] sessions = [.. Enumerable.Range(0, 3).Select(i =>
            new DeviceSession(LocalSolvers.Create(parameters.SolverSettings(system.Gamma), system.Device(i), i)))];
        for (var i = 0; i < 3; i++)
        {
            engine.Handle(RoundEvent.Joined(i, 1, -1), effects);
        }

        while (!engine.Finished)
        {
            List<RoundEffect> pushes = [.. effects.Where(effect => effect.Kind == RoundEffectKind.Push)];
            effects.Clear();
            foreach (var push in pushes)
            {
                sessions[push.Device].Handle(push.Round, push.Push);
                engine.Handle(RoundEvent.Reported(push.Device, 1, push.Round, sessions[push.Device].LastReport), effects);
            }
        }

        Assert.Equal(engine.Digest, digest!.ToString());
    }

    [Fact]
    public void StepsAt_LastRound_AreThePapersSixteenEvaluationsForBothSolvers()
    {
        var learned = MethodUnit.DccQLearning(2, 1, 1);
        var priced = MethodUnit.DccPriceQ(2, 1, 1);
        Assert.Equal(1_600_000, DccRun.StepsAt(learned.Rounds, learned));
        Assert.Equal(1_600_000, DccRun.StepsAt(priced.Rounds, priced));
    }

    [Fact]
    public void TruePenalty_ThreeDevices_IsTheSumOverAllOutcomes()
    {
        double[] offloads = [0.2, 0.5, 0.9];
        var congestion = new Congestion(CongestionKind.MeanField, CongestionForm.Shifted, 3);
        var expected = new double[3];
        for (var outcome = 0; outcome < 8; outcome++)
        {
            var probability = 1.0;
            var count = 0;
            for (var i = 0; i < 3; i++)
            {
                var acts = (outcome >> i & 1) == 1;
                probability *= acts ? offloads[i] : 1 - offloads[i];
                count += acts ? 1 : 0;
            }

            for (var i = 0; i < 3; i++)
            {
                expected[i] += (outcome >> i & 1) == 1 ? probability * congestion.Penalty(count) : 0;
            }
        }

        var found = TruePenalty.Of(offloads, congestion);
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(expected[i], found[i], 1e-14);
        }
    }

    // Two routes to a long-run frequency: the stationary distribution, and a simulation of eight million steps.
    [Fact]
    public void OffloadProfile_Stationary_IsTheSimulatedFrequencyAndItsStartTheDiscountedOne()
    {
        var system = PaperSystem.Of(2, 1, 5);
        var curves = SystemCost.CurvesOf(system);
        var policies = new[] { curves[0].Policy(0.13, 1), curves[1].Policy(0.21, 0.5) };
        var simulated = JointMeasure.Of(system, policies, seed: 1).Frequency;
        for (var i = 0; i < 2; i++)
        {
            var profile = new OffloadProfile(system.Device(i), policies[i]);
            Assert.Equal(simulated[i], profile.Stationary(), 2e-3);
            var discounted = profile.FromSynchronisedStart(600).Select((offloads, step) => (1 - system.Gamma) * Math.Pow(system.Gamma, step) * offloads).Sum();
            Assert.Equal(Core.Exact.ExactCurve.Evaluate(system.Device(i), system.Gamma, policies[i]).Frequency, discounted, 1e-10);
        }
    }
}
