using Dcc.Core.Devices;
using Dcc.Core.Engine;
using Dcc.Core.Learning;

namespace Dcc.Experiments.Methods;

/// <summary>A theta and when it was committed.</summary>
/// <param name="Seconds">Virtual, since every device was there.</param>
/// <param name="Theta">By device.</param>
internal readonly record struct TimedTheta(double Seconds, double[] Theta);

/// <summary>
/// The real engine and the devices' real solvers in virtual time: a push travels, is evaluated for as long as its device takes, and its report travels
/// back. Nothing is lost and the coordinator takes no time. One thread; reports that arrive at one time are taken in the order of their pushes.
/// </summary>
internal static class TimedRun
{
    private const long Incarnation = 1;

    /// <summary>theta_0 at time 0, and then theta after every commit.</summary>
    /// <param name="system">The devices.</param>
    /// <param name="parameters">The run.</param>
    /// <param name="evaluationSeconds">What one evaluation takes each device; a round is three, and the last one.</param>
    /// <param name="oneWaySeconds">What a message takes.</param>
    /// <param name="cancellation">Ends the work.</param>
    internal static IEnumerable<TimedTheta> Execute(
        EdgeSystem system, RunParameters parameters, double[] evaluationSeconds, double oneWaySeconds, CancellationToken cancellation)
    {
        parameters.Validate();
        var sessions = Array.ConvertAll(DccRun.Solvers(system, parameters), solver => new DeviceSession(solver));
        var effects = new List<RoundEffect>();
        var engine = RoundEngine.Create(parameters, effects);
        var arrivals = new PriorityQueue<RoundEffect, (double At, long Order)>();
        var (now, sent, commits) = (0.0, 0L, 0L);
        for (var device = 0; device < sessions.Length; device++)
        {
            engine.Handle(RoundEvent.Joined(device, Incarnation, lastRoundHeld: -1), effects);
        }

        Send();
        yield return new TimedTheta(now, engine.Theta.ToArray());
        while (arrivals.TryDequeue(out var push, out var when))
        {
            cancellation.ThrowIfCancellationRequested();
            now = when.At;
            sessions[push.Device].Handle(push.Round, push.Push);
            engine.Handle(RoundEvent.Reported(push.Device, Incarnation, push.Round, sessions[push.Device].LastReport), effects);
            Send();
            if (engine.Commits > commits)
            {
                commits = engine.Commits;
                yield return new TimedTheta(now, engine.Theta.ToArray());
            }
        }

        void Send()
        {
            foreach (var effect in effects.Where(effect => effect.Kind == RoundEffectKind.Push))
            {
                var evaluations = effect.Round < parameters.Rounds && parameters.Gradient == GradientKind.FiniteDifference ? 3 : 1;
                arrivals.Enqueue(effect, (now + (2 * oneWaySeconds) + (evaluations * evaluationSeconds[effect.Device]), sent++));
            }

            effects.Clear();
        }
    }
}
