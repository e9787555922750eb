using Dcc.Core.Coordination;

namespace Dcc.Core.Tests.Coordination;

public class CongestionTests
{
    [Theory]
    [InlineData(CongestionForm.Shifted, 2, 1, 0)]
    [InlineData(CongestionForm.Shifted, 2, 4, 9)]
    [InlineData(CongestionForm.Plain, 2, 4, 16)]
    [InlineData(CongestionForm.Shifted, 0.5, 5, 2)]
    public void Penalty_OfNOffloaders_IsTheStatedPower(CongestionForm form, double exponent, int offloaders, double expected) =>
        Assert.Equal(expected, new Congestion(CongestionKind.MeanField, form, exponent).Penalty(offloaders), 1e-12);

    [Theory]
    [InlineData(0)]
    [InlineData(1e-9)]
    [InlineData(0.3)]
    [InlineData(50)]
    [InlineData(99_999.7)]
    public void Price_ExponentOne_IsTheMeanToTheBit(double others)
    {
        Assert.Equal(others, new Congestion(CongestionKind.Poisson, CongestionForm.Shifted, 1).Price(others));
        Assert.Equal(others, new Congestion(CongestionKind.MeanField, CongestionForm.Shifted, 1).Price(others));
        Assert.Equal(1 + others, new Congestion(CongestionKind.Poisson, CongestionForm.Plain, 1).Price(others));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1e-9)]
    [InlineData(0.7)]
    [InlineData(50)]
    [InlineData(1e5)]
    public void Price_Poisson_MatchesTheMomentsOfThePoissonDistribution(double m)
    {
        // E[K^2] = m + m^2, E[K^3] = m + 3 m^2 + m^3 and their differences in m.
        AssertRelative(m + (m * m), Poisson(2).Price(m));
        AssertRelative(m + (3 * m * m) + (m * m * m), Poisson(3).Price(m));
        AssertRelative(1 + (2 * m), Poisson(2).PriceDerivative(m));
        AssertRelative(1 + (6 * m) + (3 * m * m), Poisson(3).PriceDerivative(m));
        AssertRelative(1 + (3 * m) + (m * m), new Congestion(CongestionKind.Poisson, CongestionForm.Plain, 2).Price(m));
    }

    [Theory]
    [InlineData(CongestionKind.MeanField, 2.5)]
    [InlineData(CongestionKind.Poisson, 2.5)]
    [InlineData(CongestionKind.Poisson, 0.5)]
    public void PriceDerivative_AgainstDifferences_Agrees(CongestionKind kind, double exponent)
    {
        var congestion = new Congestion(kind, CongestionForm.Shifted, exponent);
        const double Step = 1e-5;
        foreach (var others in new[] { 0.4, 3.2, 41 })
        {
            var difference = (congestion.Price(others + Step) - congestion.Price(others - Step)) / (2 * Step);
            Assert.Equal(difference, congestion.PriceDerivative(others), 1e-5 * difference);
        }
    }

    private static Congestion Poisson(double exponent) => new(CongestionKind.Poisson, CongestionForm.Shifted, exponent);

    private static void AssertRelative(double expected, double actual) => Assert.Equal(expected, actual, 1e-12 * (expected + 1e-300));
}
