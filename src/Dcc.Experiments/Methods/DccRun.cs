using Dcc.Core.Coordination;
using Dcc.Core.Devices;
using Dcc.Core.Engine;
using Dcc.Core.Evaluation;
using Dcc.Core.Learning;
using Dcc.Core.Policies;

namespace Dcc.Experiments.Methods;

/// <summary>A round of DCC: what was pushed and what the devices answered and would deploy.</summary>
/// <param name="Round">n, 0..R.</param>
/// <param name="Theta">theta_n.</param>
/// <param name="Reports">By device.</param>
/// <param name="Policies">By device, at theta_n.</param>
/// <param name="Points">What each solver knows of its J, f and lambda.</param>
internal sealed record DccRound(int Round, double[] Theta, Report[] Reports, PolicyMixture[] Policies, CurvePoint[] Points);

/// <summary>
/// DCC without a network: the coordinator's arithmetic and the devices' solvers, called in turn on one thread. Theta is, bit by bit, that of
/// dcc simulate with the same parameters.
/// </summary>
internal static class DccRun
{
    /// <summary>Rounds 0..R; the last is the evaluation at theta_R.</summary>
    internal static IEnumerable<DccRound> Execute(EdgeSystem system, RunParameters parameters, CancellationToken cancellation)
    {
        parameters.Validate();
        var update = new ConstraintUpdate(parameters);
        var solvers = Solvers(system, parameters);
        var pushes = new Push[solvers.Length];
        for (var round = 0; round <= parameters.Rounds; round++)
        {
            var theta = update.Theta.ToArray();
            update.Prepare(round, pushes);
            var reports = new Report[solvers.Length];
            for (var i = 0; i < solvers.Length; i++)
            {
                cancellation.ThrowIfCancellationRequested();
                reports[i] = solvers[i].Solve(round, pushes[i]);
            }

            yield return new DccRound(
                round, theta, reports, Array.ConvertAll(solvers, solver => solver.Policy), Array.ConvertAll(solvers, solver => solver.LastPoint));
            if (round < parameters.Rounds)
            {
                update.Apply(round, reports, []);
            }
        }
    }

    /// <summary>Fresh ones. Exact curves, which take their time, are computed once for all devices of a kind.</summary>
    internal static ILocalSolver[] Solvers(EdgeSystem system, RunParameters parameters) => parameters.Solver == SolverKind.Exact
        ? [.. SystemCost.CurvesOf(system).Select(curve => (ILocalSolver)new ExactSolver(curve, parameters.Gradient))]
        : [.. Enumerable.Range(0, parameters.Devices).Select(i => LocalSolvers.Create(parameters.SolverSettings(system.Gamma), system.Device(i), i))];

    /// <summary>Learning steps of one device when round n's reference evaluation is done.</summary>
    internal static long StepsAt(int round, RunParameters parameters) => parameters.Solver switch
    {
        SolverKind.Exact => 0,
        SolverKind.PriceQ => (round + 1L) * parameters.Steps,
        _ => ((parameters.Gradient == GradientKind.ExactMultiplier ? round : 3L * round) + 1) * parameters.Steps,
    };
}
