using System.Runtime.CompilerServices;
using Dcc.Core.Coordination;
using Dcc.Core.Devices;
using Dcc.Core.Evaluation;
using Dcc.Core.Learning;
using Dcc.Core.Numerics;
using Dcc.Core.Policies;
using Dcc.Core.Randomness;

namespace Dcc.Experiments.Methods;

/// <summary>
/// Independent Q-learning (section 5, C.4): every device learns alone, while all of them act in the same step and each offloader pays
/// d(number of offloaders) of that step. Nothing is told to anyone: the others are part of each device's environment.
/// </summary>
internal sealed class IndependentQLearning
{
    private const long StepsBetweenCancellationChecks = 4_096;

    private readonly IndependentQLearningSettings settings;
    private readonly float gamma;
    private readonly float[] penalties;
    private readonly Agent[] agents;
    private int stepsLeftInEpisode;
    private long taken;

    internal IndependentQLearning(EdgeSystem system, IndependentQLearningSettings settings, ulong seed)
    {
        this.settings = settings;
        gamma = (float)system.Gamma;
        agents = new Agent[system.Devices.Length];
        for (var i = 0; i < agents.Length; i++)
        {
            var device = system.Device(i);
            agents[i] = new Agent(device, QTable.Create(device, tables: 1), RandomStream.For(seed, StreamPurpose.Baseline, i));
        }

        var congestion = new Congestion(CongestionKind.MeanField, CongestionForm.Shifted, system.Exponent);
        penalties = [0, .. Enumerable.Range(1, agents.Length).Select(offloaders => (float)congestion.Penalty(offloaders))];
    }

    private struct Agent(EdgeDevice device, QTable table, RandomStream stream)
    {
        internal readonly EdgeDevice Device = device;
        internal readonly QTable Table = table;
        internal RandomStream Stream = stream;
        internal int State;
        internal int Row;
        internal int Action;
        internal float Cost;
    }

    /// <summary>Trains by the plan; costs are those of the greedy policies.</summary>
    internal static IEnumerable<Checkpoint> Run(
        EdgeSystem system, TrainingPlan plan, IndependentQLearningSettings settings, CancellationToken cancellation)
    {
        var learning = new IndependentQLearning(system, settings, plan.Seed);
        return plan.Run(system, until => learning.TrainUntil(until, cancellation), () => new DeployedMixtures(learning.Policies()));
    }

    /// <summary>The greedy policy of every device.</summary>
    internal PolicyMixture[] Policies() =>
        [.. agents.Select(agent => new PolicyMixture([QTable.Column(agent.Table.GreedyPolicies(), tables: 1, table: 0)], [1]))];

    internal long TrainUntil(long steps, CancellationToken cancellation)
    {
        while (taken < steps)
        {
            cancellation.ThrowIfCancellationRequested();
            var block = Math.Min(steps - taken, StepsBetweenCancellationChecks);
            Train(block);
            taken += block;
        }

        return taken;
    }

    private void Train(long steps)
    {
        var explore = (ulong)(settings.Exploration * ulong.MaxValue);
        for (; steps > 0; steps--)
        {
            if (stepsLeftInEpisode-- == 0)
            {
                Restart();
            }

            var penalty = penalties[Act(explore)];
            if (settings.CommonReward)
            {
                ShareCosts(penalty);
                penalty = 0;
            }

            Learn(penalty);
        }
    }

    private void Restart()
    {
        stepsLeftInEpisode = settings.EpisodeSteps - 1;
        foreach (ref var agent in agents.AsSpan())
        {
            agent.State = agent.Device.TrainingState(agent.Stream.Next());
        }
    }

    // Every device acts and moves on; returns how many offload.
    private int Act(ulong explore)
    {
        var offloaders = 0;
        foreach (ref var agent in agents.AsSpan())
        {
            var row = agent.State * IDeviceModel.ActionCount;
            var draw = agent.Stream.Next();
            var action = draw < explore
                ? QTable.RandomAction(agent.Device, agent.State, (uint)draw)
                : QTable.Greedy(ref Unsafe.Add(ref agent.Table.First, row), stride: 1);
            agent.State = agent.Device.Step(agent.State, (DeviceAction)action, agent.Stream.Next(), out agent.Cost);
            agent.Row = row;
            agent.Action = action;
            offloaders += action == (int)DeviceAction.Offload ? 1 : 0;
        }

        return offloaders;
    }

    private void ShareCosts(float penalty)
    {
        var sum = 0f;
        foreach (ref var agent in agents.AsSpan())
        {
            sum += agent.Cost + (agent.Action == (int)DeviceAction.Offload ? penalty : 0);
        }

        foreach (ref var agent in agents.AsSpan())
        {
            agent.Cost = sum / agents.Length;
        }
    }

    private void Learn(float penalty)
    {
        var rate = (float)settings.LearningRate;
        foreach (ref var agent in agents.AsSpan())
        {
            ref var table = ref agent.Table.First;
            ref var following = ref Unsafe.Add(ref table, agent.State * IDeviceModel.ActionCount);
            var best = Math.Min(following, Math.Min(
                Unsafe.Add(ref following, 1), Unsafe.Add(ref following, 2)));
            var cost = agent.Cost + (agent.Action == (int)DeviceAction.Offload ? penalty : 0);
            ref var here = ref Unsafe.Add(ref table, agent.Row + agent.Action);
            here += rate * (cost + (gamma * best) - here);
        }
    }
}
