using Dcc.Core.Coordination;
using Dcc.Core.Engine;
using Dcc.Core.Learning;

namespace Dcc.Core.Tests.Coordination;

public class ConstraintUpdateTests
{
    [Fact]
    public void Prepare_EveryDevice_PushesFourConsistentScalars()
    {
        var parameters = Parameters(3) with { InitialTheta = [0.2, 0.5, 0], Exponent = 2, Congestion = CongestionKind.MeanField };
        var update = new ConstraintUpdate(parameters);
        var pushes = new Push[3];
        update.Prepare(4, pushes);
        double[] others = [0.5, 0.2, 0.7];
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(parameters.InitialTheta[i], pushes[i].Theta);
            Assert.Equal(0.03 / Math.Pow(5, 0.101), Math.Abs(update.EpsilonOwn[i]), 1e-15);
            Assert.Equal(0.03 / Math.Pow(5, 0.101), Math.Abs(update.EpsilonOthers[i]), 1e-15);
            Assert.Equal(pushes[i].Theta + update.EpsilonOwn[i], pushes[i].ThetaOwn);
            Assert.Equal(others[i] * others[i], pushes[i].Price, 1e-12);
            Assert.Equal(Math.Pow(others[i] + update.EpsilonOthers[i], 2), pushes[i].PriceOthers, 1e-12);
        }

        Assert.True(update.EpsilonOwn[2] > 0, "a sign that would leave [0, 1] is flipped");
    }

    [Theory]
    [InlineData(PerturbationKind.Sign)]
    [InlineData(PerturbationKind.Gaussian)]
    public void Perturbations_OverManyRounds_StayFeasibleAndVary(PerturbationKind kind)
    {
        var perturbation = new Perturbation(kind, 0.5, seed: 3);
        var signs = new HashSet<(int, int)>();
        var squares = 0.0;
        const int Rounds = 2_000;
        for (var round = 0; round < Rounds; round++)
        {
            foreach (var (theta, others) in new[] { (0.0, 0.0), (1.0, 9.0), (0.5, 4.5) })
            {
                var (own, other) = perturbation.Draw(2, round, 0.5, theta, others, othersLimit: 9);
                Assert.InRange(theta + own, 0, 1);
                Assert.InRange(others + other, 0, 9);
                Assert.True(own != 0 && other != 0);
                if (theta == 0.5)
                {
                    signs.Add((Math.Sign(own), Math.Sign(other)));
                    squares += other * other / Rounds;
                }
            }
        }

        Assert.Equal(4, signs.Count);
        Assert.Equal(0.25, squares, 0.02);
    }

    [Fact]
    public void Prepare_LastEvaluationAndExactMultiplier_PerturbNothing()
    {
        foreach (var parameters in new[] { Parameters(2), Parameters(2) with { Gradient = GradientKind.ExactMultiplier, Rounds = 99 } })
        {
            var pushes = new Push[2];
            new ConstraintUpdate(parameters).Prepare(5, pushes);
            Assert.All(pushes, push => Assert.Equal((push.Theta, push.Price), (push.ThetaOwn, push.PriceOthers)));
        }
    }

    [Fact]
    public void Apply_FiniteDifferences_AssemblesProposition2()
    {
        const int Devices = 5;
        var parameters = Parameters(Devices) with { InitialTheta = [0.1, 0.2, 0.3, 0.4, 0.5] };
        var update = new ConstraintUpdate(parameters);
        var pushes = new Push[Devices];
        update.Prepare(0, pushes);
        Report[] reports = [new(1, 0.7, 1.3), new(2, 2.5, 1.9), new(1.5, 1.4, 1.8), new(3, 2, 4), new(1, 1, 1)];
        update.Apply(0, reports, []);
        for (var i = 0; i < Devices; i++)
        {
            // Term by term over j != i, the O(N^2) way.
            var expected = (reports[i].Own - reports[i].Cost) / update.EpsilonOwn[i];
            for (var j = 0; j < Devices; j++)
            {
                expected += j == i ? 0 : (reports[j].Others - reports[j].Cost) / update.EpsilonOthers[j];
            }

            Assert.Equal(expected, update.Gradient[i], 1e-9);
        }
    }

    [Fact]
    public void Apply_ExactMultiplier_AssemblesAlgorithm3()
    {
        var parameters = Parameters(3) with
        {
            InitialTheta = [0.1, 0.2, 0.3], Gradient = GradientKind.ExactMultiplier, Exponent = 2, Congestion = CongestionKind.MeanField,
        };
        var update = new ConstraintUpdate(parameters);
        update.Prepare(0, new Push[3]);
        update.Apply(0, [new(1, 3, 0.1), new(1, 2, 0.15), new(1, 0, 0.2)], []);
        double[] derivative = [2 * 0.5, 2 * 0.4, 2 * 0.3];
        double[] frequency = [0.1, 0.15, 0.2];
        double[] multiplier = [3, 2, 0];
        for (var i = 0; i < 3; i++)
        {
            var coupling = Enumerable.Range(0, 3).Where(j => j != i).Sum(j => frequency[j] * derivative[j]);
            Assert.Equal(coupling - multiplier[i], update.Gradient[i], 1e-12);
        }
    }

    [Fact]
    public void Apply_LoneDevice_HasNoCoupling()
    {
        foreach (var kind in Enum.GetValues<GradientKind>())
        {
            var update = new ConstraintUpdate(Parameters(1) with { Gradient = kind, Exponent = 0.5, InitialTheta = [0.3] });
            var pushes = new Push[1];
            update.Prepare(0, pushes);
            Assert.Equal((0, 0), (pushes[0].Price, pushes[0].PriceOthers));
            update.Apply(0, [new(2, 1, 7)], []);
            Assert.Equal(kind == GradientKind.ExactMultiplier ? -1 : -1 / update.EpsilonOwn[0], update.Gradient[0], 1e-9);
        }
    }

    [Fact]
    public void Rprop_SignsKeptAndFlipped_ScalesItsLength()
    {
        var rule = StepRules.Create(StepRuleKind.Rprop, 1);
        double[] theta = [0.5];
        double[] expected = [0.45, 0.39, 0.42, 0.456, 0.441];
        double[] gradient = [3, 2, -1, -5, 1];
        expected[4] = 0.456 + -(0.036 * 0.5);
        for (var round = 0; round < gradient.Length; round++)
        {
            rule.Step(round, [gradient[round]], [], theta);
            Assert.Equal(expected[round], theta[0], 1e-12);
        }
    }

    [Fact]
    public void Rprop_TwoHundredNoisyRoundsAtABound_DoNotThrowThetaAcross()
    {
        // Pinned at 0 by a positive gradient, with one wrong sign now and then: theta must stay near 0.
        var rule = StepRules.Create(StepRuleKind.Rprop, 1);
        double[] theta = [0];
        for (var round = 0; round < 200; round++)
        {
            rule.Step(round, [round % 23 == 22 ? -1.0 : 1.0], [], theta);
            Assert.InRange(theta[0], 0, 0.05);
        }
    }

    [Fact]
    public void Rprop_ZeroGradient_StaysWhereItIs()
    {
        double[] theta = [0.3];
        StepRules.Create(StepRuleKind.Rprop, 1).Step(0, [0], [], theta);
        Assert.Equal(0.3, theta[0]);
    }

    [Fact]
    public void RobbinsMonro_LargeGradient_IsProjected()
    {
        double[] theta = [0.5, 0.5, 0.5];
        StepRules.Create(StepRuleKind.RobbinsMonro, 3).Step(3, [0.2, 100, -100], [], theta);
        Assert.Equal([0.5 - (0.25 / Math.Pow(4, 0.602) * 0.2), 0, 1], theta, (a, b) => Math.Abs(a - b) < 1e-12);
    }

    [Fact]
    public void TrustRegion_LargeGradient_IsClipped()
    {
        double[] theta = [0.5, 0.5];
        StepRules.Create(StepRuleKind.TrustRegion, 2).Step(1, [100, 0.1], [], theta);
        Assert.Equal(0.5 - (0.1 / Math.Pow(2, 0.6)), theta[0], 1e-12);
        Assert.Equal(0.5 - (0.25 / Math.Pow(2, 0.602) * 0.1), theta[1], 1e-12);
    }

    private static RunParameters Parameters(int devices) => new()
    {
        Devices = devices, Rounds = 5, Seed = 1, InitialTheta = new double[devices],
    };
}
