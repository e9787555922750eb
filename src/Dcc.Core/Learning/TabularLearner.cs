using System.Runtime.CompilerServices;
using Dcc.Core.Devices;
using Dcc.Core.Randomness;

namespace Dcc.Core.Learning;

/// <summary>Tabular Q-learning with a constant rate (section 4.3).</summary>
internal sealed class TabularLearner<TDevice>(TDevice device, double discount) : IPricedLearner
    where TDevice : struct, IDeviceModel
{
    // Table 1.
    internal const float LearningRate = 0.5f;
    internal const double Exploration = 0.05;

    internal const int EpisodeSteps = 30;

    private readonly QTable lasting = QTable.Create(device, tables: 1);
    private QTable? masked;

    public void Begin(bool mayOffload)
    {
        masked = null;
        if (!mayOffload)
        {
            // Offloading is masked, and stays so when exploration tries it, by a prohibitive price; what was learned about it is kept for rounds
            // in which theta is positive.
            masked = lasting.Clone();
            masked.Forbid(DeviceAction.Offload, table: 0);
        }
    }

    public byte[] GreedyPolicy() => (masked ?? lasting).GreedyPolicies();

    public void End()
    {
        if (masked != null)
        {
            lasting.CopyExcept(DeviceAction.Offload, masked);
        }
    }

    public void Train(int steps, double price, ref RandomStream random) =>
        Train(masked ?? lasting, steps, masked == null ? (float)price : QTable.Forbidden, ref random);

    private void Train(QTable table, int steps, float price, ref RandomStream stream)
    {
        const int Row = IDeviceModel.ActionCount;
        const ulong Explore = (ulong)(Exploration * ulong.MaxValue);
        var local = device;
        var random = stream;
        ref var q = ref table.First;
        var gamma = (float)discount;
        int state = 0, left = 0;
        for (; steps > 0; steps--)
        {
            if (left-- == 0)
            {
                state = local.TrainingState(random.Next());
                left = EpisodeSteps - 1;
            }

            ref var row = ref Unsafe.Add(ref q, state * Row);
            var draw = random.Next();
            var action = draw < Explore ? QTable.RandomAction(local, state, (uint)draw) : QTable.Greedy(ref row, 1);
            state = local.Step(state, (DeviceAction)action, random.Next(), out var cost);

            ref var following = ref Unsafe.Add(ref q, state * Row);
            var best = Math.Min(following, Math.Min(Unsafe.Add(ref following, 1), Unsafe.Add(ref following, 2)));
            var target = cost + (action == (int)DeviceAction.Offload ? price : 0) + (gamma * best);
            ref var here = ref Unsafe.Add(ref row, action);
            here += LearningRate * (target - here);
        }

        stream = random;
    }
}
