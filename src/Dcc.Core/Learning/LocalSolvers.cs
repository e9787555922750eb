using Dcc.Core.Devices;
using Dcc.Core.Exact;

namespace Dcc.Core.Learning;

/// <summary>Makes the local solver that a run's settings ask for.</summary>
public static class LocalSolvers
{
    /// <summary>A fresh solver, before its first round.</summary>
    /// <param name="settings">The run's settings.</param>
    /// <param name="device">The device.</param>
    /// <param name="index">Device index, 0-based; part of every random stream's key.</param>
    public static ILocalSolver Create<TDevice>(SolverSettings settings, TDevice device, int index)
        where TDevice : struct, IKnownDeviceModel => settings.Kind switch
        {
            SolverKind.PriceQ => new PriceQSolver<TDevice>(device, settings, index),
            SolverKind.QLearning => new QLearningSolver<TDevice>(device, settings, index),
            SolverKind.Exact => new ExactSolver(ExactCurve.Of(device, settings.Gamma), settings.Gradient),
            _ => throw new ArgumentOutOfRangeException(nameof(settings), settings.Kind, "Unknown solver."),
        };
}
