using Dcc.Core.Neural;

namespace Dcc.Core.Tests.Neural;

public class AdamTests
{
    /// <summary>
    /// Computed by hand from Algorithm 1 for gradients 2, then -1, rate 0.1: m = 0.2, v = 0.004, so the first step is 0.1; then m = 0.08,
    /// v = 0.004996, mhat = 0.08 / 0.19, vhat = 0.004996 / 0.001999, so the second is 0.1 * 0.4210526 / 1.5809110 = 0.0266336.
    /// </summary>
    [Fact]
    public void Step_TwoGradients_MovesAsComputedByHand()
    {
        var adam = new Adam(16);
        var parameters = new float[16];
        var gradients = new float[16];
        parameters[3] = 1;
        gradients[3] = 2;
        adam.Step(parameters, gradients, 0.1);
        Assert.Equal(0.9, parameters[3], 1e-6);
        gradients[3] = -1;
        adam.Step(parameters, gradients, 0.1);
        Assert.Equal(0.9 - 0.0266336, parameters[3], 1e-6);
        Assert.Equal(15, parameters.Count(parameter => parameter == 0));
    }

    [Fact]
    public void Step_LargeEpsilon_DividesByIt()
    {
        var adam = new Adam(16, epsilon: 1e3f);
        var parameters = new float[16];
        var gradients = new float[16];
        gradients[0] = 2;
        adam.Step(parameters, gradients, 1);
        Assert.Equal(-2 / (2 + 1e3), parameters[0], 1e-8);
    }

    [Fact]
    public void Step_GradientOverTheNorm_ActsLikeTheScaledGradient()
    {
        var (clipped, scaled) = (new Adam(32, 1, 0.5), new Adam(32, 1));
        var (a, b) = (new float[32], new float[32]);
        var gradients = new float[32];
        gradients[1] = 3;
        gradients[30] = -4;
        clipped.Step(a, gradients, 0.1);
        scaled.Step(b, [.. gradients.Select(gradient => gradient * 0.1f)], 0.1);
        Assert.Equal(b, a);

        // A gradient within the norm is left alone.
        gradients[1] = 0.3f;
        gradients[30] = -0.4f;
        clipped.Step(a, gradients, 0.1);
        scaled.Step(b, gradients, 0.1);
        Assert.Equal(b, a);
    }
}
