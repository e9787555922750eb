using Dcc.Core.Devices;
using Dcc.Experiments.Methods;

namespace Dcc.Experiments.Tests.Methods;

public class IndependentQLearningTests
{
    private static readonly IndependentQLearningSettings Table1 = new();
    private static readonly IndependentQLearningSettings Common = new() { CommonReward = true };

    /// <summary>The figures of the independent C++ prototype on other systems of these sizes (model.md section 6), and this one's own spread.</summary>
    [Theory]
    [InlineData("n10", 1.748)]
    [InlineData("n20", 1.920)]
    public void Run_GoldenSystem_CostsWhatThePrototypeDid(string name, double prototype) =>
        Assert.Equal(prototype, Last(GoldenSystem.Named(name, 1), Table1, 400_000).SteadyState, 0.03 * prototype);

    [Fact]
    public void Run_OneDevice_FindsThatOffloadingAloneIsFree() =>
        Assert.InRange(Last(EdgeSystem.Sample(1, 3), Table1, 200_000).Discounted, 1, 1.02);

    [Fact]
    public void Run_OneDevice_CommonRewardIsItsOwn() => Assert.Equal(
        Last(EdgeSystem.Sample(1, 3), Table1, 5_000).SteadyState, Last(EdgeSystem.Sample(1, 3), Common, 5_000).SteadyState);

    [Fact]
    public void Run_TwoDevicesWithACommonReward_CostLessThanSelfishOnes()
    {
        // The common reward tells each of two devices what it costs the other; of many devices it would be noise.
        var system = GoldenSystem.Named("n2", 1);
        Assert.True(Last(system, Common, 400_000).SteadyState < Last(system, Table1, 400_000).SteadyState);
    }

    [Fact]
    public void Run_SameSeed_SameBitsWhateverTheCheckpoints()
    {
        var system = GoldenSystem.Named("n10", 2);
        var often = Run(system, Table1, new TrainingPlan(5, 250_001, 7, 20_000)).ToList();
        var once = Run(system, Table1, new TrainingPlan(5, 250_001, 1, 20_000)).Single();
        Assert.Equal(7, often.Count);
        Assert.Equal(250_001, once.Steps);
        Assert.Equal(once.Measure.Discounted, often[^1].Measure.Discounted);
        Assert.Equal(once.Measure.Frequency, often[^1].Measure.Frequency);
    }

    [Fact]
    public void Run_Cancelled_Ends() => Assert.Throws<OperationCanceledException>(() =>
        IndependentQLearning.Run(EdgeSystem.Sample(2, 1), new TrainingPlan(1, long.MaxValue, 1), Table1, new CancellationToken(true)).Count());

    private static JointMeasure Last(EdgeSystem system, IndependentQLearningSettings settings, long steps) =>
        Run(system, settings, new TrainingPlan(1, steps, 1, 4_000_000)).Single().Measure;

    private static IEnumerable<Checkpoint> Run(EdgeSystem system, IndependentQLearningSettings settings, TrainingPlan plan) =>
        IndependentQLearning.Run(system, plan, settings, TestContext.Current.CancellationToken);
}
