using Dcc.Core.Coordination;
using Dcc.Core.Devices;
using Dcc.Core.Evaluation;
using Dcc.Core.Exact;
using Dcc.Core.Learning;

namespace Dcc.Experiments.Methods;

/// <summary>
/// The exact optimum of two devices as one Markov decision process: both states are seen, both actions chosen together, and the penalty is
/// paid as it occurs. No coordination by constraints can cost less, so it shows what decomposing costs (eq. 1 against eq. 13).
/// </summary>
/// <param name="CostPerDevice">Per step: discounted from fresh starts, or the long-run average.</param>
/// <param name="Policy">The optimal joint policy.</param>
internal sealed record JointOptimum(double CostPerDevice, IJointPolicy Policy)
{
    private const int Actions = IDeviceModel.ActionCount;

    // Bound on the error of the cost of both devices together.
    private const double Tolerance = 1e-7;

    // The average criterion mixes every sweep with the values before it: two batteries that cycle would keep plain value iteration swinging.
    private const double Damping = 0.9;

    /// <summary>Solves a system of two devices.</summary>
    internal static JointOptimum Find(EdgeSystem system, Criterion criterion, CancellationToken cancellation)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(system.Devices.Length, 2, nameof(system));
        var congestion = new Congestion(CongestionKind.MeanField, CongestionForm.Shifted, system.Exponent);
        var sweeper = new PairSweeper(
            MarkovDecisionProcess.Of(system.Device(0), system.Gamma), MarkovDecisionProcess.Of(system.Device(1), system.Gamma),
            bothOffload: 2 * congestion.Penalty(2));
        var cost = criterion == Criterion.Average
            ? Average(sweeper, cancellation)
            : Discounted(sweeper, system.Gamma, cancellation);
        return new JointOptimum(cost / 2, new PairPolicy(sweeper.Best, system.Device(1).StateCount));
    }

    private static double Discounted(PairSweeper sweeper, double gamma, CancellationToken cancellation)
    {
        double smallest, largest;
        do
        {
            cancellation.ThrowIfCancellationRequested();
            (smallest, largest) = sweeper.Sweep(gamma, keep: 0, offset: 0);
        }
        while (gamma * (largest - smallest) > Tolerance);

        // The true values lie between V + gamma / (1 - gamma) times the smallest change of the last sweep and times the largest (MacQueen).
        return ((1 - gamma) * sweeper.InitialMean()) + (gamma * (smallest + largest) / 2);
    }

    private static double Average(PairSweeper sweeper, CancellationToken cancellation)
    {
        double smallest = 0, largest = 0;
        do
        {
            // The offset keeps values bounded and changes no difference between them.
            cancellation.ThrowIfCancellationRequested();
            var offset = (smallest + largest) / 2;
            (smallest, largest) = sweeper.Sweep(discount: 1, keep: 1 - Damping, offset);
            (smallest, largest) = (smallest + offset, largest + offset);
        }
        while ((largest - smallest) / Damping > Tolerance);
        return (smallest + largest) / 2 / Damping;
    }

    /// <summary>A table of action pairs: 3 * first's + second's.</summary>
    private sealed class PairPolicy(byte[] actions, int secondStates) : IJointPolicy
    {
        public int DeviceCount => 2;

        public void Begin(ulong seed, int episode)
        {
        }

        public void Draw(int device, double unit)
        {
        }

        public void Act(ReadOnlySpan<int> states, Span<byte> chosen)
        {
            var (first, second) = Math.DivRem(actions[(states[0] * secondStates) + states[1]], (byte)Actions);
            chosen[0] = first;
            chosen[1] = second;
        }
    }
}
