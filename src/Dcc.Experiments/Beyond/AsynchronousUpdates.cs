using Dcc.Core.Engine;
using Dcc.Core.Evaluation;
using Dcc.Core.Learning;
using Dcc.Core.Numerics;
using Dcc.Core.Randomness;
using Dcc.Core.Validation;
using Dcc.Experiments.Methods;
using Dcc.Experiments.Results;
using Dcc.Experiments.Units;

namespace Dcc.Experiments.Beyond;

/// <summary>
/// Asynchronous updates, the paper's future work, against rounds in step: virtual time until the cost is near the best known, and the cost at the end,
/// with devices alike, devices that differ and stragglers, over links from near to far. Every device makes the same number of rounds.
/// </summary>
internal sealed class AsynchronousUpdates : Experiment
{
    private const double Near = 0.02;
    private const int Rounds = 30;
    private const double Exponent = 2;
    private const double Slow = 10;
    private const string First = "first-seconds";
    private const string ForGood = "for-good-seconds";
    private const string Gap = "gap";
    private const string Length = "length-seconds";

    // Of curve readings; about ten million a second.
    private const long OptimumReadings = 10_000_000;

    private static readonly int[] Sizes = [10, 20];
    private static readonly double[] Links = [0.005, 0.3, 1.5];
    private static readonly double[] MiddleLink = [0.3];
    private static readonly SolverKind[] Solvers = [SolverKind.Exact, SolverKind.PriceQ];

    // One second per evaluation; times of 1/sqrt(10) to sqrt(10) seconds, log-uniform; one device of five ten times slower.
    private static readonly string[] Paces = ["alike", "spread", "stragglers"];

    // S in multiples of N; null for rounds in step, infinity for no bound.
    private static readonly (string Label, double? Multiple)[] Policies =
        [("in step", null), ("S = N", 1), ("S = 4N", 4), ("unbounded", double.PositiveInfinity)];

    internal override string Name => "asynchronous";

    internal override string Title => "asynchronous updates with bounded staleness against rounds in step";

    internal override string Source => "this project; the paper's future work";

    internal override string Claim => "Is the system near its optimum sooner when no device waits for the others, and what does stale news cost?";

    internal override IReadOnlyList<Unit> Units(Scale scale) =>
    [
        .. Solvers.SelectMany(solver => Sizes.SelectMany(devices => PaperSystem.Seeds(scale.Runs).Select(seed => new Unit(
            UnitName(solver, devices, seed), seed, solver == SolverKind.Exact ? 10 : 2 * devices, cancellation => Compare(solver, devices, seed, cancellation))))),
    ];

    internal override Page Present(Scale scale, UnitResults results)
    {
        var complete = Sizes.All(devices => Solvers.All(solver => Found(solver, devices, Paces[^1], MiddleLink[0], Policies[0].Label, Gap).Length == scale.Runs));
        return new Page(
            complete ? Verdict.Measured : Verdict.Incomplete,
            "Time until the cost is within 2 % of the best known, as a multiple of that of rounds in step (medians over sizes, links and systems, exact evaluations): "
                + string.Join("; ", Paces.Select(pace => $"devices {Words(pace)} " + string.Join(", ", Policies.Skip(1).Select(policy =>
                    FormattableString.Invariant($"{Median(Ratios(SolverKind.Exact, pace, policy.Label)):0.00} ({policy.Label})")))))
                + ". With price-q, which learns: " + string.Join("; ", Paces.Skip(1).Select(pace => $"devices {Words(pace)} " + string.Join(", ", Policies.Skip(1).Select(policy =>
                    FormattableString.Invariant($"{Median(Ratios(SolverKind.PriceQ, pace, policy.Label)):0.00}")))))
                + ". " + string.Join(" ", Paces.Select(pace => FormattableString.Invariant(
                    $"After {Rounds} rounds of each device the cost of devices {Words(pace)} is {Percent(pace, Policies[0].Label)} above the best known in step and {Percent(pace, Policies[3].Label)} unbounded.")))
                + FormattableString.Invariant($" Of {Count(Policies[3].Label).All} unbounded runs {Count(Policies[3].Label).There} got within 2 %, in step {Count(Policies[0].Label).There}."),
            [
                .. Paces.Select(pace => new BoxChart(
                    $"asynchronous-{pace}", $"Seconds until within 2 %, devices {Words(pace)}", "Exact evaluations, both sizes; runs that never got there count as their length.",
                    "one-way delay of a message, s", "virtual seconds", [.. Links.Select(link => FormattableString.Invariant($"{link}"))],
                    [.. Policies.Select(policy => new BoxSeries(policy.Label, [.. Links.Select(link =>
                        Sizes.SelectMany(devices => Found(SolverKind.Exact, devices, pace, link, policy.Label, First)).ToArray())]))])),
            ],
            [
                new DataTable(
                    "asynchronous-table", "Medians of the runs",
                    ["solver", "N", "devices", "one way, s", "policy", "within 2 % first, s", "within 2 % for good, s", "all rounds made, s", "gap at the end, %"],
                    [.. Solvers.SelectMany(solver => Sizes.SelectMany(devices => Combinations(solver).SelectMany(at => Policies.Select(policy => (object[])
                    [
                        KebabCase.Name(solver), devices, at.Pace, at.Link, policy.Label,
                        .. new[] { First, ForGood, Length }.Select(measure => (object)Median(Found(solver, devices, at.Pace, at.Link, policy.Label, measure))),
                        100 * Median(Found(solver, devices, at.Pace, at.Link, policy.Label, Gap)),
                    ]))))]),
            ],
            [
                "The paper names asynchronous updates as future work and says nothing of how; here a report moves its own device's θ alone, at once, by the last reports of the others.",
                FormattableString.Invariant($"Each device makes {Rounds} rounds of its own and then keeps its θ: the quick ones stop while the slow ones still move, which the gap at the end shows, least with many devices."),
                "Delays and compute times are constants, three evaluations to a round; nothing is lost, and the coordinator takes no time. α = 2, congestion as by default.",
                "Best known is the best of a coordinate descent and of all runs compared: an upper bound on the optimum.",
            ]);

        double[] Found(SolverKind solver, int devices, string pace, double link, string policy, string measure) =>
            [.. PaperSystem.Seeds(scale.Runs).SelectMany(seed => results.Of(UnitName(solver, devices, seed), Measure(measure, pace, link, policy))).Select(sample => sample.Value)];
        double[] Ratios(SolverKind solver, string pace, string policy) =>
        [
            .. Sizes.SelectMany(devices => Combinations(solver).Where(at => at.Pace == pace).SelectMany(at =>
                Found(solver, devices, pace, at.Link, policy, First).Zip(Found(solver, devices, pace, at.Link, Policies[0].Label, First), (one, other) => one / other))),
        ];
        string Percent(string pace, string policy) => FormattableString.Invariant(
            $"{100 * Median(Sizes.SelectMany(devices => Links.SelectMany(link => Found(SolverKind.Exact, devices, pace, link, policy, Gap)))):0.00} %");
        (int There, int All) Count(string policy)
        {
            var runs = Sizes.SelectMany(devices => Combinations(SolverKind.Exact).SelectMany(at =>
                Found(SolverKind.Exact, devices, at.Pace, at.Link, policy, First).Zip(Found(SolverKind.Exact, devices, at.Pace, at.Link, policy, Length)))).ToList();
            return (runs.Count(run => run.First < run.Second), runs.Count);
        }
    }

    private static double Median(IEnumerable<double> values) => Spread.Of(values).Median;

    private static string Words(string pace) => pace switch
    {
        "alike" => "alike",
        "spread" => "that differ up to tenfold",
        _ => "of which one in five is ten times slower",
    };

    // Learning takes its time: fewer points.
    private static IEnumerable<(string Pace, double Link)> Combinations(SolverKind solver) =>
        (solver == SolverKind.Exact ? Paces : Paces[1..]).SelectMany(pace => (solver == SolverKind.Exact ? Links : MiddleLink).Select(link => (pace, link)));

    private static string UnitName(SolverKind solver, int devices, ulong seed) =>
        FormattableString.Invariant($"asynchronous-{KebabCase.Name(solver)}-n{devices}-r{Rounds}-s{seed}");

    private static string Measure(string measure, string pace, double link, string policy) => FormattableString.Invariant($"{measure}-{pace}-{link}-{policy}");

    private static IEnumerable<Sample> Compare(SolverKind solver, int devices, ulong seed, CancellationToken cancellation)
    {
        var system = PaperSystem.Of(devices, Exponent, seed);
        var runs = Combinations(solver).SelectMany(at => Policies.Select(policy => (at.Pace, at.Link, policy.Label, Thetas: TimedRun.Execute(
            system, Parameters(solver, devices, seed, policy.Multiple), Seconds(at.Pace, devices, seed), at.Link, cancellation).ToArray()))).ToList();
        var cost = new SystemCost(SystemCost.CurvesOf(system), Parameters(solver, devices, seed, null).CreateCongestion());
        var (_, best) = Optimum.Find(cost, OptimumReadings, runs.Select(run => run.Thetas[^1].Theta), progress: null, cancellation);
        foreach (var (pace, link, policy, thetas) in runs)
        {
            var gaps = Array.ConvertAll(thetas, theta => (cost.PerDevice(theta.Theta) / best) - 1);
            var first = Array.FindIndex(gaps, gap => gap <= Near);
            var lastAbove = Array.FindLastIndex(gaps, gap => gap > Near);
            yield return new Sample(Measure(First, pace, link, policy), devices, thetas[first < 0 ? ^1 : first].Seconds);
            yield return new Sample(Measure(ForGood, pace, link, policy), devices, thetas[Math.Min(lastAbove + 1, thetas.Length - 1)].Seconds);
            yield return new Sample(Measure(Length, pace, link, policy), devices, thetas[^1].Seconds);
            yield return new Sample(Measure(Gap, pace, link, policy), devices, gaps[^1]);
        }
    }

    private static double[] Seconds(string pace, int devices, ulong seed)
    {
        var random = RandomStream.For(seed, StreamPurpose.Experiment, device: 0);
        var seconds = new double[devices];
        for (var i = 0; i < devices; i++)
        {
            seconds[i] = pace switch
            {
                "alike" => 1,
                "spread" => DeterministicMath.Pow(Slow, random.NextUnit() - 0.5),
                _ => i % 5 == 0 ? Slow : 1,
            };
        }

        return seconds;
    }

    private static RunParameters Parameters(SolverKind solver, int devices, ulong seed, double? multiple) => new()
    {
        Devices = devices,
        Rounds = Rounds,
        Seed = seed,
        InitialTheta = new double[devices],
        Exponent = Exponent,
        Solver = solver,
        Steps = Scale.LearningSteps,
        Staleness = multiple is { } times ? (int)Math.Min(times * devices, RunParameters.MaxStaleness) : null,
    };
}
