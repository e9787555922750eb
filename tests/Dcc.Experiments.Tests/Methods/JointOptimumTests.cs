using Dcc.Core.Coordination;
using Dcc.Core.Devices;
using Dcc.Core.Evaluation;
using Dcc.Core.Learning;
using Dcc.Core.Policies;
using Dcc.Experiments.Methods;

namespace Dcc.Experiments.Tests.Methods;

public class JointOptimumTests
{
    private static readonly EdgeSystem Tiny = new(
        0.9, MaxAge: 3, Battery: 2, Exponent: 1, [new DeviceParameters(0, 1, 1, 2), new DeviceParameters(1, 1, 1, 3)]);

    [Theory]
    [InlineData(Criterion.Discounted)]
    [InlineData(Criterion.Average)]
    public void Find_TinyDevices_CostsWhatPolicyIterationWithLinearSystemsFinds(Criterion criterion)
    {
        var expected = new PairPolicyIteration(Tiny, criterion).OptimalCost() / 2;
        Assert.Equal(expected, Find(Tiny, criterion).CostPerDevice, 1e-6);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Find_GoldenPair_IsMeasuredAtItsExactCost(int exponent)
    {
        var system = GoldenSystem.Named("n2", exponent);
        var discounted = Find(system, Criterion.Discounted);
        var average = Find(system, Criterion.Average);
        Assert.Equal(discounted.CostPerDevice, JointMeasure.Of(system, discounted.Policy, 1).Discounted, 0.01);
        Assert.Equal(average.CostPerDevice, JointMeasure.Of(system, average.Policy, 1).SteadyState, 0.01);
    }

    [Theory]
    [InlineData(11)]
    [InlineData(12)]
    public void Find_SampledPair_NothingElseCostsLess(ulong seed)
    {
        var system = EdgeSystem.Sample(2, seed);
        var discounted = Find(system, Criterion.Discounted).CostPerDevice;
        var average = Find(system, Criterion.Average).CostPerDevice;
        var cancellation = TestContext.Current.CancellationToken;
        var learning = new IndependentQLearning(system, new() { CommonReward = true }, seed);
        learning.TrainUntil(300_000, cancellation);
        PolicyMixture[][] others =
        [
            learning.Policies(), Deployment.NeverOffload(system), Deployment.AlwaysOffload(system),
            Deployment.BestKnown(system, CongestionKind.MeanField, cancellation),
            SelfishEquilibrium.Find(system, CongestionKind.MeanField, cancellation).Policies,
        ];
        foreach (var other in others)
        {
            // Simulation alone is uncertain by some thousandths.
            var measure = JointMeasure.Of(system, other, seed, 4_000_000);
            Assert.InRange(measure.Discounted, discounted * 0.995, double.PositiveInfinity);
            Assert.InRange(measure.SteadyState, average * 0.995, double.PositiveInfinity);
        }
    }

    private static JointOptimum Find(EdgeSystem system, Criterion criterion) =>
        JointOptimum.Find(system, criterion, TestContext.Current.CancellationToken);
}
