using Dcc.Experiments.Methods;

namespace Dcc.Experiments.Tests.Methods;

public class GeneralisedAdvantageTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(0.95f)]
    [InlineData(0)]
    public void Estimate_TwoCopies_IsTheDefinitionsSum(float lambda)
    {
        const float Gamma = 0.9f;
        float[] costs = [1, 5, 2, 0.5f, 3, 4];
        float[] values = [-7, -6, -5, -4, -3, -2, -1, -8];
        var advantages = new float[costs.Length];
        GeneralisedAdvantage.Estimate(costs, values, copies: 2, Gamma, lambda, advantages);
        for (var i = 0; i < costs.Length; i++)
        {
            double expected = 0, weight = 1;
            for (var j = i; j < costs.Length; j += 2)
            {
                expected += weight * (-costs[j] + (Gamma * values[j + 2]) - values[j]);
                weight *= Gamma * lambda;
            }

            Assert.Equal(expected, advantages[i], 1e-4);
        }
    }

    [Fact]
    public void Normalise_AnyValues_MeanZeroAndDeviationOne()
    {
        float[] values = [1, 5, -2, 40];
        GeneralisedAdvantage.Normalise(values);
        Assert.Equal(0, values.Average(), 1e-6);
        Assert.Equal(1, values.Average(value => value * value), 1e-5);
    }
}
