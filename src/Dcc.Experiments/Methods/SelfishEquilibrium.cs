using Dcc.Core.Coordination;
using Dcc.Core.Devices;
using Dcc.Core.Evaluation;
using Dcc.Core.Policies;

namespace Dcc.Experiments.Methods;

/// <summary>
/// The equilibrium of devices that each minimise their own cost at the price the others' offload frequencies make: what perfect independent
/// learners would end in, so the price of anarchy is its cost over the best known one.
/// </summary>
/// <remarks>
/// Fictitious play: all devices answer the mean of the past answers. It converges at alpha = 1, where sum of J0_i(f_i) + sum over i &lt; j of
/// f_i f_j is a potential of the game (each f_i enters J_i as f_i times the others' sum). For other exponents no potential is known, so
/// <see cref="LargestGain"/> says how near an equilibrium the result is.
/// </remarks>
/// <param name="Frequency">Each device's offload frequency f.</param>
/// <param name="Policies">Mixtures with these frequencies: a device that the price makes indifferent mixes.</param>
/// <param name="LargestGain">The most that any device could save per step by changing its policy alone.</param>
internal sealed record SelfishEquilibrium(double[] Frequency, PolicyMixture[] Policies, double LargestGain)
{
    /// <summary>No device gains more than this; about a ten-thousandth of a device's cost.</summary>
    internal const double Tolerance = 1e-4;

    private const int MaxRounds = 200_000;

    /// <summary>Plays until nobody gains more than <see cref="Tolerance"/> by deviating, or to the end of patience.</summary>
    internal static SelfishEquilibrium Find(EdgeSystem system, CongestionKind congestion, CancellationToken cancellation)
    {
        var objective = new SystemCost(
            SystemCost.CurvesOf(system), new Congestion(congestion, CongestionForm.Shifted, system.Exponent));
        var frequency = new double[system.Devices.Length];
        var answers = new double[frequency.Length];
        var gain = Answer(objective, frequency, answers);
        for (var round = 1; round <= MaxRounds && gain > Tolerance; round++)
        {
            cancellation.ThrowIfCancellationRequested();
            for (var i = 0; i < frequency.Length; i++)
            {
                frequency[i] += (answers[i] - frequency[i]) / (round + 1);
            }

            gain = Answer(objective, frequency, answers);
        }

        return new SelfishEquilibrium(
            frequency, [.. objective.Curves.Select((curve, i) => curve.Policy(frequency[i], price: 0))], gain);
    }

    // Every device's best frequency against the others' present ones; returns the largest saving that one of them makes.
    private static double Answer(SystemCost objective, double[] frequency, double[] answers)
    {
        var total = frequency.Sum();
        var gain = 0.0;
        for (var i = 0; i < frequency.Length; i++)
        {
            var price = objective.Price(total - frequency[i]);
            var best = objective.Curves[i].Read(theta: 1, price);
            var present = objective.Curves[i].Read(frequency[i], price: 0).Cost + (price * frequency[i]);
            gain = Math.Max(gain, present - best.Cost);
            answers[i] = best.Frequency;
        }

        return gain;
    }
}
