using Dcc.Core.Devices;
using Dcc.Core.Learning;
using Dcc.Experiments.Methods;

namespace Dcc.Experiments.Tests.Methods;

public class CentralisedA2CTests
{
    private static readonly CentralisedA2CSettings Defaults = new();

    [Fact]
    public void Run_TwoDevices_EndsBetweenTheJointOptimumAndTheBestDecomposition()
    {
        // It sees both devices, so it can do what no decomposition can: never offload at the same time.
        var system = GoldenSystem.Named("n2", 1);
        var cancellation = TestContext.Current.CancellationToken;
        var measure = Run(system, new TrainingPlan(1, 400_000, 1, 400_000)).Single().Measure;
        var best = JointMeasure.Of(system, Deployment.BestKnown(system, default, cancellation), seed: 1);
        var optimum = JointOptimum.Find(system, Criterion.Average, cancellation).CostPerDevice;
        Assert.InRange(measure.SteadyState, optimum * 0.99, best.SteadyState);
    }

    [Fact]
    public void Run_SameSeed_SameBits()
    {
        var system = EdgeSystem.Sample(4, 9);
        var (once, again) = (Once(1), Once(1));
        Assert.Equal(once.SteadyState, again.SteadyState);
        Assert.Equal(once.Discounted, again.Discounted);
        Assert.NotEqual(once.SteadyState, Once(2).SteadyState);
        JointMeasure Once(ulong seed) => Run(system, new TrainingPlan(seed, 2_000, 1, 20_000)).Single().Measure;
    }

    [Fact]
    public void Run_Cancelled_Ends() => Assert.Throws<OperationCanceledException>(() => CentralisedA2C.Run(
        EdgeSystem.Sample(2, 1), new TrainingPlan(1, long.MaxValue, 1), Defaults, new CancellationToken(true)).Count());

    private static IEnumerable<Checkpoint> Run(EdgeSystem system, TrainingPlan plan) =>
        CentralisedA2C.Run(system, plan, Defaults, TestContext.Current.CancellationToken);
}
