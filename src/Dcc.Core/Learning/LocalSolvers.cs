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
        where TDevice : struct, IKnownDeviceModel => settings.Kind switch
        {
            SolverKind.PriceQ => new PriceQSolver<TDevice>(device, settings, index),
            SolverKind.Exact => new ExactSolver(ExactCurve.Of(device, settings.Gamma), settings.Gradient),
            _ => new LagrangianSolver<TDevice>(
                device, settings, index, settings.Kind == SolverKind.QLearning ? MultiplierSteps.Paper : MultiplierSteps.Gentle,
                Learner(settings, device, index)),
        };

    /// <summary>What makes the learner of each of a Lagrangian solver's evaluations.</summary>
    internal static Func<int, IPricedLearner> Learner<TDevice>(SolverSettings settings, TDevice device, int index)
        where TDevice : struct, IDeviceModel
    {
        var states = settings.Kind == SolverKind.QLearning ? null : StateTable.Of(device);
        return evaluation =>
        {
            var random = RandomStream.For(settings.Seed, StreamPurpose.Initialisation, index, evaluation: evaluation);
            return settings.Kind switch
            {
                SolverKind.QLearning => new TabularLearner<TDevice>(device, settings.Gamma),
                SolverKind.Dqn => new DqnLearner<TDevice>(device, states!, settings.Gamma, random),
                SolverKind.Ppo => new PpoLearner<TDevice>(device, states!, settings.Gamma, random),
                _ => throw new ArgumentOutOfRangeException(nameof(settings), settings.Kind, "Unknown solver."),
            };
        };
    }
}
