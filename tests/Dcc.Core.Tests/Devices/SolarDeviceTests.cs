using Dcc.Core.Devices;
using Dcc.Core.Randomness;

namespace Dcc.Core.Tests.Devices;

public class SolarDeviceTests
{
    private static readonly SolarDevice Small = new(maxAge: 5, battery: 30);

    [Fact]
    public void States_NumberedAndDecoded_RoundTrip()
    {
        var state = 0;
        for (var age = 1; age <= 40; age++)
        {
            for (var level = 0; level <= 150; level++)
            {
                for (var rest = 0; rest < 16; rest++, state++)
                {
                    Assert.Equal(state, SolarDevice.Large.State(age, level, rest / 4, rest % 4));
                    Assert.Equal((age, level), (SolarDevice.Large.Age(state), SolarDevice.Large.Level(state)));
                    Assert.Equal((rest / 4, rest % 4), (SolarDevice.Sky(state), SolarDevice.Channel(state)));
                }
            }
        }

        Assert.Equal(96_640, state);
        Assert.Equal(state, SolarDevice.Large.StateCount);
    }

    [Theory]
    [InlineData(DeviceAction.Wait, 0, 0, 4, 25)]
    [InlineData(DeviceAction.Local, 0, 0, 1, 9)]
    [InlineData(DeviceAction.Local, 4, 0, 1, 5)]
    [InlineData(DeviceAction.Offload, 0, 0, 1, 22)]
    [InlineData(DeviceAction.Offload, 0, 0xDFF, 1, 22)]
    [InlineData(DeviceAction.Offload, 0, 0xE00, 4, 22)]
    public void Step_AtNightInAGoodChannel_FollowsTheSummary(DeviceAction action, int dearness, int fate, int nextAge, int nextLevel)
    {
        // Fields of noise: no harvest at night, a computation that costs 16 + dearness, sky and channel that stay, the offload's fate.
        var noise = ((ulong)dearness * 4096 / 5 + 1) << 12 | 0x800UL << 24 | 0x800UL << 36 | (ulong)fate << 48;
        var next = Small.Step(Small.State(3, 25, 0, 2), action, noise, out var cost);
        Assert.Equal(3, cost);
        Assert.Equal(Small.State(nextAge, nextLevel, 0, 2), next);
    }

    [Fact]
    public void IsLegal_LowBattery_LeavesWaitingAndCheapChannels()
    {
        Assert.False(Small.IsLegal(Small.State(1, 19, 3, 3), DeviceAction.Local));
        Assert.True(Small.IsLegal(Small.State(1, 20, 0, 0), DeviceAction.Local));
        Assert.False(Small.IsLegal(Small.State(1, 2, 0, 2), DeviceAction.Offload));
        Assert.True(Small.IsLegal(Small.State(1, 1, 0, 3), DeviceAction.Offload));
        Assert.True(Small.IsLegal(Small.State(1, 0, 0, 0), DeviceAction.Wait));
    }

    [Fact]
    public void Outcomes_OfManyStatesAndActions_AgreeWithSampledSteps()
    {
        const int Draws = 20_000;
        var random = RandomStream.For(11, StreamPurpose.Training, 0);
        var outcomes = new List<Outcome>();
        for (var state = 0; state < Small.StateCount; state += 41)
        {
            foreach (var action in Enum.GetValues<DeviceAction>().Where(action => Small.IsLegal(state, action)))
            {
                outcomes.Clear();
                Small.AddOutcomes(state, action, outcomes);
                Assert.Equal(1, outcomes.Sum(outcome => outcome.Probability), 1e-12);
                var expected = outcomes.GroupBy(outcome => outcome.State)
                    .ToDictionary(group => group.Key, group => group.Sum(outcome => outcome.Probability));
                var counts = expected.Keys.ToDictionary(next => next, _ => 0);
                for (var i = 0; i < Draws; i++)
                {
                    counts[Small.Step(state, action, random.Next(), out var cost)]++;
                    Assert.Equal(Small.Cost(state), cost);
                }

                foreach (var (next, probability) in expected)
                {
                    // Six standard deviations, and one draw where the count is hardly ever more than none; the seed is fixed.
                    var deviation = Math.Sqrt(probability * (1 - probability) / Draws);
                    Assert.Equal(probability, (double)counts[next] / Draws, (6 * deviation) + (1.0 / Draws));
                }
            }
        }
    }

    [Fact]
    public void Starts_OfManyWords_AreStatesOfTheirKind()
    {
        var random = RandomStream.For(12, StreamPurpose.Training, 0);
        var trained = new HashSet<int>();
        for (var i = 0; i < 50_000; i++)
        {
            Assert.Equal(1, Small.Age(Small.InitialState(random.Next())));
            trained.Add(Small.TrainingState(random.Next()));
        }

        Assert.InRange(trained.Max(), 0, Small.StateCount - 1);
        Assert.Equal(Small.StateCount, trained.Count);
    }

    [Fact]
    public void WriteFeatures_OfEveryState_TellsStatesApartWithinZeroAndOne()
    {
        var seen = new HashSet<string>();
        for (var state = 0; state < Small.StateCount; state++)
        {
            var features = new float[Small.FeatureCount];
            Array.Fill(features, float.NaN);
            Small.WriteFeatures(state, features);
            Assert.All(features, feature => Assert.InRange(feature, 0, 1));
            Assert.True(seen.Add(string.Join(' ', features)));
        }
    }
}
