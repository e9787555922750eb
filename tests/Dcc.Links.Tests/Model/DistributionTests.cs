using Dcc.Core.Randomness;
using Dcc.Links.Model;

namespace Dcc.Links.Tests.Model;

/// <summary>Means over a million draws with a fixed seed, against theory; the tolerances are five standard errors or more.</summary>
public sealed class DistributionTests
{
    private const int Draws = 1_000_000;

    [Theory]
    [InlineData(0.02)]
    [InlineData(0.3)]
    public void Loss_Independent_HasItsRate(double rate) =>
        Assert.Equal(rate, Losses(new DirectionSettings { Loss = rate }).Average(lost => lost ? 1 : 0), 5 * Math.Sqrt(rate / Draws));

    [Theory]
    [InlineData(0.01, 0.25, 1, 0)]
    [InlineData(0.05, 0.1, 0.5, 0.01)]
    public void Loss_GilbertElliott_HasItsRateAndBurstLength(double toBad, double toGood, double lossInBad, double loss)
    {
        var losses = Losses(new DirectionSettings { Loss = loss, Burst = new BurstLoss(toBad, toGood, lossInBad) });
        var bad = toBad / (toBad + toGood);
        var rate = (bad * lossInBad) + ((1 - bad) * loss);
        Assert.Equal(rate, losses.Average(lost => lost ? 1 : 0), rate * 0.05);
        if (lossInBad == 1)
        {
            // Everything is lost in the bad state and nothing in the good one: a burst lasts as long as the state.
            var bursts = losses.Zip(losses.Skip(1)).Count(pair => !pair.First && pair.Second);
            Assert.Equal(1 / toGood, losses.Count(lost => lost) / (double)bursts, 0.05 / toGood);
        }
    }

    [Theory]
    [InlineData(JitterDistribution.Uniform, 0, 0.0, 0.57735)]
    [InlineData(JitterDistribution.Uniform, 0.7, 0.0, 0.57735)]
    [InlineData(JitterDistribution.Normal, 0, 0.0, 1.0)]
    [InlineData(JitterDistribution.Normal, 0.7, 0.0, 1.0)]
    [InlineData(JitterDistribution.Pareto, 0, 1.0, 1.7320508)]
    [InlineData(JitterDistribution.Pareto, 0.7, 1.0, 1.7320508)]
    public void Jitter_Draws_HaveTheMomentsAtAnyCorrelation(JitterDistribution distribution, double correlation, double mean, double deviation)
    {
        var values = Variations(distribution, correlation);
        Assert.Equal(mean, values.Average(), 0.02);
        var spread = Math.Sqrt(values.Average(value => (value - mean) * (value - mean)));

        // The fourth moment of a Pareto of shape 3 is infinite, so its sample deviation converges slowly.
        Assert.Equal(deviation, spread, distribution == JitterDistribution.Pareto ? 0.2 : 0.01);
    }

    [Fact]
    public void Jitter_Pareto_HasItsTail()
    {
        // Scale 2 for a mean of 1: P(value > x) = (1 + x / 2)^-3.
        var values = Variations(JitterDistribution.Pareto, 0);
        foreach (var x in new[] { 0, 0.5, 2, 10 })
        {
            var share = Math.Pow(1 + (x / 2.0), -3);
            Assert.Equal(share, values.Count(value => value > x) / (double)Draws, 5 * Math.Sqrt(share / Draws));
        }

        Assert.True(values.Min() >= 0);
    }

    [Fact]
    public void Jitter_Correlated_HasTheCorrelationAskedFor()
    {
        var values = Variations(JitterDistribution.Normal, 0.7);
        Assert.Equal(0.7, values.Zip(values.Skip(1)).Average(pair => pair.First * pair.Second), 0.02);
    }

    [Theory]
    [InlineData(0.001, -3.090232306)]
    [InlineData(0.025, -1.959963985)]
    [InlineData(0.5, 0)]
    [InlineData(0.9, 1.281551566)]
    [InlineData(0.9999, 3.719016485)]
    public void NormalDistribution_TableValues_BothWays(double probability, double quantile)
    {
        Assert.Equal(quantile, NormalDistribution.Quantile(probability), 1e-8);
        Assert.Equal(probability, NormalDistribution.Cumulative(quantile), 1e-7);
    }

    private static List<bool> Losses(DirectionSettings settings)
    {
        var stream = RandomStream.For(1, StreamPurpose.Link, 0);
        var process = new LossProcess();
        var losses = new List<bool>(Draws);
        for (var i = 0; i < Draws; i++)
        {
            losses.Add(process.Next(settings, ref stream));
        }

        return losses;
    }

    // In units of the jitter.
    private static List<double> Variations(JitterDistribution distribution, double correlation)
    {
        var stream = RandomStream.For(2, StreamPurpose.Link, 0);
        var settings = new DirectionSettings { Jitter = TimeSpan.FromSeconds(1), JitterDistribution = distribution, JitterCorrelation = correlation };
        var process = new JitterProcess();
        var values = new List<double>(Draws);
        for (var i = 0; i < Draws; i++)
        {
            values.Add(process.Next(settings, ref stream).TotalSeconds);
        }

        return values;
    }
}
