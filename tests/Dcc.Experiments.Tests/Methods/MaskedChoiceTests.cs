using Dcc.Core.Learning.Deep;
using Dcc.Experiments.Methods;

namespace Dcc.Experiments.Tests.Methods;

public class MaskedChoiceTests
{
    [Theory]
    [InlineData(0b111, 2, 1.7f, 0.01f)]
    [InlineData(0b111, 0, -0.4f, 0.5f)]
    [InlineData(0b011, 1, 1f, 0.2f)]
    [InlineData(0b001, 0, 3f, 0.2f)]
    public void LossGradient_OfAnyMask_IsTheLossesSlope(int legal, int action, float weight, float entropyWeight)
    {
        float[] logits = [0.3f, -0.8f, 1.1f];
        var probabilities = new float[3];
        var gradient = new float[3];
        MaskedChoice.Probabilities(logits, legal, probabilities);
        MaskedChoice.LossGradient(probabilities, action, weight, entropyWeight, gradient);
        for (var j = 0; j < 3; j++)
        {
            const double Nudge = 1e-5;
            double Loss(double change) => LossAt([.. logits.Select((logit, k) => logit + (k == j ? change : 0))]);
            Assert.Equal((Loss(Nudge) - Loss(-Nudge)) / (2 * Nudge), gradient[j], 1e-4);
        }

        double LossAt(double[] at)
        {
            var weights = at.Select((logit, k) => (legal >> k & 1) != 0 ? Math.Exp(logit) : 0).ToArray();
            var p = weights.Select(value => value / weights.Sum()).ToArray();
            return (-weight * Math.Log(p[action])) + (entropyWeight * p.Where(value => value > 0).Sum(value => value * Math.Log(value)));
        }
    }

    [Fact]
    public void Probabilities_HugeLogitOfAnIllegalAction_ChangesNothing()
    {
        var probabilities = new float[3];
        MaskedChoice.Probabilities([0, 0, 1e30f], 0b011, probabilities);
        Assert.Equal([0.5f, 0.5f, 0], probabilities);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(0.249, 0)]
    [InlineData(0.251, 2)]
    [InlineData(0.99999999999, 2)]
    public void Sample_UnitNumber_PicksByCumulatedProbability(double unit, int expected) =>
        Assert.Equal(expected, MaskedSoftmax.Draw<float>([0.25f, 0, 0.75f], unit));

    [Fact]
    public void Sample_ProbabilitiesRoundedBelowOne_NeverPicksAnImpossibleAction() =>
        Assert.Equal(1, MaskedSoftmax.Draw<float>([0.4999999f, 0.4999999f, 0], 1 - 1e-16));
}
