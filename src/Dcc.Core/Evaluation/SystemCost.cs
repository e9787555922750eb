using Dcc.Core.Coordination;
using Dcc.Core.Devices;
using Dcc.Core.Exact;
using Dcc.Core.Policies;

namespace Dcc.Core.Evaluation;

/// <summary>
/// The exact decomposed cost of a system per device, (1/N) sum of J_i(theta_i, p(theta_-i)): the objective of eq. 13, from every device's exact
/// curve.
/// </summary>
public sealed class SystemCost
{
    private readonly Congestion congestion;

    /// <summary>Creates the objective from the devices' curves.</summary>
    public SystemCost(CostCurve[] curves, Congestion congestion)
    {
        Curves = curves;
        this.congestion = congestion;
    }

    /// <summary>Computes the curve of every device; devices with equal parameters share one.</summary>
    public static CostCurve[] CurvesOf(EdgeSystem system)
    {
        var known = new Dictionary<DeviceParameters, CostCurve>();
        return [.. Enumerable.Range(0, system.Devices.Length).Select(index =>
        {
            if (!known.TryGetValue(system.Devices[index], out var curve))
            {
                curve = ExactCurve.Of(system.Device(index), system.Gamma);
                known.Add(system.Devices[index], curve);
            }

            return curve;
        })];
    }

    /// <summary>Each device's exact curve.</summary>
    public CostCurve[] Curves { get; }

    /// <summary>The congestion price when the others' constraints sum to <paramref name="others"/>.</summary>
    public double Price(double others) => congestion.Price(Math.Max(0, others));

    /// <summary>Cost per device and step at theta.</summary>
    public double PerDevice(ReadOnlySpan<double> theta)
    {
        var total = 0.0;
        foreach (var value in theta)
        {
            total += value;
        }

        var sum = 0.0;
        for (var i = 0; i < theta.Length; i++)
        {
            sum += Curves[i].Read(theta[i], Price(total - theta[i])).Cost;
        }

        return sum / theta.Length;
    }
}
