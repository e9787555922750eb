using Dcc.Core.Coordination;
using Dcc.Core.Devices;
using Dcc.Core.Evaluation;
using Dcc.Core.Policies;

namespace Dcc.Experiments.Methods;

/// <summary>One policy for each device, known without learning.</summary>
internal static class Deployment
{
    /// <summary>The best that every device can do without ever offloading: the paper's normalisation, DCC-QL at theta = 0.</summary>
    internal static PolicyMixture[] NeverOffload(EdgeSystem system) =>
        [.. SystemCost.CurvesOf(system).Select(curve => curve.Policy(theta: 0, price: 0))];

    /// <summary>Every device offloads whenever it may.</summary>
    internal static PolicyMixture[] AlwaysOffload(EdgeSystem system) => [.. Enumerable.Range(0, system.Devices.Length).Select(index =>
    {
        var device = system.Device(index);
        var actions = new byte[device.StateCount];
        for (var state = 0; state < actions.Length; state++)
        {
            actions[state] = (byte)(device.IsLegal(state, DeviceAction.Offload) ? DeviceAction.Offload : DeviceAction.Wait);
        }

        return new PolicyMixture([new DeterministicPolicy(actions)], [1]);
    })];

    /// <summary>
    /// The best decomposed solution known, so the bound of what constraint coordination can reach: coordinate descent on the exact curves.
    /// </summary>
    /// <param name="system">The system.</param>
    /// <param name="congestion">How the price follows from the others' frequencies.</param>
    /// <param name="cancellation">Ends the search.</param>
    internal static PolicyMixture[] BestKnown(EdgeSystem system, CongestionKind congestion, CancellationToken cancellation)
    {
        // Far more than 50 devices need; a bound on the time that thousands take.
        const long Readings = 200_000_000;
        var objective = new SystemCost(
            SystemCost.CurvesOf(system), new Congestion(congestion, CongestionForm.Shifted, system.Exponent));
        var (theta, _) = Optimum.Find(objective, Readings, [], progress: null, cancellation);
        var total = theta.Sum();
        return [.. objective.Curves.Select((curve, i) => curve.Policy(theta[i], objective.Price(total - theta[i])))];
    }
}
