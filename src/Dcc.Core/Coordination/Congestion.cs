using System.Text.Json.Serialization;
using Dcc.Core.Numerics;
using Dcc.Core.Validation;

namespace Dcc.Core.Coordination;

/// <summary>How the congestion penalty's mean is taken over the others' random offloading.</summary>
[JsonConverter(typeof(KebabCaseConverter<CongestionKind>))]
public enum CongestionKind
{
    /// <summary>The penalty of the mean number of others: d(1 + theta_-i), eq. 6 of the paper.</summary>
    MeanField,

    /// <summary>The mean penalty when the number of others is Poisson distributed with mean theta_-i. Equal to mean-field at exponent 1.</summary>
    Poisson,
}

/// <summary>The penalty each of n simultaneous offloaders pays.</summary>
[JsonConverter(typeof(KebabCaseConverter<CongestionForm>))]
public enum CongestionForm
{
    /// <summary>d(n) = (n - 1)^exponent, so a lone offloader pays nothing (sections 3.1 and 5.4).</summary>
    Shifted,

    /// <summary>d(n) = n^exponent (eq. 21).</summary>
    Plain,
}

/// <summary>The congestion model of the shared server: from others' summed constraints to the price of one offload.</summary>
/// <remarks>Not safe for concurrent use: penalties are remembered.</remarks>
public sealed class Congestion
{
    // Poisson weights below 2^-60 of the largest are left out.
    private const double Negligible = 1.0 / (1UL << 60);

    private readonly CongestionKind kind;
    private readonly CongestionForm form;
    private readonly double exponent;
    private readonly List<double> penalties = [];

    /// <summary>Creates the model.</summary>
    /// <param name="kind">Mean-field or Poisson.</param>
    /// <param name="form">(n-1)^exponent or n^exponent.</param>
    /// <param name="exponent">alpha, positive and finite.</param>
    public Congestion(CongestionKind kind, CongestionForm form, double exponent)
    {
        this.kind = kind;
        this.form = form;
        this.exponent = exponent;
    }

    /// <summary>d(n): what each of n >= 1 simultaneous offloaders pays.</summary>
    public double Penalty(int offloaders)
    {
        while (penalties.Count < offloaders)
        {
            penalties.Add(PenaltyAt(penalties.Count));
        }

        return penalties[offloaders - 1];
    }

    /// <summary>The price p of one offload when the others offload <paramref name="others"/> times per step in the mean.</summary>
    /// <param name="others">theta_-i, at least 0.</param>
    public double Price(double others) =>
        kind == CongestionKind.MeanField || exponent == 1 ? PenaltyAt(others) : PoissonMean(others, derivative: false);

    /// <summary>dp/dtheta_-i.</summary>
    /// <param name="others">theta_-i, at least 0.</param>
    public double PriceDerivative(double others)
    {
        if (exponent == 1)
        {
            return 1;
        }

        return kind == CongestionKind.MeanField
            ? exponent * DeterministicMath.Pow(form == CongestionForm.Plain ? 1 + others : others, exponent - 1)
            : PoissonMean(others, derivative: true);
    }

    // d(1 + m) for a real number m of others.
    private double PenaltyAt(double others)
    {
        var n = form == CongestionForm.Plain ? 1 + others : others;
        return exponent == 1 ? n : DeterministicMath.Pow(n, exponent);
    }

    // Sum over k of Poisson(k; m) d(1 + k), or of the forward difference d(2 + k) - d(1 + k), without the exponential function: weight 1
    // at the mode, neighbours by the ratios m/(k+1) and k/m, and a division by the sum of weights.
    private double PoissonMean(double mean, bool derivative)
    {
        var mode = (int)mean;
        double weights = 1, sum = Term(mode, derivative);
        var weight = 1.0;
        for (var k = mode; weight >= Negligible; k++)
        {
            weight *= mean / (k + 1);
            weights += weight;
            sum += weight * Term(k + 1, derivative);
        }

        weight = 1;
        for (var k = mode; k > 0 && weight >= Negligible; k--)
        {
            weight *= k / mean;
            weights += weight;
            sum += weight * Term(k - 1, derivative);
        }

        return sum / weights;
    }

    private double Term(int others, bool derivative) =>
        derivative ? Penalty(others + 2) - Penalty(others + 1) : Penalty(others + 1);
}
