using Dcc.Core.Devices;
using Dcc.Experiments.Methods;

namespace Dcc.Experiments.Tests.Methods;

public class MappoTests
{
    private const int OneRollout = 1_024;
    private static readonly MappoSettings Table2 = new();

    [Fact]
    public void Run_ThreeDevices_EndsFarBelowItsStartAndNearTheBestDecomposition()
    {
        var system = EdgeSystem.Sample(3, 4);
        var points = Run(system, new TrainingPlan(1, 30 * OneRollout, 30, 400_000)).ToList();
        var best = JointMeasure.Of(
            system, Deployment.BestKnown(system, default, TestContext.Current.CancellationToken), seed: 1, budget: 400_000);
        Assert.Equal(OneRollout, points[0].Steps);
        Assert.True(points[^1].Measure.SteadyState < 0.8 * points[0].Measure.SteadyState);
        Assert.InRange(points[^1].Measure.SteadyState, 0, 1.1 * best.SteadyState);
    }

    [Fact]
    public void Run_OneDevice_FindsThatOffloadingAloneIsFree() =>
        Assert.InRange(Run(EdgeSystem.Sample(1, 3), new TrainingPlan(1, 100_000, 1, 400_000)).Single().Measure.SteadyState, 1, 1.05);

    [Fact]
    public async Task Run_UnitsInParallel_SameBitsAsAlone()
    {
        var system = EdgeSystem.Sample(5, 9);
        var cancellation = TestContext.Current.CancellationToken;
        JointMeasure Unit(int seed) => Run(system, new TrainingPlan((ulong)seed, 3 * OneRollout, 1, 20_000)).Single().Measure;
        var together = await Task.WhenAll(Enumerable.Range(1, 3).Select(seed => Task.Run(() => Unit(seed), cancellation)));
        for (var seed = 1; seed <= 3; seed++)
        {
            var alone = Unit(seed);
            Assert.Equal(alone.SteadyState, together[seed - 1].SteadyState);
            Assert.Equal(alone.Discounted, together[seed - 1].Discounted);
            Assert.Equal(alone.Frequency, together[seed - 1].Frequency);
        }

        Assert.NotEqual(together[0].SteadyState, together[1].SteadyState);
    }

    [Fact]
    public void Run_Cancelled_Ends() => Assert.Throws<OperationCanceledException>(() =>
        Mappo.Run(EdgeSystem.Sample(2, 1), new TrainingPlan(1, long.MaxValue, 1), Table2, new CancellationToken(true)).Count());

    [Fact]
    public void Settings_ByDefault_AreTable2s() => Assert.Equal(
        "LR 0.001, NUM ENVS 8, UPDATE EPOCHS 2, NUM MINIBATCHES 64, GAMMA 0.95, GAE LAMBDA 0.95, CLIP EPS 0.2, ENT COEF 0.01, " +
        "VF COEF 0.5, MAX GRAD NORM 0.5, ACTIVATION relu",
        string.Join(", ", Table2.Listed(EdgeSystem.Sample(1, 1), TrainingPlan.PaperSteps).Where(value => value.Source == "Table 2")
            .Select(value => $"{value.Name} {value.Value}")));

    private static IEnumerable<Checkpoint> Run(EdgeSystem system, TrainingPlan plan) =>
        Mappo.Run(system, plan, Table2, TestContext.Current.CancellationToken);
}
