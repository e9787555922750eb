using Dcc.Core.Devices;
using Dcc.Core.Exact;
using Dcc.Core.Learning;
using Dcc.Core.Randomness;
using Dcc.Core.Validation;
using Dcc.Experiments.Methods;
using Dcc.Experiments.Results;
using Dcc.Experiments.Units;

namespace Dcc.Experiments.Beyond;

/// <summary>DQN and PPO where a table would do, and on a device with 96 640 states, where it would not.</summary>
internal sealed class NeuralSolvers : Experiment
{
    private const double Gamma = 0.95;
    private const int Steps = 300_000;
    private const double Goal = 0.05;
    private const string Cost = "cost";
    private const string Exact = "exact";
    private const string Thresholds = "thresholds";

    // Steps of the device behind each cost; all policies meet the same luck.
    private const int MeasuredSteps = 2_000_000;
    private const ulong MeasuringSeed = 99;

    private static readonly double[] Charges = [0, 2, 8, 30];
    private static readonly SolverKind[] Networks = [SolverKind.Dqn, SolverKind.Ppo];
    private static readonly SolverKind[] Learners = [SolverKind.QLearning, .. Networks];

    internal override string Name => "neural-solvers";

    internal override string Title => "DQN and PPO on the paper's device and on one with 96 640 states";

    internal override string Source => "this project; section 4.3";

    internal override string Claim => "DQN and PPO come within 5 % of the exact optimum on the paper's device, and beat the best hand-written thresholds on a device too large for a table.";

    internal override IReadOnlyList<Unit> Units(Scale scale) =>
    [
        .. PaperSystem.Seeds(scale.QuickRuns).SelectMany(seed => Networks.Select(solver => SampleEfficiency.Unit(solver, seed))),
        .. Charges.SelectMany(charge => PaperSystem.Seeds(Runs(scale)).SelectMany(seed => Learners.Select(solver => new Unit(
            UnitName(KebabCase.Name(solver), charge, seed), seed, solver == SolverKind.QLearning ? 1 : 4, _ => Learned(solver, charge, seed))))),
        .. Charges.Select(charge => new Unit(UnitName(Thresholds, charge, 1), 1, 3, _ => [Measured(ThresholdPolicy.Best(SolarDevice.Large, Gamma, charge, seed: 1).Actions(SolarDevice.Large), charge)])),

        // Some minutes each.
        .. Charges.Where(_ => scale.Budget == Budget.Paper).Select(charge => new Unit(UnitName(Exact, charge, 1), 1, 150, _ => Optimum(charge))),
    ];

    internal override Page Present(Scale scale, UnitResults results)
    {
        var toy = Networks.Select(solver => (Solver: solver, Gap: Spread.Of(SampleEfficiency.Gaps(solver, SampleEfficiency.Standard, scale, results)))).ToList();
        var complete = Learners.All(solver => Charges.All(charge => Costs(solver, charge).Length == Runs(scale))) && toy.TrueForAll(found => found.Gap.Count == scale.QuickRuns * SampleEfficiency.Points.Length)
            && Charges.All(charge => double.IsFinite(At(Thresholds, charge)) && (scale.Budget == Budget.Quick || double.IsFinite(At(Exact, charge))));
        var lost = Networks.SelectMany(solver => Charges.Where(charge => !(Spread.Of(Costs(solver, charge)).Mean < At(Thresholds, charge)))
            .Select(charge => FormattableString.Invariant($"{KebabCase.Name(solver)} at {charge}"))).ToList();
        return new Page(
            complete ? Verdict.Measured : Verdict.Incomplete,
            FormattableString.Invariant($"On the paper's devices the charged gap after {SampleEfficiency.Standard:N0} steps is ")
                + string.Join(" and ", toy.Select(found => FormattableString.Invariant($"{100 * found.Gap.Mean:0.0} % for {KebabCase.Name(found.Solver)}")))
                + (toy.TrueForAll(found => found.Gap.Mean < Goal) ? ", so within 5 %. " : ", so not within 5 % for both. ")
                + (lost.Count == 0 ? "On the large device both cost less than the best thresholds at every charge." : $"On the large device they do not beat the thresholds for {string.Join(", ", lost)}."),
            [
                new BoxChart(
                    "neural-solvers", "Cost on the large device", "Cost before congestion plus charge times offload frequency, one value per training.", "charge of one offload", "cost per step",
                    [.. Charges.Select(charge => FormattableString.Invariant($"{charge}"))],
                    [
                        new BoxSeries("thresholds", [.. Charges.Select(charge => Found(At(Thresholds, charge)))]),
                        .. Networks.Select(solver => new BoxSeries(KebabCase.Name(solver), [.. Charges.Select(charge => Costs(solver, charge))])),
                        new BoxSeries("exact", [.. Charges.Select(charge => Found(At(Exact, charge)))]),
                    ]),
            ],
            [
                new DataTable(
                    "neural-solvers-table", FormattableString.Invariant($"Large device: interquartile means after {Steps:N0} steps"),
                    ["charge", "exact", "thresholds", .. Learners.Select(solver => KebabCase.Name(solver))],
                    [.. Charges.Select(charge => (object[])[charge, At(Exact, charge), At(Thresholds, charge), .. Learners.Select(solver => (object)Spread.Of(Costs(solver, charge)).Mean)])]),
            ],
            [
                "The large device is SolarDevice in Dcc.Core: age, battery, a Markov sky that feeds the battery and a Markov channel. System files, and so emulate, describe the paper's device only.",
                "Thresholds: an age from which to offload for each channel state, an age and a battery level from which to compute, found by coordinate descent from three starts; they do not look at the sky.",
                "Costs are simulated on the same luck for all but the exact optimum, which is computed under budget paper only; a simulated cost can be up to 1 % from its true value.",
                "The networks' hyperparameters were chosen on devices of Appendix F and on this large device.",
            ]);

        double At(string what, double charge) => results.Last(UnitName(what, charge, 1), Cost);
        double[] Costs(SolverKind solver, double charge) =>
            [.. PaperSystem.Seeds(Runs(scale)).Select(seed => results.Last(UnitName(KebabCase.Name(solver), charge, seed), Cost)).Where(double.IsFinite)];
        static double[] Found(double value) => double.IsFinite(value) ? [value] : [];
    }

    private static int Runs(Scale scale) => scale.AskedRuns ?? scale.Pick(3, 15);

    private static string UnitName(string what, double charge, ulong seed) => FormattableString.Invariant($"solar-{what}-charge{charge}-s{seed}");

    private static IEnumerable<Sample> Learned(SolverKind solver, double charge, ulong seed)
    {
        var settings = new SolverSettings(solver, Steps, Gamma, Criterion.Discounted, GradientKind.ExactMultiplier, seed);
        var learner = LocalSolvers.Learner(settings, SolarDevice.Large, index: 0)(0);
        var random = RandomStream.For(seed, StreamPurpose.Training, device: 0);
        learner.Begin(mayOffload: true);
        learner.Train(Steps, charge, ref random);
        return [Measured(learner.GreedyPolicy(), charge)];
    }

    private static IEnumerable<Sample> Optimum(double charge)
    {
        var process = MarkovDecisionProcess.Of(SolarDevice.Large, Gamma);
        return [new Sample(Cost, charge, process.Optimise(charge, mayOffload: true, near: null).Value(charge))];
    }

    private static Sample Measured(byte[] policy, double charge)
    {
        var rollout = new PolicyRollout<SolarDevice>(SolarDevice.Large, Criterion.Discounted, Gamma, MeasuredSteps);
        var random = RandomStream.For(MeasuringSeed, StreamPurpose.Evaluation, device: 0);
        double cost = 0, frequency = 0;
        rollout.Evaluate(policy, new Span<double>(ref cost), new Span<double>(ref frequency), ref random);
        return new Sample(Cost, charge, cost + (charge * frequency));
    }
}
