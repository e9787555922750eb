using Dcc.Core.Devices;
using Dcc.Core.Exact;
using Dcc.Core.Learning.Deep;
using Dcc.Core.Randomness;

namespace Dcc.Core.Learning;

/// <summary>Makes the local solver that a run's settings ask for.</summary>
public static class LocalSolvers
{
    /// <summary>A fresh solver, before its first round.</summary>
    /// <param name="settings">The run's settings.</param>
    /// <param name="device">The device.</param>
    /// <param name="index">Device index, 0-based; part of every random stream's key.</param>
    public static ILocalSolver Create<TDevice>(SolverSettings settings, TDevice device, int index)
        where TDevice : struct, IKnownDeviceModel => settings.Kind == SolverKind.Exact
            ? new ExactSolver(ExactCurve.Of(device, settings.Gamma), settings.Gradient)
            : CreateLearning(settings, device, index);

    /// <summary>A fresh solver that learns, and so needs no knowledge of the device's probabilities.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The solver is <see cref="SolverKind.Exact"/>.</exception>
    public static ILocalSolver CreateLearning<TDevice>(SolverSettings settings, TDevice device, int index)
        where TDevice : struct, IDeviceModel
    {
        if (settings.Kind == SolverKind.PriceQ)
        {
            return new PriceQSolver<TDevice>(device, settings, index);
        }

        var states = settings.Kind == SolverKind.QLearning ? null : StateTable.Of(device);
        var multiplierSteps = settings.Kind == SolverKind.QLearning ? MultiplierSteps.Paper : MultiplierSteps.Gentle;
        return new LagrangianSolver<TDevice>(device, settings, index, multiplierSteps, evaluation =>
        {
            var random = RandomStream.For(settings.Seed, StreamPurpose.Initialisation, index, evaluation: evaluation);
            return settings.Kind switch
            {
                SolverKind.QLearning => new TabularLearner<TDevice>(device, settings.Gamma),
                SolverKind.Dqn => new DqnLearner<TDevice>(device, states!, settings.Gamma, random),
                SolverKind.Ppo => new PpoLearner<TDevice>(device, states!, settings.Gamma, random),
                _ => throw new ArgumentOutOfRangeException(nameof(settings), settings.Kind, "Not a solver that learns."),
            };
        });
    }
}
