using Dcc.Core.Devices;
using Dcc.Core.Neural;
using Dcc.Core.Randomness;

namespace Dcc.Core.Learning.Deep;

/// <summary>
/// Deep Q-network (Mnih et al., 2015) with double targets (van Hasselt et al., 2016). Values are costs per step: each step's shaped cost
/// counts (1 - gamma) times, so that the network's outputs have the size of a step's cost whatever gamma is.
/// </summary>
internal sealed class DqnLearner<TDevice> : IPricedLearner
    where TDevice : struct, IDeviceModel
{
    // Two layers of 64 and Adam's default rate, as implementations for small problems have it; the target's rate of Haarnoja et al. (2018),
    // who move it a little after every gradient step. That average is what is deployed too, not the network that still jitters by a step of
    // Adam: on the paper's devices it lies 0.6 % from the optimum, the network itself 2.1 %.
    private const int Width = 64;
    private const double Rate = 1e-3;
    private const int Batch = 64;
    private const float TargetRate = 0.005f;

    // As price-q explores.
    private const double Exploration = 0.1;

    // All steps of one evaluation at the default budget.
    private const int Capacity = 100_000;
    private const int WarmUp = 256;

    // Steps of the device taken together, and so also the steps between two gradient steps: each transition is replayed eight times, about.
    private const int Environments = 8;

    // Outputs are this many times the cost per step. At 1 the steps of Adam blur the small differences between actions (gaps of 5 %).
    private const float Scale = 4;

    private const int EpisodeSteps = 30;

    private readonly TDevice device;
    private readonly StateTable states;
    private readonly float gamma;
    private readonly DenseNetwork online;
    private readonly DenseNetwork average;
    private readonly Adam adam;
    private readonly ReplayMemory memory;
    private readonly int[] acting = new int[Environments];
    private readonly int[] before = new int[Batch];
    private readonly int[] after = new int[Batch];
    private readonly int[] chosen = new int[Batch];
    private readonly float[] goals = new float[Batch];
    private readonly float[] deltas = new float[Batch * MaskedActions.Count];
    private readonly float[] inputs;
    private int mask = -1;

    internal DqnLearner(TDevice device, StateTable states, double gamma, RandomStream random)
    {
        this.device = device;
        this.states = states;
        this.gamma = (float)gamma;
        int[] widths = [states.FeatureCount, Width, Width, MaskedActions.Count];
        online = new DenseNetwork(widths, ref random);
        average = new DenseNetwork(widths, ref random);
        average.CopyFrom(online);
        adam = new Adam(online.Parameters.Length);
        memory = new ReplayMemory(Capacity);
        inputs = new float[Math.Max(Batch, Environments) * states.FeatureCount];
    }

    public void Begin(bool mayOffload) => mask = mayOffload ? -1 : MaskedActions.NoOffload;

    public byte[] GreedyPolicy() => MaskedActions.GreedyPolicy(average, states, mask);

    public void End()
    {
    }

    public void Train(int steps, double price, ref RandomStream random)
    {
        var left = 0;
        while (steps > 0)
        {
            var environments = Math.Min(steps, Environments);
            if (left-- == 0)
            {
                foreach (ref var state in acting.AsSpan())
                {
                    state = device.TrainingState(random.Next());
                }

                left = EpisodeSteps - 1;
            }

            Act(acting.AsSpan(0, environments), ref random);
            steps -= environments;
            if (memory.Count >= WarmUp)
            {
                Improve((float)price, ref random);
            }
        }
    }

    private void Act(Span<int> current, ref RandomStream random)
    {
        var explore = (ulong)(Exploration * ulong.MaxValue);
        states.Gather(current, inputs);
        var values = online.Forward(inputs, current.Length);
        for (var i = 0; i < current.Length; i++)
        {
            var state = current[i];
            var allowed = states.Legal(state) & mask;
            var draw = random.Next();
            var action = draw < explore
                ? MaskedActions.Random(allowed, (uint)draw) : MaskedActions.Least(values[(i * MaskedActions.Count)..], allowed);
            current[i] = device.Step(state, (DeviceAction)action, random.Next(), out var cost);
            memory.Add(new ReplayMemory.Transition(state, action, cost, current[i]));
        }
    }

    // One gradient step on the square of Q(s, a) - ((1 - gamma) (u + price [offload]) + gamma Q'(s', argmin Q(s', .))). Not on the paper's
    // clipped error: where the luck of a step is skewed, clipping makes Q a median, and a device deep in debt then looks cheap (gaps of 7 %).
    private void Improve(float price, ref RandomStream random)
    {
        for (var row = 0; row < Batch; row++)
        {
            ref readonly var transition = ref memory[RandomStream.Scale((uint)(random.Next() >> 32), memory.Count)];
            before[row] = transition.State;
            after[row] = transition.Next;
            chosen[row] = transition.Action;
            goals[row] = Scale * (1 - gamma) * (transition.Cost + (transition.Action == (int)DeviceAction.Offload ? price : 0));
        }

        states.Gather(after, inputs);
        var choices = online.Forward(inputs, Batch);
        var values = average.Forward(inputs, Batch);
        for (var row = 0; row < Batch; row++)
        {
            var best = MaskedActions.Least(choices[(row * MaskedActions.Count)..], states.Legal(after[row]) & mask);
            goals[row] += gamma * values[(row * MaskedActions.Count) + best];
        }

        states.Gather(before, inputs);
        var predictions = online.Forward(inputs, Batch);
        Array.Clear(deltas);
        for (var row = 0; row < Batch; row++)
        {
            var output = (row * MaskedActions.Count) + chosen[row];
            deltas[output] = (predictions[output] - goals[row]) / Batch;
        }

        online.ClearGradients();
        online.Backward(deltas, Batch);
        adam.Step(online, Rate);
        average.MoveTowards(online, TargetRate);
    }
}
