using Dcc.Core.Coordination;
using Dcc.Core.Exact;
using Dcc.Experiments.Methods;

namespace Dcc.Experiments.Tests.Methods;

public class DeploymentTests
{
    [Fact]
    public void AlwaysOffload_FreshAges_CostOneAndThePenaltyOfAll()
    {
        var system = GoldenSystem.Named("n10", 2);
        var measure = JointMeasure.Of(system, Deployment.AlwaysOffload(system), seed: 1, budget: 100_000);
        Assert.Equal(1 + (9 * 9), measure.Discounted, 1e-9);
        Assert.All(measure.Frequency, frequency => Assert.Equal(1, frequency));
    }

    [Fact]
    public void NeverOffload_GoldenSystem_CostsWhatTheLinearProgramSays()
    {
        var system = GoldenSystem.Named("n10", 1);
        var measure = JointMeasure.Of(system, Deployment.NeverOffload(system), seed: 1);
        Assert.Equal(GoldenSystem.NeverOffload("n10", 1), measure.Discounted, 0.01);
        Assert.All(measure.Frequency, frequency => Assert.Equal(0, frequency));
    }

    [Theory]
    [InlineData("n10", 1)]
    [InlineData("n20", 2)]
    public void BestKnown_GoldenSystem_HasTheBestKnownDecomposedCost(string name, int exponent)
    {
        var system = GoldenSystem.Named(name, exponent);
        var alone = Deployment.BestKnown(system, CongestionKind.MeanField, TestContext.Current.CancellationToken)
            .Select((policy, i) => ExactCurve.Evaluate(system.Device(i), system.Gamma, policy)).ToArray();
        var total = alone.Sum(device => device.Frequency);
        var cost = alone.Average(device => device.Cost + (device.Frequency * Math.Pow(total - device.Frequency, exponent)));
        Assert.InRange(cost, 0, GoldenSystem.BestKnown(name, exponent) + 1e-6);
    }
}
