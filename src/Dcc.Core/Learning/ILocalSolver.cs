using Dcc.Core.Policies;

namespace Dcc.Core.Learning;

/// <summary>
/// What a device is told in a round: four scalars (model.md section 3). Prices are per offload; constraints are in [0, 1].
/// </summary>
/// <param name="Theta">theta_i.</param>
/// <param name="ThetaOwn">theta_i + eps_i; equal to Theta where the own perturbation is not evaluated.</param>
/// <param name="Price">p = d(1 + theta_-i).</param>
/// <param name="PriceOthers">p' at theta_-i + eps'_i; equal to Price where it is not evaluated.</param>
public readonly record struct Push(double Theta, double ThetaOwn, double Price, double PriceOthers);

/// <summary>What a device answers in a round: three scalars and nothing else.</summary>
/// <param name="Cost">J(theta, p), cost per step.</param>
/// <param name="Own">J(theta + eps, p); under <see cref="GradientKind.ExactMultiplier"/> the multiplier lambda.</param>
/// <param name="Others">J(theta, p'); under <see cref="GradientKind.ExactMultiplier"/> the offload frequency f.</param>
public readonly record struct Report(double Cost, double Own, double Others)
{
    /// <summary>
    /// No scalar of a device is larger, by far: prices end at 1e30 (<see cref="Engine.RunParameters"/>), and a cost or multiplier is a price at most.
    /// What a million devices report so far apart still has a gradient that is a number.
    /// </summary>
    public const double LargestMagnitude = 1e60;

    /// <summary>Whether all three are numbers of at most this magnitude.</summary>
    public bool IsWithin(double limit) => Math.Abs(Cost) <= limit && Math.Abs(Own) <= limit && Math.Abs(Others) <= limit;
}

/// <summary>
/// A device's local solver of the constrained problem. Its state is a pure function of its settings and of the rounds and pushes it was given,
/// in order.
/// </summary>
public interface ILocalSolver
{
    /// <summary>Learns for one round and evaluates it.</summary>
    Report Solve(int round, Push push);

    /// <summary>The policy to deploy at the last push's theta and price.</summary>
    /// <exception cref="InvalidOperationException">Nothing was solved yet.</exception>
    PolicyMixture Policy { get; }

    /// <summary>J, f and lambda of the last round at its theta and price, as far as the solver knows them; zeros before the first. For observers.</summary>
    CurvePoint LastPoint { get; }

    /// <summary>Told of every evaluation; null for nobody. Changes no result.</summary>
    EvaluationWatch? Watch { get; set; }
}
