using Dcc.Core.Policies;

namespace Dcc.Core.Tests.Policies;

public class CostCurveTests
{
    private static readonly DeterministicPolicy Any = new([0]);

    // Slopes -4, -2, -1.
    private static readonly CostCurve Curve = CostCurve.LowerHull(
        [(0, 5, Any), (0.25, 4, Any), (0.75, 3, Any), (1, 2.75, Any), (0.5, 4.5, Any), (0.9, 2.9, Any)]);

    [Fact]
    public void LowerHull_PointsAboveIt_AreLeftOut() =>
        Assert.Equal([0, 0.25, 0.75, 1], Curve.Frequencies.ToArray());

    [Fact]
    public void LowerHull_PointBelowTheOthers_BecomesAVertex() => Assert.Equal(
        [0, 0.25, 0.75, 0.9, 1],
        CostCurve.LowerHull([(0, 5, Any), (0.25, 4, Any), (0.75, 3, Any), (0.9, 2.8, Any), (1, 2.75, Any)]).Frequencies.ToArray());

    [Fact]
    public void LowerHull_RisingTail_IsCutOff() =>
        Assert.Equal([0, 0.5], CostCurve.LowerHull([(0, 2, Any), (0.5, 1, Any), (0.8, 1.5, Any)]).Frequencies.ToArray());

    [Fact]
    public void LowerHull_NothingAtFrequencyZero_Throws() =>
        Assert.Throws<ArgumentException>(() => CostCurve.LowerHull([(0.1, 2, Any)]));

    [Theory]
    [InlineData(0.125, 0, 4.5, 0.125, 4)] // the constraint binds
    [InlineData(0.125, 1, 4.625, 0.125, 3)] // ... and the price takes its part of the multiplier
    [InlineData(1, 3, 4.75, 0.25, 0)] // the price alone stops it
    [InlineData(1, 4, 5, 0, 0)] // the price equals the slope: the smallest frequency
    [InlineData(0, 0, 5, 0, 4)] // theta = 0
    public void Read_ConstraintAndPrice_GivesCostFrequencyMultiplier(
        double theta, double price, double cost, double frequency, double multiplier)
    {
        var point = Curve.Read(theta, price);
        Assert.Equal(cost, point.Cost, 1e-12);
        Assert.Equal(frequency, point.Frequency, 1e-12);
        Assert.Equal(multiplier, point.Multiplier, 1e-12);
    }

    [Fact]
    public void Policy_BetweenVertices_MixesThemInProportion()
    {
        var mixture = Curve.Policy(0.0625, 0);
        Assert.Equal([0.75, 0.25], mixture.Weights);
        Assert.Single(Curve.Policy(0.25, 0).Components);
    }

    [Fact]
    public void Draw_FromAMixture_FollowsTheWeights()
    {
        DeterministicPolicy a = new([0]), b = new([1]);
        var mixture = new PolicyMixture([a, b], [0.25, 0.75]);
        Assert.Same(a, mixture.Draw(0.24));
        Assert.Same(b, mixture.Draw(0.26));
        Assert.Same(b, mixture.Draw(0.999_999));
    }
}
