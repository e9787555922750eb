using Dcc.Experiments.Results;

namespace Dcc.Experiments.Tests.Results;

public sealed class SpreadTests
{
    [Fact]
    public void Of_EightRuns_IsTheMeanOfTheMiddleFourAndTheirMedian()
    {
        var spread = Spread.Of([100, 4, 1, 3, -50, 2, 5, 0]);
        Assert.Equal((8, 2.5, 2.5), (spread.Count, spread.Mean, spread.Median));
        Assert.InRange(spread.Mean, spread.Low, spread.High);
    }

    [Fact]
    public void Of_AnyOrderAndGaps_IsTheSame() =>
        Assert.Equal(Spread.Of([3, 1, 2, 9, 7]), Spread.Of([9, double.NaN, 1, 2, 7, 3, double.PositiveInfinity]));

    [Fact]
    public void Of_EqualRunsOneOrNone_HasNoSpread()
    {
        Assert.Equal(new Spread(4, 2, 2, 2, 2), Spread.Of([2, 2, 2, 2]));
        Assert.Equal(new Spread(1, 5, 5, 5, 5), Spread.Of([5]));
        Assert.True(double.IsNaN(Spread.Of([]).Mean));
    }

    // Of many samples of 15 numbers uniform in [0, 1], about 95 of 100 intervals hold the true interquartile mean 0.5; the bootstrap of so few
    // is known to be somewhat too narrow.
    [Fact]
    public void Of_UniformNumbers_HoldsTheTrueValueAboutAsOftenAsItSays()
    {
        var random = Dcc.Core.Randomness.RandomStream.For(1, Dcc.Core.Randomness.StreamPurpose.Experiment, 0);
        var held = 0;
        for (var i = 0; i < 200; i++)
        {
            var values = new double[15];
            for (var j = 0; j < values.Length; j++)
            {
                values[j] = random.NextUnit();
            }

            var spread = Spread.Of(values);
            held += spread.Low <= 0.5 && spread.High >= 0.5 ? 1 : 0;
        }

        Assert.InRange(held, 165, 199);
    }
}
