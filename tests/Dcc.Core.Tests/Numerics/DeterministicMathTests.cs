using Dcc.Core.Numerics;
using Dcc.Core.Randomness;

namespace Dcc.Core.Tests.Numerics;

public class DeterministicMathTests
{
    private const int Draws = 200_000;

    [Fact]
    public void Exp_AgainstThePlatform_AgreesToFewUlp() =>
        AssertClose(3, stream => (stream.NextUnit() - 0.5) * 1400, DeterministicMath.Exp, Math.Exp);

    [Fact]
    public void Log_AgainstThePlatform_AgreesToFewUlp() =>
        AssertClose(3, stream => Math.Exp((stream.NextUnit() - 0.5) * 1400), DeterministicMath.Log, Math.Log);

    [Fact]
    public void Log_NearOne_AgreesToFewUlp() =>
        AssertClose(3, stream => 1 + ((stream.NextUnit() - 0.5) * 1e-3), DeterministicMath.Log, Math.Log);

    [Theory]
    [InlineData(0.101)]
    [InlineData(0.6)]
    [InlineData(0.602)]
    [InlineData(0.5)]
    [InlineData(1.5)]
    [InlineData(2.75)]
    public void Pow_FractionalExponent_AgreesToFewUlp(double exponent) =>
        AssertClose(6, stream => stream.NextUnit() * 1e5, x => DeterministicMath.Pow(x, exponent), x => Math.Pow(x, exponent));

    [Fact]
    public void Pow_IntegerExponent_IsRepeatedMultiplication()
    {
        Assert.Equal(1.1 * 1.1 * (1.1 * 1.1), DeterministicMath.Pow(1.1, 4));
        Assert.Equal(1 / (3.0 * 3.0), DeterministicMath.Pow(3, -2));
    }

    [Fact]
    public void Functions_AtTheirEdges_AreDefined()
    {
        Assert.Equal(0, DeterministicMath.Pow(0, 0.3));
        Assert.Equal(1, DeterministicMath.Pow(0, 0));
        Assert.Equal(1, DeterministicMath.Exp(0));
        Assert.Equal(0, DeterministicMath.Log(1));
        Assert.Equal(double.PositiveInfinity, DeterministicMath.Exp(1000));
        Assert.Equal(0, DeterministicMath.Exp(-1000));
        Assert.Equal(double.NegativeInfinity, DeterministicMath.Log(0));
        Assert.True(double.IsNaN(DeterministicMath.Log(-1)));
        Assert.Throws<ArgumentOutOfRangeException>(() => DeterministicMath.Pow(-1, 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => DeterministicMath.Pow(2, double.NaN));
    }

    private static void AssertClose(
        double ulp, Func<RandomStream, double> draw, Func<double, double> ours, Func<double, double> platform)
    {
        for (var i = 0; i < Draws; i++)
        {
            var x = draw(RandomStream.For(7, StreamPurpose.Training, i));
            var expected = platform(x);
            var spacing = Math.Max(Math.BitIncrement(Math.Abs(expected)) - Math.Abs(expected), double.Epsilon);
            Assert.True(
                Math.Abs(ours(x) - expected) <= ulp * spacing, $"at {x:R}: {ours(x):R}, the platform says {expected:R}");
        }
    }
}
