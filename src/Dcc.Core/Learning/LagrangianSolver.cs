using Dcc.Core.Devices;
using Dcc.Core.Policies;
using Dcc.Core.Randomness;

namespace Dcc.Core.Learning;

/// <summary>
/// The paper's local solver (section 4.3, RCPO): a learner of the shaped cost u + (p + lambda) [offload], the multiplier updated between
/// blocks of steps. Each of a round's three evaluations has its own learner, multiplier and budget, and goes on from the round before. The
/// learner is a Q-table in the paper, or a deep one.
/// </summary>
internal sealed class LagrangianSolver<TDevice> : ILocalSolver
    where TDevice : struct, IDeviceModel
{
    internal const int MultiplierUpdates = 50;

    // J and f are averaged over the last of the multiplier's iterates, and their greedy policies are the mixture to deploy.
    private const int Averaged = MultiplierUpdates / 2;

    // Steps spent on measuring each iterate: about 100 episodes at gamma = 0.95, 2 500 in an average.
    internal const int EvaluationSteps = 18_000;

    private readonly SolverSettings settings;
    private readonly int index;
    private readonly MultiplierSteps multiplierSteps;
    private readonly Learner[] learners;
    private readonly PolicyRollout<TDevice> rollout;
    private PolicyMixture? policy;

    /// <summary>A fresh solver.</summary>
    /// <param name="device">The device.</param>
    /// <param name="settings">The run's settings.</param>
    /// <param name="index">Device index, 0-based.</param>
    /// <param name="multiplierSteps">How far the multiplier moves.</param>
    /// <param name="create">Makes the learner of an evaluation: 0 to 2, as in <see cref="RandomStream.For"/>.</param>
    internal LagrangianSolver(TDevice device, SolverSettings settings, int index, MultiplierSteps multiplierSteps, Func<int, IPricedLearner> create)
    {
        this.settings = settings;
        this.index = index;
        this.multiplierSteps = multiplierSteps;
        var evaluations = settings.Gradient == GradientKind.ExactMultiplier ? 1 : 3;
        learners = [.. Enumerable.Range(0, evaluations).Select(evaluation => new Learner(create(evaluation)))];
        rollout = new PolicyRollout<TDevice>(device, settings.Criterion, settings.Gamma, EvaluationSteps);
    }

    private sealed record Learner(IPricedLearner Inner)
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
        learner.Inner.Begin(mayOffload);
        var training = RandomStream.For(settings.Seed, StreamPurpose.Training, index, round, evaluation);

        // Without the evaluation in its key, so that the three evaluations share their luck.
        var measuring = RandomStream.For(settings.Seed, StreamPurpose.Evaluation, index, round);
        var policies = new DeterministicPolicy[Averaged];
        double meanCost = 0, meanFrequency = 0, meanMultiplier = 0;
        Span<double> cost = stackalloc double[1];
        Span<double> frequency = stackalloc double[1];
        for (var k = 0; k < MultiplierUpdates; k++)
        {
            learner.Inner.Train(BlockSteps(k), price + learner.Multiplier, ref training);
            var greedy = learner.Inner.GreedyPolicy();
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
                learner.Multiplier = Math.Max(0, learner.Multiplier + (multiplierSteps.At(k) * (frequency[0] - theta)));
            }
        }

        learner.Inner.End();
        var weights = new double[Averaged];
        Array.Fill(weights, 1.0 / Averaged);
        return new Estimate(meanCost, meanFrequency, meanMultiplier, new PolicyMixture(policies, weights));
    }

    // Splits the budget as evenly as whole steps allow.
    private int BlockSteps(int block) =>
        (int)(((long)settings.Steps * (block + 1) / MultiplierUpdates) - ((long)settings.Steps * block / MultiplierUpdates));
}
