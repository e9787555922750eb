using Dcc.Core.Coordination;
using Dcc.Core.Devices;
using Dcc.Core.Engine;
using Dcc.Core.Evaluation;
using Dcc.Core.Exact;
using Dcc.Core.Learning;
using Dcc.Core.Randomness;

namespace Dcc.Core.Tests.Learning;

public class LocalSolverTests
{
    private static readonly DeviceParameters Device = new(0, 3, 1, 7);

    /// <summary>Mean over the golden cases with theta >= 0.1 and five seeds (issue's limits 1.5 % and 8 %).</summary>
    [Theory]
    [InlineData(SolverKind.PriceQ, 0.015)]
    [InlineData(SolverKind.QLearning, 0.08)]
    public void ChargedGap_MeanOverGoldenCases_IsSmall(SolverKind kind, double limit)
    {
        var cases = Golden.Cases.Where(golden => golden.Theta >= 0.1).ToList();
        var gaps = new double[cases.Count];
        Parallel.For(0, cases.Count, i => gaps[i] = Enumerable.Range(1, 5).Average(seed =>
        {
            var golden = cases[i];
            var solver = LocalSolvers.Create(Settings(kind, (ulong)seed), Golden.Device(golden.Device), 0);
            var report = solver.Solve(0, new Push(golden.Theta, golden.Theta, golden.Price, golden.Price));
            var charge = golden.Multiplier * Math.Max(0, report.Others - golden.Theta);
            return ((report.Cost + charge) / golden.Cost) - 1;
        }));
        Assert.InRange(gaps.Average(), -limit, limit);
    }

    /// <summary>Measured over all golden cases with theta of at least 0.1: 0.6 % for dqn and 0.9 % for ppo, 4 % where they are worst.</summary>
    [Theory]
    [InlineData(SolverKind.Dqn)]
    [InlineData(SolverKind.Ppo)]
    public void ChargedGap_OfADeepLearner_IsWithinFivePercent(SolverKind kind)
    {
        foreach (var golden in Golden.Cases.Where(golden => golden.Device == Device && golden.Theta == 0.1))
        {
            var solver = LocalSolvers.Create(Settings(kind, 1), Golden.Device(Device), 0);
            var report = solver.Solve(0, new Push(golden.Theta, golden.Theta, golden.Price, golden.Price));
            var charge = golden.Multiplier * Math.Max(0, report.Others - golden.Theta);
            Assert.InRange(((report.Cost + charge) / golden.Cost) - 1, -0.03, 0.05);
        }
    }

    [Theory]
    [InlineData(SolverKind.PriceQ, 0.02)]
    [InlineData(SolverKind.QLearning, 0.03)]
    [InlineData(SolverKind.Dqn, 0.03)]
    [InlineData(SolverKind.Ppo, 0.03)]
    public void Report_AgainstTheExactCostOfItsPolicy_AgreesWithinNoise(SolverKind kind, double tolerance)
    {
        foreach (var device in Golden.Cases.Select(golden => golden.Device).Distinct())
        {
            var solver = LocalSolvers.Create(Settings(kind, 3), Golden.Device(device), 0);
            var report = solver.Solve(0, new Push(0.1, 0.1, 0.75, 0.75));
            var (cost, frequency) = ExactCurve.Evaluate(Golden.Device(device), Golden.Gamma, solver.Policy);
            Assert.Equal(cost + (0.75 * frequency), report.Cost, tolerance * report.Cost);
            Assert.Equal(frequency, report.Others, 0.01);
        }
    }

    [Theory]
    [InlineData(SolverKind.PriceQ, GradientKind.FiniteDifference, "All 2000")]
    [InlineData(SolverKind.QLearning, GradientKind.FiniteDifference, "Reference 2000, Own 2000, Others 2000")]
    [InlineData(SolverKind.QLearning, GradientKind.ExactMultiplier, "Reference 2000")]
    [InlineData(SolverKind.Exact, GradientKind.FiniteDifference, "All 0")]
    [InlineData(SolverKind.Dqn, GradientKind.FiniteDifference, "Reference 2000, Own 2000, Others 2000")]
    [InlineData(SolverKind.Ppo, GradientKind.ExactMultiplier, "Reference 2000")]
    public void Watch_TellsEachEvaluationAndChangesNothing(SolverKind kind, GradientKind gradient, string expected)
    {
        var settings = Settings(kind, 1) with { Gradient = gradient, Steps = 2000 };
        var push = new Push(0.1, 0.13, 0.5, 0.53);
        var (watched, alone) = (LocalSolvers.Create(settings, Golden.Device(Device), 0), LocalSolvers.Create(settings, Golden.Device(Device), 0));
        var told = new List<string>();
        EvaluationKind? begun = null;
        watched.Watch = new EvaluationWatch(
            evaluation =>
            {
                Assert.Null(begun);
                begun = evaluation;
            },
            (evaluation, steps) =>
            {
                Assert.Equal(begun, evaluation);
                begun = null;
                told.Add($"{evaluation} {steps}");
            });
        var report = watched.Solve(0, push);
        Assert.Equal(alone.Solve(0, push), report);
        Assert.Equal(expected, string.Join(", ", told));
        Assert.Equal((report.Cost, alone.LastPoint), (watched.LastPoint.Cost, watched.LastPoint));
        if (gradient == GradientKind.ExactMultiplier)
        {
            Assert.Equal((report.Own, report.Others), (watched.LastPoint.Multiplier, watched.LastPoint.Frequency));
        }
    }

    [Theory]
    [InlineData(SolverKind.PriceQ)]
    [InlineData(SolverKind.QLearning)]
    [InlineData(SolverKind.Exact)]
    [InlineData(SolverKind.Dqn)]
    [InlineData(SolverKind.Ppo)]
    public void ThetaZero_NeverOffloads(SolverKind kind)
    {
        var solver = LocalSolvers.Create(Settings(kind, 1), Golden.Device(Device), 0);
        var report = solver.Solve(0, new Push(0, 0, 0.5, 0.5));
        Assert.Equal(0, report.Others);
        Assert.DoesNotContain(
            (byte)DeviceAction.Offload, solver.Policy.Components.SelectMany(component => component.Actions));
        Assert.Equal(Golden.Curve(Device).Read(0, 0).Cost, report.Cost, 0.1 * report.Cost);
    }

    [Theory]
    [InlineData(SolverKind.PriceQ)]
    [InlineData(SolverKind.QLearning)]
    [InlineData(SolverKind.Exact)]
    [InlineData(SolverKind.Dqn)]
    [InlineData(SolverKind.Ppo)]
    public void GradientParts_OfOneRound_HaveThePapersSigns(SolverKind kind)
    {
        // Fig. 5: more of the own constraint helps, more of the others' hurts.
        var settings = Settings(kind, 1) with { Gradient = GradientKind.FiniteDifference };
        var solver = LocalSolvers.Create(settings, Golden.Device(new DeviceParameters(0, 1, 1, 10)), 0);
        var report = solver.Solve(0, new Push(0.05, 0.15, 0.5, 1.5));
        Assert.True(report.Own < report.Cost);
        Assert.True(report.Others > report.Cost);
    }

    [Theory]
    [InlineData(SolverKind.PriceQ)]
    [InlineData(SolverKind.QLearning)]
    public void AverageCriterion_MeasuresWhatADeployedDeviceShows(SolverKind kind)
    {
        // Under discounting a device offloads 10 to 25 % more often in steady state than theta says; under average it does not.
        const double Theta = 0.1;
        var settings = Settings(kind, 2) with { Criterion = Criterion.Average };
        var device = Golden.Device(new DeviceParameters(0, 1, 1, 5));
        var solver = LocalSolvers.Create(settings, device, 0);
        solver.Solve(0, new Push(Theta, Theta, 0, 0));
        var joint = new JointCost<EdgeDevice>(
            [device], [solver.Policy], new Congestion(default, default, 1), Golden.Gamma, seed: 1, budget: 400_000);
        Assert.Equal(Theta, joint.SteadyState().Frequency[0], 0.02);
    }

    [Theory]
    [InlineData(SolverKind.PriceQ)]
    [InlineData(SolverKind.QLearning)]
    [InlineData(SolverKind.Exact)]
    [InlineData(SolverKind.Dqn)]
    [InlineData(SolverKind.Ppo)]
    public void Replay_OfAllPushes_RebuildsTheLearnerBitForBit(SolverKind kind)
    {
        var settings = Settings(kind, 9) with { Steps = 5_000, Gradient = GradientKind.FiniteDifference };
        Push[] pushes =
        [
            new(0, 0.03, 0, 0), new(0.05, 0.02, 0.4, 0.43), new(0.11, 0.14, 0.9, 0.87), new(0, 0.03, 0.7, 0.73), new(0.2, 0.17, 1.2, 1.23),
        ];
        var lived = new DeviceSession(LocalSolvers.Create(settings, Golden.Device(Device), 4));
        for (var round = 0; round < pushes.Length; round++)
        {
            lived.Handle(round, pushes[round]);
            var rebuilt = new DeviceSession(LocalSolvers.Create(settings, Golden.Device(Device), 4));
            for (var replayed = 0; replayed <= round; replayed++)
            {
                Assert.Equal(PushOutcome.Learned, rebuilt.Handle(replayed, pushes[replayed]));
            }

            Assert.Equal(lived.LastReport, rebuilt.LastReport);
            Assert.Equal(lived.Policy.Weights, rebuilt.Policy.Weights);
            Assert.Equal(
                lived.Policy.Components.Select(component => component.Actions),
                rebuilt.Policy.Components.Select(component => component.Actions));
        }

        // A learner that skipped a round is another learner: what is compared above is not constant.
        var skipped = LocalSolvers.Create(settings, Golden.Device(Device), 4);
        var last = skipped.Solve(pushes.Length - 1, pushes[^1]);
        Assert.Equal(kind == SolverKind.Exact, last == lived.LastReport);
    }

    [Theory]
    [InlineData(SolverKind.PriceQ)]
    [InlineData(SolverKind.QLearning)]
    public void Solve_OtherSeedOrDevice_LearnsOtherwise(SolverKind kind)
    {
        var push = new Push(0.1, 0.13, 1, 1.03);
        var reference = LocalSolvers.Create(Settings(kind, 1), Golden.Device(Device), 0).Solve(0, push);
        Assert.Equal(reference, LocalSolvers.Create(Settings(kind, 1), Golden.Device(Device), 0).Solve(0, push));
        Assert.NotEqual(reference, LocalSolvers.Create(Settings(kind, 2), Golden.Device(Device), 0).Solve(0, push));
        Assert.NotEqual(reference, LocalSolvers.Create(Settings(kind, 1), Golden.Device(Device), 1).Solve(0, push));
    }

    [Fact]
    public void Training_InSteadyUse_AllocatesNothing()
    {
        var solver = new PriceQSolver<EdgeDevice>(Golden.Device(Device), Settings(SolverKind.PriceQ, 1), 0);
        var stream = RandomStream.For(1, StreamPurpose.Training, 0);
        solver.Train(stream);
        var before = GC.GetAllocatedBytesForCurrentThread();
        solver.Train(stream);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    private static SolverSettings Settings(SolverKind kind, ulong seed) =>
        new(kind, 100_000, Golden.Gamma, Criterion.Discounted, GradientKind.ExactMultiplier, seed);
}
