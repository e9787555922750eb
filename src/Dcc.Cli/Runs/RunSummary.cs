using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Dcc.Core.Devices;
using Dcc.Core.Engine;
using Dcc.Core.Evaluation;
using Dcc.Core.Exact;
using Dcc.Core.Learning;
using Dcc.Core.Policies;
using Dcc.Core.Validation;

namespace Dcc.Cli.Runs;

/// <summary>Cost per device and step of the deployed policies acting together.</summary>
internal sealed record JointCosts(double SteadyState, double Discounted);

/// <summary>Milliseconds from a push to its report, learning included, over all rounds and devices where known.</summary>
internal sealed record RoundTripTimes(double Median, double Percentile99, double Longest)
{
    internal static RoundTripTimes? Of(IEnumerable<float[]> rounds)
    {
        var sorted = rounds.SelectMany(round => round).Where(time => time >= 0).Order().ToArray();
        return sorted.Length == 0 ? null : new RoundTripTimes(sorted[sorted.Length / 2], sorted[sorted.Length * 99 / 100], sorted[^1]);
    }
}

/// <summary>summary.json: what a run came to. Costs are per device and step; null where unknown.</summary>
internal sealed record RunSummary(
    string Digest,
    int Devices,
    int Rounds,
    ulong Seed,
    string Solver,
    string StepRule,
    string Congestion,
    string CongestionForm,
    string Criterion,
    string Gradient,
    string Perturbation,
    double Exponent,
    int Steps,
    double[] FinalTheta,
    double? ApproximateCost,
    JointCosts? JointCost,
    double? NeverOffload,
    double? BestKnown,
    double[]? OffloadFrequency,
    ByteSummary? Bytes,
    int? Faults,
    int? Retries,
    int? Restarts,
    RoundTripTimes? RoundTripMilliseconds,
    double? VirtualSeconds,
    double? WallSeconds)
{
    // Curve readings for the best known theta: seconds at most, and enough for a thousand devices.
    private const long OptimumReadings = 50_000_000;

    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    };

    // Not constructor parameters: the summaries of earlier versions have neither.

    /// <summary>The class of each device; null where none has one with limits.</summary>
    public string[]? DeviceClasses { get; init; }

    /// <summary>Whether the classes limited the agents; null where there were none.</summary>
    public bool? DeviceClassesEnforced { get; init; }

    /// <summary>"pi-3 (2 devices), unlimited (8), enforced"; null where no device has a class with limits.</summary>
    internal string? ClassesInWords => DeviceClasses is null
        ? null
        : string.Join(", ", DeviceClasses.GroupBy(name => name).Select(group => string.Create(CultureInfo.InvariantCulture, $"{group.Key} ({group.Count()})")))
            + (DeviceClassesEnforced == true ? ", enforced by cgroups" : ", NOT enforced: agents ran without limits");

    /// <summary>
    /// Computes what the coordinator cannot know from the devices' models and deployed policies: the exact cost at the final theta, the joint
    /// cost by simulation, what never offloading and the best known theta cost, and how often each device offloads.
    /// </summary>
    internal static RunSummary Of(
        RoundEngine engine, EdgeSystem system, SystemCost objective, PolicyMixture[] policies, CancellationToken cancellation)
    {
        var parameters = engine.Parameters;
        var theta = engine.Theta.ToArray();
        var best = Optimum.Find(objective, OptimumReadings, [theta], progress: null, cancellation);
        var joint = new JointCost<EdgeDevice>(
            [.. Enumerable.Range(0, theta.Length).Select(system.Device)], policies, parameters.CreateCongestion(), system.Gamma, parameters.Seed);
        var (steady, longRun) = joint.SteadyState();
        return OfJournal(engine) with
        {
            ApproximateCost = objective.PerDevice(theta),
            JointCost = new JointCosts(steady, joint.Discounted()),
            NeverOffload = objective.PerDevice(new double[theta.Length]),
            BestKnown = best.CostPerDevice,
            OffloadFrequency = parameters.Criterion == Core.Learning.Criterion.Average ? longRun : Discounted(system, policies),
            Faults = 0,
            Retries = 0,
            Restarts = 0,
        };
    }

    /// <summary>What a run's journal alone knows; the rest is null.</summary>
    internal static RunSummary OfJournal(RoundEngine engine)
    {
        var parameters = engine.Parameters;
        return new RunSummary(
            Digest: engine.Digest,
            Devices: parameters.Devices,
            Rounds: parameters.Rounds,
            Seed: parameters.Seed,
            Solver: KebabCase.Name(parameters.Solver),
            StepRule: KebabCase.Name(parameters.StepRule),
            Congestion: KebabCase.Name(parameters.Congestion),
            CongestionForm: KebabCase.Name(parameters.CongestionForm),
            Criterion: KebabCase.Name(parameters.Criterion),
            Gradient: KebabCase.Name(parameters.Gradient),
            Perturbation: KebabCase.Name(parameters.Perturbation),
            Exponent: parameters.Exponent,
            Steps: parameters.Steps,
            FinalTheta: engine.Theta.ToArray(),
            ApproximateCost: null,
            JointCost: null,
            NeverOffload: null,
            BestKnown: null,
            OffloadFrequency: null,
            Bytes: null,
            Faults: null,
            Retries: null,
            Restarts: null,
            RoundTripMilliseconds: null,
            VirtualSeconds: null,
            WallSeconds: null);
    }

    /// <summary>The summary and where the run's files are, as one line for programs.</summary>
    internal string ToJsonLine(string folder)
    {
        var json = JsonSerializer.SerializeToNode(this, Options)!.AsObject();
        json.Add("output", Path.GetFullPath(folder));
        return json.ToJsonString(new JsonSerializerOptions(Options) { WriteIndented = false });
    }

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    /// <exception cref="JsonException">Not such a text.</exception>
    internal static RunSummary FromJson(ReadOnlySpan<byte> json) =>
        JsonSerializer.Deserialize<RunSummary>(json, Options) ?? throw new JsonException("null is not a summary.");

    internal void Write(StreamWriter writer) => writer.WriteLine(JsonSerializer.Serialize(this, Options));

    private static double[] Discounted(EdgeSystem system, PolicyMixture[] policies)
    {
        var frequency = new double[policies.Length];
        Parallel.For(0, policies.Length, i =>
            frequency[i] = ExactCurve.Evaluate(system.Device(i), system.Gamma, policies[i]).Frequency);
        return frequency;
    }
}
