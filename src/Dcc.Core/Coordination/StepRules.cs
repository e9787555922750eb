using System.Text.Json.Serialization;
using Dcc.Core.Engine;
using Dcc.Core.Numerics;
using Dcc.Core.Validation;

namespace Dcc.Core.Coordination;

/// <summary>How theta moves along the gradient.</summary>
[JsonConverter(typeof(KebabCaseConverter<StepRuleKind>))]
public enum StepRuleKind
{
    /// <summary>Resilient propagation: a step length per device, from the gradient's signs alone.</summary>
    Rprop,

    /// <summary>The paper's step, clipped to a shrinking length.</summary>
    TrustRegion,

    /// <summary>The paper's step (eq. 14).</summary>
    RobbinsMonro,
}

/// <summary>A step rule: theta becomes the projection onto [0,1]^N of theta - step. Its state is a function of the gradients it was given.</summary>
public interface IStepRule
{
    /// <summary>Moves theta in place.</summary>
    /// <param name="round">Round n, 0-based.</param>
    /// <param name="gradient">g_i of the summed cost.</param>
    /// <param name="attendance">Who moves: those with a report; empty for all.</param>
    /// <param name="theta">theta_n in, theta_(n+1) out.</param>
    void Step(int round, ReadOnlySpan<double> gradient, ReadOnlySpan<Attendance> attendance, Span<double> theta);

    /// <summary>A device was released: should it come back, it begins anew.</summary>
    void Forget(int device);
}

/// <summary>Makes step rules.</summary>
public static class StepRules
{
    /// <summary>A fresh rule for N devices.</summary>
    public static IStepRule Create(StepRuleKind kind, int devices) => kind switch
    {
        StepRuleKind.Rprop => new Rprop(devices),
        StepRuleKind.TrustRegion => new TrustRegion(),
        StepRuleKind.RobbinsMonro => new RobbinsMonro(),
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "Unknown step rule."),
    };

    internal static double Project(double theta) => Math.Min(1, Math.Max(0, theta));
}

/// <summary>
/// Rprop: the step length of a device grows by 1.2 while its gradient keeps its sign, shrinks by 0.5 when it flips, and does not grow while the
/// projection holds theta_i at a bound: otherwise one noisy sign after many pinned rounds would throw theta_i across the interval.
/// </summary>
internal sealed class Rprop : IStepRule
{
    private const double First = 0.05;
    private const double Growth = 1.2;
    private const double Shrinkage = 0.5;
    private const double Shortest = 0.001;
    private const double Longest = 0.1;

    private readonly double[] length;
    private readonly sbyte[] lastSign;

    internal Rprop(int devices)
    {
        length = new double[devices];
        Array.Fill(length, First);
        lastSign = new sbyte[devices];
    }

    public void Step(int round, ReadOnlySpan<double> gradient, ReadOnlySpan<Attendance> attendance, Span<double> theta)
    {
        for (var i = 0; i < theta.Length; i++)
        {
            if (!attendance.HasReport(i))
            {
                continue;
            }

            var sign = Math.Sign(gradient[i]);
            var held = (theta[i] == 0 && sign > 0) || (theta[i] == 1 && sign < 0);
            var agreement = sign * lastSign[i];
            if (agreement < 0)
            {
                length[i] = Math.Max(Shortest, length[i] * Shrinkage);
            }
            else if (agreement > 0 && !held)
            {
                length[i] = Math.Min(Longest, length[i] * Growth);
            }

            lastSign[i] = (sbyte)sign;
            theta[i] = StepRules.Project(theta[i] - (sign * length[i]));
        }
    }

    public void Forget(int device) => (length[device], lastSign[device]) = (First, 0);
}

/// <summary>eta_n g_i with eta_n = 0.25 / (n+1)^0.602.</summary>
internal sealed class RobbinsMonro : IStepRule
{
    internal const double Rate = 0.25;
    internal const double Decay = 0.602;

    public void Step(int round, ReadOnlySpan<double> gradient, ReadOnlySpan<Attendance> attendance, Span<double> theta)
    {
        var rate = RateAt(round);
        for (var i = 0; i < theta.Length; i++)
        {
            if (!attendance.HasReport(i))
            {
                continue;
            }

            theta[i] = StepRules.Project(theta[i] - (rate * gradient[i]));
        }
    }

    public void Forget(int device)
    {
        // Keeps nothing of a device.
    }

    internal static double RateAt(int round) => Rate / DeterministicMath.Pow(round + 1, Decay);
}

/// <summary>The Robbins-Monro step clipped to r0 / (n+1)^0.6, r0 = 0.1.</summary>
internal sealed class TrustRegion : IStepRule
{
    private const double Radius = 0.1;
    private const double Decay = 0.6;

    public void Step(int round, ReadOnlySpan<double> gradient, ReadOnlySpan<Attendance> attendance, Span<double> theta)
    {
        var rate = RobbinsMonro.RateAt(round);
        var radius = Radius / DeterministicMath.Pow(round + 1, Decay);
        for (var i = 0; i < theta.Length; i++)
        {
            if (!attendance.HasReport(i))
            {
                continue;
            }

            theta[i] = StepRules.Project(theta[i] - Math.Clamp(rate * gradient[i], -radius, radius));
        }
    }

    public void Forget(int device)
    {
        // Keeps nothing of a device.
    }
}
