using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Dcc.Core.Devices;
using Dcc.Core.Policies;
using Dcc.Core.Randomness;

namespace Dcc.Core.Learning;

/// <summary>
/// Price-parametrised Q-learning (model.md section 3). The multiplier and the congestion price enter the shaped cost only as their sum, so
/// one trajectory trains Q-tables for a whole grid of prices: each transition updates all of them, as they differ only in the cost of
/// offloading. The greedy policies' measured (f, J0) points give the cost curve that answers every evaluation of the round.
/// </summary>
internal sealed class PriceQSolver<TDevice> : ILocalSolver
    where TDevice : struct, IDeviceModel
{
    // Prices: 0, then 0.35 * 1.45^k, and as the last one "offloading forbidden", so that theta = 0 is always feasible.
    internal const int Prices = 16;
    private const float FirstPrice = 0.35f;
    private const float PriceRatio = 1.45f;

    private const int EpisodeSteps = 30;
    private const double Exploration = 0.1;

    // Learning rate max(MinimumRate, RateScale / (RateScale + n(s, a))).
    private const float MinimumRate = 0.02f;
    private const float RateScale = 20;

    // Steps spent on measuring each greedy policy: about 256 episodes at gamma = 0.95.
    internal const int EvaluationSteps = 46_080;

    private readonly TDevice device;
    private readonly SolverSettings settings;
    private readonly int index;
    private readonly QTable table;
    private readonly float[] visits;
    private readonly float[] offloadCost;
    private readonly PolicyRollout<TDevice> rollout;
    private PolicyMixture? policy;

    internal PriceQSolver(TDevice device, SolverSettings settings, int index)
    {
        this.device = device;
        this.settings = settings;
        this.index = index;
        table = QTable.Create(device, Prices);
        table.Forbid(DeviceAction.Offload, Prices - 1);
        visits = new float[device.StateCount * IDeviceModel.ActionCount];
        offloadCost = OffloadCosts();
        rollout = new PolicyRollout<TDevice>(device, settings.Criterion, settings.Gamma, EvaluationSteps);
    }

    public PolicyMixture Policy => policy ?? throw new InvalidOperationException("Nothing was solved yet.");

    public CurvePoint LastPoint { get; private set; }

    public EvaluationWatch? Watch { get; set; }

    public Report Solve(int round, Push push)
    {
        Watch?.Begun(EvaluationKind.All);
        Train(RandomStream.For(settings.Seed, StreamPurpose.Training, index, round));
        var curve = Measure(RandomStream.For(settings.Seed, StreamPurpose.Evaluation, index, round));
        policy = curve.Policy(push.Theta, push.Price);
        var point = curve.Read(push.Theta, push.Price);
        LastPoint = point;
        var report = settings.Gradient == GradientKind.ExactMultiplier
            ? new Report(point.Cost, point.Multiplier, point.Frequency)
            : new Report(
                point.Cost, curve.Read(push.ThetaOwn, push.Price).Cost, curve.Read(push.Theta, push.PriceOthers).Cost);
        Watch?.Ended(EvaluationKind.All, settings.Steps);
        return report;
    }

    /// <summary>One budget of learning steps. All 16 tables are updated by lane-wise operations: lanes never mix, so every vector width gives the same bits.</summary>
    internal void Train(RandomStream random)
    {
        const int Row = IDeviceModel.ActionCount * Prices;
        const ulong Explore = (ulong)(Exploration * ulong.MaxValue);
        var local = device;
        ref var q = ref table.First;
        ref var visited = ref MemoryMarshal.GetArrayDataReference(visits);
        ref var offload = ref MemoryMarshal.GetArrayDataReference(offloadCost);
        var gamma = (float)settings.Gamma;
        int state = 0, left = 0, acting = 0;
        for (var step = settings.Steps; step > 0; step--)
        {
            if (left-- == 0)
            {
                state = local.TrainingState(random.Next());
                acting = RandomStream.Scale((uint)random.Next(), Prices);
                left = EpisodeSteps - 1;
            }

            ref var row = ref Unsafe.Add(ref q, (nint)((uint)state * (nuint)Row));
            var draw = random.Next();
            var action = draw < Explore
                ? QTable.RandomAction(local, state, (uint)draw)
                : QTable.Greedy(ref Unsafe.Add(ref row, acting), Prices);
            var next = local.Step(state, (DeviceAction)action, random.Next(), out var cost);

            ref var following = ref Unsafe.Add(ref q, (nint)((uint)next * (nuint)Row));
            ref var here = ref Unsafe.Add(ref row, action * Prices);
            ref var n = ref Unsafe.Add(ref visited, (state * IDeviceModel.ActionCount) + action);
            n += 1;
            var rate = Math.Max(MinimumRate, RateScale / (RateScale + n));
            var best = Smaller(
                Vector512.LoadUnsafe(ref following),
                Smaller(Vector512.LoadUnsafe(ref following, Prices), Vector512.LoadUnsafe(ref following, 2 * Prices)));
            var old = Vector512.LoadUnsafe(ref here);
            var target = Vector512.Create(cost) + Vector512.LoadUnsafe(ref offload, (nuint)(action * Prices)) + (best * gamma);
            (old + ((target - old) * rate)).StoreUnsafe(ref here);
            state = next;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Smaller(Vector512<float> a, Vector512<float> b) =>
        Vector512.ConditionalSelect(Vector512.LessThan(a, b), a, b);

    private CostCurve Measure(RandomStream random)
    {
        var policies = table.GreedyPolicies();
        Span<double> cost = stackalloc double[Prices];
        Span<double> frequency = stackalloc double[Prices];
        rollout.Evaluate(policies, cost, frequency, ref random);
        var points = new List<(double, double, DeterministicPolicy)>(Prices);
        for (var k = 0; k < Prices; k++)
        {
            // At frequency 0 only the table that forbids offloading counts: another may just not have offloaded while it was measured.
            if (frequency[k] > 0 || k == Prices - 1)
            {
                points.Add((frequency[k], cost[k], QTable.Column(policies, Prices, k)));
            }
        }

        return CostCurve.LowerHull(points);
    }

    // Added to the cost of an action, per price: zeros for waiting and local computation.
    private static float[] OffloadCosts()
    {
        var costs = new float[IDeviceModel.ActionCount * Prices];
        var prices = costs.AsSpan((int)DeviceAction.Offload * Prices, Prices);
        var price = FirstPrice;
        for (var k = 1; k < Prices - 1; k++)
        {
            prices[k] = price;
            price *= PriceRatio;
        }

        prices[Prices - 1] = QTable.Forbidden;
        return costs;
    }
}
