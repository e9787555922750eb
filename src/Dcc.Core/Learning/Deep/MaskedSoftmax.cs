using System.Numerics;
using Dcc.Core.Numerics;

namespace Dcc.Core.Learning.Deep;

/// <summary>The softmax policy over the actions whose bit is set in a mask.</summary>
internal static class MaskedSoftmax
{
    /// <summary>Probabilities of the actions, exactly 0 for those not allowed, and the logarithms of the others.</summary>
    internal static void Of(ReadOnlySpan<float> logits, int mask, Span<double> probabilities, Span<double> logarithms)
    {
        var largest = logits[0];
        for (var action = 1; action < MaskedActions.Count; action++)
        {
            largest = (mask >> action & 1) != 0 ? Math.Max(largest, logits[action]) : largest;
        }

        double sum = 0;
        for (var action = 0; action < MaskedActions.Count; action++)
        {
            probabilities[action] = (mask >> action & 1) != 0 ? DeterministicMath.Exp((double)logits[action] - largest) : 0;
            sum += probabilities[action];
        }

        var logSum = DeterministicMath.Log(sum);
        for (var action = 0; action < MaskedActions.Count; action++)
        {
            probabilities[action] /= sum;
            logarithms[action] = (mask >> action & 1) != 0 ? logits[action] - largest - logSum : 0;
        }
    }

    /// <summary>An action drawn by a uniform number in [0, 1); never one of probability zero.</summary>
    internal static int Draw<T>(ReadOnlySpan<T> probabilities, double unit)
        where T : struct, INumber<T>
    {
        var drawn = 0;
        for (var action = 0; action < MaskedActions.Count; action++)
        {
            if (probabilities[action] > T.Zero)
            {
                drawn = action;
                unit -= double.CreateTruncating(probabilities[action]);
                if (unit < 0)
                {
                    break;
                }
            }
        }

        return drawn;
    }
}
