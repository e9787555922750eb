using Dcc.Cli.Runs;
using Dcc.Core.Devices;
using Dcc.Core.Engine;
using Dcc.Core.Evaluation;

namespace Dcc.Cli.Overhead;

/// <summary>How many rounds the algorithm needs until the exact decomposed cost at theta is close to the best known.</summary>
/// <param name="Rounds">Rounds, null if the cost was not reached within <see cref="MostRounds"/>.</param>
/// <param name="BestKnown">Cost per device and step.</param>
/// <param name="Costs">At theta after round 1, 2, ...</param>
internal sealed record Convergence(int? Rounds, double BestKnown, double[] Costs)
{
    /// <summary>How far above best known the cost may be.</summary>
    internal const double Tolerance = 0.05;

    /// <summary>Rounds after which the search ends.</summary>
    internal const int MostRounds = 100;

    // As in a run's summary.
    private const long OptimumReadings = 50_000_000;
    private const long Incarnation = 1;

    /// <summary>
    /// Runs engine and learners in this process, without a network and a journal, as <c>dcc simulate</c> with the same options would.
    /// </summary>
    internal static Convergence Find(RunParameters parameters, EdgeSystem system, CancellationToken cancellation)
    {
        parameters = parameters with { Rounds = MostRounds };
        var objective = new SystemCost(SystemCost.CurvesOf(system), parameters.CreateCongestion());
        var best = Optimum.Find(objective, OptimumReadings, [], progress: null, cancellation).CostPerDevice;
        var sessions = RunReplay.Sessions(parameters, system);
        var effects = new List<RoundEffect>();
        var engine = RoundEngine.Create(parameters, effects);
        for (var device = 0; device < sessions.Length; device++)
        {
            engine.Handle(RoundEvent.Joined(device, Incarnation, sessions[device].LastRoundHeld), effects);
        }

        var costs = new List<double>();
        while (costs.Count < MostRounds && (costs.Count == 0 || costs[^1] > (1 + Tolerance) * best))
        {
            var pushes = effects.Where(effect => effect.Kind == RoundEffectKind.Push).ToList();
            effects.Clear();
            Parallel.ForEach(
                pushes,
                new ParallelOptions { CancellationToken = cancellation },
                push => sessions[push.Device].Handle(push.Round, push.Push));
            pushes.ForEach(push => engine.Handle(
                RoundEvent.Reported(push.Device, Incarnation, push.Round, sessions[push.Device].LastReport), effects));
            costs.Add(objective.PerDevice(engine.Theta));
        }

        return new Convergence(costs[^1] <= (1 + Tolerance) * best ? costs.Count : null, best, [.. costs]);
    }
}
