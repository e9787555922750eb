using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Dcc.Core.Devices;
using Dcc.Core.Numerics;
using Dcc.Core.Policies;
using Dcc.Core.Randomness;

namespace Dcc.Core.Learning;

/// <summary>
/// The paper's local solver (section 4.3, RCPO): tabular Q-learning on the shaped cost u + (p + lambda) [offload], the multiplier updated
/// between blocks of steps. Each of a round's three evaluations has its own table, multiplier and budget, and goes on from the round before.
/// </summary>
internal sealed class QLearningSolver<TDevice> : ILocalSolver
    where TDevice : struct, IDeviceModel
{
    // Table 1.
    private const float LearningRate = 0.5f;
    private const double Exploration = 0.05;

    // lambda_(k+1) = max(0, lambda_k + alpha_k (f - theta)), alpha_k = MultiplierRate / (k+1)^MultiplierDecay. Table 1's rate of 1 is for
    // the unnormalised constraint, 1 / (1 - gamma) = 20 times larger.
    private const int MultiplierUpdates = 50;
    private const double MultiplierRate = 20;
    private const double MultiplierDecay = 0.6;

    // J and f are averaged over the last of the multiplier's iterates, and their greedy policies are the mixture to deploy.
    private const int Averaged = MultiplierUpdates / 2;

    private const int EpisodeSteps = 30;

    // Steps spent on measuring each iterate: about 100 episodes at gamma = 0.95, 2 500 in an average.
    private const int EvaluationSteps = 18_000;

    private readonly TDevice device;
    private readonly SolverSettings settings;
    private readonly int index;
    private readonly Learner[] learners;
    private readonly PolicyRollout<TDevice> rollout;
    private PolicyMixture? policy;

    internal QLearningSolver(TDevice device, SolverSettings settings, int index)
    {
        this.device = device;
        this.settings = settings;
        this.index = index;
        var evaluations = settings.Gradient == GradientKind.ExactMultiplier ? 1 : 3;
        learners = [.. Enumerable.Range(0, evaluations).Select(_ => new Learner(QTable.Create(device, tables: 1)))];
        rollout = new PolicyRollout<TDevice>(device, settings.Criterion, settings.Gamma, EvaluationSteps);
    }

    private sealed record Learner(QTable Table)
    {
        internal double Multiplier { get; set; }
    }

    private readonly record struct Estimate(double Cost, double Frequency, double Multiplier, PolicyMixture Policy);

    public PolicyMixture Policy => policy ?? throw new InvalidOperationException("Nothing was solved yet.");

    public CurvePoint LastPoint { get; private set; }

    public EvaluationWatch? Watch { get; set; }

    public Report Solve(int round, Push push)
    {
        var reference = Watched(EvaluationKind.Reference, round, push.Theta, push.Price);
        policy = reference.Policy;
        LastPoint = new CurvePoint(reference.Cost, reference.Frequency, reference.Multiplier);
        if (settings.Gradient == GradientKind.ExactMultiplier)
        {
            return new Report(reference.Cost, reference.Multiplier, reference.Frequency);
        }

        // An evaluation at the reference's own point would only repeat it: so in the last round, whose perturbations are zero.
        var own = push.ThetaOwn == push.Theta ? reference : Watched(EvaluationKind.Own, round, push.ThetaOwn, push.Price);
        var others = push.PriceOthers == push.Price ? reference : Watched(EvaluationKind.Others, round, push.Theta, push.PriceOthers);
        return new Report(reference.Cost, own.Cost, others.Cost);
    }

    private Estimate Watched(EvaluationKind evaluation, int round, double theta, double price)
    {
        Watch?.Begun(evaluation);
        var estimate = Evaluate(evaluation - EvaluationKind.Reference, round, theta, price);
        Watch?.Ended(evaluation, settings.Steps);
        return estimate;
    }

    private Estimate Evaluate(int evaluation, int round, double theta, double price)
    {
        var learner = learners[evaluation];
        var mayOffload = theta > 0;
        var table = learner.Table;
        if (!mayOffload)
        {
            // Offloading is masked, and stays so when exploration tries it, by a prohibitive price; what was learned about it is kept for rounds
            // in which theta is positive.
            table = table.Clone();
            table.Forbid(DeviceAction.Offload, table: 0);
        }

        var training = RandomStream.For(settings.Seed, StreamPurpose.Training, index, round, evaluation);

        // Without the evaluation in its key, so that the three evaluations share their luck.
        var measuring = RandomStream.For(settings.Seed, StreamPurpose.Evaluation, index, round);
        var policies = new DeterministicPolicy[Averaged];
        double meanCost = 0, meanFrequency = 0, meanMultiplier = 0;
        Span<double> cost = stackalloc double[1];
        Span<double> frequency = stackalloc double[1];
        for (var k = 0; k < MultiplierUpdates; k++)
        {
            Train(table, BlockSteps(k), mayOffload ? (float)(price + learner.Multiplier) : QTable.Forbidden, ref training);
            var greedy = table.GreedyPolicies();
            rollout.Evaluate(greedy, cost, frequency, ref measuring);
            var averaged = k - (MultiplierUpdates - Averaged);
            if (averaged >= 0)
            {
                policies[averaged] = new DeterministicPolicy(greedy);
                meanCost += (cost[0] + (price * frequency[0])) / Averaged;
                meanFrequency += frequency[0] / Averaged;
                meanMultiplier += learner.Multiplier / Averaged;
            }

            if (mayOffload)
            {
                var rate = MultiplierRate / DeterministicMath.Pow(k + 1, MultiplierDecay);
                learner.Multiplier = Math.Max(0, learner.Multiplier + (rate * (frequency[0] - theta)));
            }
        }

        if (!mayOffload)
        {
            learner.Table.CopyExcept(DeviceAction.Offload, table);
        }

        var weights = new double[Averaged];
        Array.Fill(weights, 1.0 / Averaged);
        return new Estimate(meanCost, meanFrequency, meanMultiplier, new PolicyMixture(policies, weights));
    }

    // Splits the budget as evenly as whole steps allow.
    private int BlockSteps(int block) =>
        (int)(((long)settings.Steps * (block + 1) / MultiplierUpdates) - ((long)settings.Steps * block / MultiplierUpdates));

    /// <summary>Learning steps at a fixed price of offloading (congestion price and multiplier together).</summary>
    internal void Train(QTable table, int steps, float price, ref RandomStream stream)
    {
        const int Row = IDeviceModel.ActionCount;
        const ulong Explore = (ulong)(Exploration * ulong.MaxValue);
        var local = device;
        var random = stream;
        ref var q = ref table.First;
        var gamma = (float)settings.Gamma;
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
