using Dcc.Core.Devices;
using Dcc.Core.Engine;
using Dcc.Core.Learning;

namespace Dcc.Core.Tests;

/// <summary>An engine and its devices' sessions, connected by nothing but a loop.</summary>
internal sealed class InMemoryRun
{
    private readonly List<RoundEffect> effects = [];
    private readonly DeviceSession[] sessions;

    internal InMemoryRun(EdgeSystem system, RunParameters parameters)
    {
        sessions = [.. Enumerable.Range(0, parameters.Devices).Select(index =>
            new DeviceSession(LocalSolvers.Create(parameters.SolverSettings(system.Gamma), system.Device(index), index)))];
        Engine = RoundEngine.Create(parameters, effects);
        for (var device = 0; device < parameters.Devices; device++)
        {
            Engine.Handle(RoundEvent.Joined(device, 1, -1), effects);
        }
    }

    internal RoundEngine Engine { get; }

    internal List<JournalRecord> Journal { get; } = [];

    /// <summary>Runs until the engine has this round open.</summary>
    internal void Until(int round)
    {
        while (Engine.Round < round)
        {
            var pushes = effects.Where(effect => effect.Kind == RoundEffectKind.Push).ToList();
            Persist();
            Parallel.ForEach(pushes, push => sessions[push.Device].Handle(push.Round, push.Push));
            foreach (var push in pushes)
            {
                Engine.Handle(RoundEvent.Reported(push.Device, 1, push.Round, sessions[push.Device].LastReport), effects);
            }
        }

        Persist(keepPushes: true);
    }

    private void Persist(bool keepPushes = false)
    {
        Journal.AddRange(effects.Where(effect => effect.Kind == RoundEffectKind.Persist).Select(effect => effect.Record!));
        effects.RemoveAll(effect => !keepPushes || effect.Kind != RoundEffectKind.Push);
    }
}
