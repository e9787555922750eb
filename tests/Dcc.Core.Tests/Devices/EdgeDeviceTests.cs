using Dcc.Core.Devices;
using Dcc.Core.Randomness;

namespace Dcc.Core.Tests.Devices;

public class EdgeDeviceTests
{
    [Theory]
    [InlineData(1, 5, 300)]
    [InlineData(0, 10, 390)]
    public void StateCount_OfPaperDevices_IsMTimesLevels(int minHarvest, int maxCost, int expected) =>
        Assert.Equal(expected, new EdgeDevice(new DeviceParameters(minHarvest, 2, 1, maxCost), 15, 15).StateCount);

    [Fact]
    public void States_NumberedAndDecoded_RoundTrip()
    {
        foreach (var (age, battery) in new[] { (15, 15), (1, 1), (7, 64), (15, 1000) })
        {
            var parameters = new DeviceParameters(0, 1, 1, 10);
            var device = new EdgeDevice(parameters, age, battery);
            for (var state = 0; state < device.StateCount; state++)
            {
                Assert.Equal(state, device.State(device.Age(state), device.Level(state)));
                Assert.InRange(device.Level(state), parameters.LowestLevel, battery);
            }
        }
    }

    [Fact]
    public void Step_PaperFigure8_OverdrawsWaitsAndCompletes()
    {
        // H = 1 always. A computation that costs 5 at level 1 leaves -3: four recharging steps until the batch is done.
        var device = new EdgeDevice(new DeviceParameters(1, 1, 5, 5), 15, 15);
        var state = device.State(5, 1);
        state = device.Step(state, DeviceAction.Local, 0, out var cost);
        Assert.Equal((5f, 6, -3), (cost, device.Age(state), device.Level(state)));
        Assert.False(device.IsLegal(state, DeviceAction.Local));
        Assert.False(device.IsLegal(state, DeviceAction.Offload));
        for (var level = -2; level < 0; level++)
        {
            var (age, before) = (device.Age(state), device.Level(state));
            state = device.Step(state, DeviceAction.Wait, 0, out cost);
            Assert.Equal((age - before, age + 1, level), ((int)cost, device.Age(state), device.Level(state)));
        }

        state = device.Step(state, DeviceAction.Wait, 0, out cost);
        Assert.Equal((8f + 1, 1, 0), (cost, device.Age(state), device.Level(state)));
    }

    [Theory]
    [InlineData(3, 4, DeviceAction.Wait, 4, 5)]
    [InlineData(15, 15, DeviceAction.Wait, 15, 15)]
    [InlineData(9, 4, DeviceAction.Offload, 1, 5)]
    [InlineData(9, 4, DeviceAction.Local, 1, 3)]
    public void Step_WithEnergy_FollowsTheTable(int age, int level, DeviceAction action, int nextAge, int nextLevel)
    {
        var device = new EdgeDevice(new DeviceParameters(1, 1, 2, 2), 15, 15);
        var next = device.Step(device.State(age, level), action, 0, out var cost);
        Assert.Equal((nextAge, nextLevel, (float)age), (device.Age(next), device.Level(next), cost));
    }

    [Fact]
    public void Outcomes_OfEveryStateAndAction_AgreeWithSampledSteps()
    {
        const int Draws = 4_000;
        var device = new EdgeDevice(new DeviceParameters(0, 3, 1, 7), 5, 6);
        var random = RandomStream.For(11, StreamPurpose.Training, 0);
        var outcomes = new List<Outcome>();
        for (var state = 0; state < device.StateCount; state++)
        {
            foreach (var action in Enum.GetValues<DeviceAction>().Where(action => device.IsLegal(state, action)))
            {
                outcomes.Clear();
                device.AddOutcomes(state, action, outcomes);
                Assert.Equal(1, outcomes.Sum(outcome => outcome.Probability), 1e-12);
                var expected = outcomes.GroupBy(outcome => outcome.State)
                    .ToDictionary(group => group.Key, group => group.Sum(outcome => outcome.Probability));
                var counts = expected.Keys.ToDictionary(next => next, _ => 0);
                for (var i = 0; i < Draws; i++)
                {
                    var next = device.Step(state, action, random.Next(), out var cost);
                    counts[next]++;
                    Assert.Equal(device.Cost(state), cost);
                }

                foreach (var (next, probability) in expected)
                {
                    // Five standard deviations; the seed is fixed.
                    var deviation = Math.Sqrt(probability * (1 - probability) / Draws);
                    Assert.Equal(probability, (double)counts[next] / Draws, (5 * deviation) + 1e-12);
                }
            }
        }
    }

    [Fact]
    public void Step_InAHotLoop_AllocatesNothing()
    {
        var device = new EdgeDevice(new DeviceParameters(0, 3, 1, 7), 15, 15);
        Walk(device, 10);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Walk(device, 10_000);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    [Fact]
    public void Constructor_TooManyStates_Throws() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new EdgeDevice(new DeviceParameters(0, 1, 1, 1000), 1000, 1000));

    private static int Walk(EdgeDevice device, int steps)
    {
        var random = RandomStream.For(1, StreamPurpose.Training, 0);
        var state = device.InitialState(random.Next());
        for (var i = 0; i < steps; i++)
        {
            var action = device.IsLegal(state, DeviceAction.Local) ? (DeviceAction)RandomStream.Scale((uint)random.Next(), 3) : DeviceAction.Wait;
            state = device.Step(state, action, random.Next(), out _);
        }

        return state;
    }

    [Fact]
    public void WriteFeatures_OfEveryState_TellsStatesApartWithinZeroAndOne()
    {
        var device = new EdgeDevice(new DeviceParameters(0, 3, 1, 7), 15, 15);
        var seen = new HashSet<string>();
        for (var state = 0; state < device.StateCount; state++)
        {
            var features = new float[device.FeatureCount];
            Array.Fill(features, float.NaN);
            device.WriteFeatures(state, features);
            Assert.All(features, feature => Assert.InRange(feature, 0, 1));
            Assert.True(seen.Add(string.Join(' ', features)));
        }
    }
}
