using Dcc.Core.Devices;
using Dcc.Core.Numerics;

namespace Dcc.Experiments.Methods;

/// <summary>The choice among a device's legal actions by a network's logits: a softmax in which illegal actions have probability zero.</summary>
internal static class MaskedChoice
{
    private const int Actions = IDeviceModel.ActionCount;

    /// <summary>Probabilities of the actions.</summary>
    /// <param name="logits">One for each action.</param>
    /// <param name="legal">Bit a is set if action a is legal; at least one is.</param>
    /// <param name="probabilities">Receives one for each action.</param>
    internal static void Probabilities(ReadOnlySpan<float> logits, int legal, Span<float> probabilities)
    {
        var largest = float.NegativeInfinity;
        for (var action = 0; action < Actions; action++)
        {
            largest = (legal >> action & 1) != 0 ? Math.Max(largest, logits[action]) : largest;
        }

        var sum = 0f;
        for (var action = 0; action < Actions; action++)
        {
            probabilities[action] = (legal >> action & 1) != 0 ? (float)DeterministicMath.Exp(logits[action] - largest) : 0;
            sum += probabilities[action];
        }

        for (var action = 0; action < Actions; action++)
        {
            probabilities[action] /= sum;
        }
    }

    /// <summary>
    /// The derivative by the logits of -weight * log p(action) - entropyWeight * H(p): a policy gradient's loss, weight being the advantage.
    /// </summary>
    internal static void LossGradient(
        ReadOnlySpan<float> probabilities, int action, float weight, float entropyWeight, Span<float> gradient)
    {
        var entropy = entropyWeight == 0 ? 0 : Entropy(probabilities);
        for (var j = 0; j < Actions; j++)
        {
            var p = probabilities[j];
            gradient[j] = weight * (p - (j == action ? 1 : 0));
            if (entropyWeight != 0 && p > 0)
            {
                gradient[j] += entropyWeight * p * ((float)DeterministicMath.Log(p) + entropy);
            }
        }
    }

    private static float Entropy(ReadOnlySpan<float> probabilities)
    {
        var sum = 0f;
        for (var action = 0; action < Actions; action++)
        {
            sum -= probabilities[action] > 0 ? probabilities[action] * (float)DeterministicMath.Log(probabilities[action]) : 0;
        }

        return sum;
    }
}
