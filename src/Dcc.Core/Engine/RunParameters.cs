using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Dcc.Core.Coordination;
using Dcc.Core.Learning;
using Dcc.Core.Numerics;
using Dcc.Core.Validation;

namespace Dcc.Core.Engine;

/// <summary>
/// Everything that decides a run's result on the coordinator's side, fixed when the run is created: the first record of its journal.
/// Defaults are those of design.md section 6. Call <see cref="Validate"/> before use.
/// </summary>
public sealed record RunParameters
{
    /// <summary>The most devices a run can have.</summary>
    public const int MaxDevices = 1_000_000;

    /// <summary>The most rounds a run can have.</summary>
    public const int MaxRounds = 1_000_000;

    /// <summary>The seed where none is given.</summary>
    public const ulong DefaultSeed = 1;

    /// <summary>N where neither an option nor a file gives it.</summary>
    public const int DefaultDevices = 10;

    /// <summary>R where neither an option nor a file gives it.</summary>
    public const int DefaultRounds = 5;

    /// <summary>The largest bound on staleness.</summary>
    public const int MaxStaleness = 1_000_000_000;

    private const double DefaultRoundDeadlineSeconds = 10;
    private const int DefaultMostAbsences = 3;

    // Below this theta and its neighbour would be one number.
    private const double SmallestPerturbation = 1e-12;

    // Beyond this a price is no longer a number that single-precision learners can hold.
    private const double LargestPenalty = 1e30;

    /// <summary>N, 1..1 000 000.</summary>
    public required int Devices { get; init; }

    /// <summary>R, 1..1 000 000. One more evaluation at theta_R follows.</summary>
    public required int Rounds { get; init; }

    /// <summary>Seed of every random stream.</summary>
    public required ulong Seed { get; init; }

    /// <summary>Local solver of every device.</summary>
    public SolverKind Solver { get; init; } = SolverKind.PriceQ;

    /// <summary>Learning steps, at least 1: per round for price-q, per evaluation for q-learning, dqn and ppo.</summary>
    public int Steps { get; init; } = 100_000;

    /// <summary>How devices measure policies.</summary>
    public Criterion Criterion { get; init; } = Criterion.Discounted;

    /// <summary>How the gradient is formed.</summary>
    public GradientKind Gradient { get; init; } = GradientKind.FiniteDifference;

    /// <summary>How constraints are perturbed.</summary>
    public PerturbationKind Perturbation { get; init; } = PerturbationKind.Sign;

    /// <summary>c, in [1e-12, 0.5].</summary>
    public double PerturbationSize { get; init; } = 0.03;

    /// <summary>How theta moves.</summary>
    public StepRuleKind StepRule { get; init; } = StepRuleKind.Rprop;

    /// <summary>Congestion model.</summary>
    public CongestionKind Congestion { get; init; } = CongestionKind.Poisson;

    /// <summary>Form of the penalty.</summary>
    public CongestionForm CongestionForm { get; init; } = CongestionForm.Shifted;

    /// <summary>alpha, positive and finite.</summary>
    public double Exponent { get; init; } = 1;

    /// <summary>theta_0, one entry in [0, 1] per device.</summary>
    public required double[] InitialTheta { get; init; }

    /// <summary>What is done about reports that lie.</summary>
    public RobustKind Robust { get; init; } = RobustKind.None;

    /// <summary>Largest magnitude of a reported scalar, in (0, 1e60]; a report beyond it is refused.</summary>
    public double ReportLimit { get; init; } = Report.LargestMagnitude;

    /// <summary>
    /// How many reports close a round after its deadline, 1..N; null for policy all, which waits for everybody and alone has a digest that no
    /// network can change.
    /// </summary>
    public int? Quorum { get; init; }

    /// <summary>With a quorum: how long a round waits for everybody, in seconds from its first push, 0.001..86 400.</summary>
    public double RoundDeadlineSeconds { get; init; } = DefaultRoundDeadlineSeconds;

    /// <summary>With a quorum: rounds in a row that a device may be absent from before its theta is released, at least 1.</summary>
    public int MostAbsences { get; init; } = DefaultMostAbsences;

    /// <summary>
    /// S, 0..1 000 000 000: asynchronous updates. A report moves its device's theta at once, unless a push that is still to be answered would then be
    /// more than S commits older than theta; 0 is the run that waits for everybody, to the bit. Null for rounds in step. Not with a quorum.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Staleness { get; init; }

    /// <summary>
    /// The emulated devices as their tools describe them (the JSON of a system file), or null where the devices are real. The coordinator
    /// keeps it for whoever replays the journal and never looks inside.
    /// </summary>
    public string? EmulatedSystem { get; init; }

    /// <summary>The congestion model these parameters describe.</summary>
    public Congestion CreateCongestion() => new(Congestion, CongestionForm, Exponent);

    /// <summary>What a device needs to know.</summary>
    /// <param name="gamma">The device's own discount.</param>
    public SolverSettings SolverSettings(double gamma) => new(Solver, Steps, gamma, Criterion, Gradient, Seed);

    /// <summary>Throws with every fault at once.</summary>
    /// <exception cref="InvalidInputException">Something is out of range.</exception>
    public void Validate()
    {
        var faults = new List<InputFault>();
        Range("devices", Devices, MaxDevices, faults);
        Range("rounds", Rounds, MaxRounds, faults);
        Range("steps", Steps, int.MaxValue, faults);
        if (!(PerturbationSize is >= SmallestPerturbation and <= 0.5))
        {
            faults.Add(new InputFault("perturbation-size", "a number in [1e-12, 0.5]", Text(PerturbationSize)));
        }

        if (!(ReportLimit is > 0 and <= Report.LargestMagnitude))
        {
            faults.Add(new InputFault("report-limit", "a positive number of at most 1e60", Text(ReportLimit)));
        }

        if (Quorum is { } quorum)
        {
            Range("quorum", quorum, Math.Max(1, Devices), faults);
        }

        if (Staleness is < 0 or > MaxStaleness)
        {
            faults.Add(new InputFault("staleness", "a whole number from 0 to 1000000000", Text(Staleness.Value)));
        }
        else if (Staleness is not null && Quorum is not null)
        {
            faults.Add(new InputFault("staleness", "no quorum beside it (nobody is released there)", $"both, quorum {Quorum}"));
        }

        if (!(RoundDeadlineSeconds is >= 0.001 and <= 86_400))
        {
            faults.Add(new InputFault("round-deadline", "0.001 to 86400 seconds", Text(RoundDeadlineSeconds)));
        }

        Range("most-absences", MostAbsences, MaxRounds, faults);
        if (!(Exponent > 0) || !double.IsFinite(Exponent))
        {
            faults.Add(new InputFault("alpha", "a positive, finite number", Text(Exponent)));
        }
        else if (Devices >= 1 && DeterministicMath.Pow(Devices, Exponent) > LargestPenalty)
        {
            faults.Add(new InputFault("alpha", $"one for which {Devices}^exponent is at most 1e30", Text(Exponent)));
        }

        if (Criterion == Criterion.Average && Solver == SolverKind.Exact)
        {
            faults.Add(new InputFault("criterion", "discounted with solver exact (the long-run optimum is not built)", "average"));
        }

        if (Gradient == GradientKind.ExactMultiplier && Exponent < 1 && Congestion == CongestionKind.MeanField
            && CongestionForm == CongestionForm.Shifted)
        {
            faults.Add(new InputFault(
                "alpha", "at least 1 with gradient exact-multiplier and congestion mean-field (the price has no derivative at 0)",
                Text(Exponent)));
        }

        var given = InitialTheta?.Length ?? 0;
        if (Devices > 0 && given != Devices)
        {
            faults.Add(new InputFault("initial-theta", $"{Devices} numbers, one per device", $"{given}"));
        }

        for (var i = 0; i < given; i++)
        {
            if (!(InitialTheta![i] is >= 0 and <= 1))
            {
                faults.Add(new InputFault($"initial-theta[{i}]", "a number in [0, 1]", Text(InitialTheta[i])));
                break;
            }
        }

        if (faults.Count > 0)
        {
            throw new InvalidInputException(faults);
        }
    }

    /// <summary>The parameters as UTF-8 JSON, the body of the journal's first record.</summary>
    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, RunParametersJson.Default.RunParameters);

    /// <summary>Reads what <see cref="ToJson"/> wrote.</summary>
    /// <exception cref="JsonException">Not such a text.</exception>
    public static RunParameters FromJson(ReadOnlySpan<byte> json)
    {
        var read = JsonSerializer.Deserialize(json, RunParametersJson.Default.RunParameters) ?? throw new JsonException("null is not a run.");

        // Journals of versions that did not know these yet have them at their defaults; the generated reader gives a missing init-only property zero.
        var reader = new Utf8JsonReader(json);
        using var given = JsonDocument.ParseValue(ref reader);
        return read with
        {
            ReportLimit = Has("reportLimit") ? read.ReportLimit : Report.LargestMagnitude,
            RoundDeadlineSeconds = Has("roundDeadlineSeconds") ? read.RoundDeadlineSeconds : DefaultRoundDeadlineSeconds,
            MostAbsences = Has("mostAbsences") ? read.MostAbsences : DefaultMostAbsences,
        };

        bool Has(string name) => given.RootElement.TryGetProperty(name, out _);
    }

    private static void Range(string field, int value, int highest, List<InputFault> faults)
    {
        if (value < 1 || value > highest)
        {
            faults.Add(new InputFault(
                field, string.Create(CultureInfo.InvariantCulture, $"a whole number from 1 to {highest}"),
                value.ToString(CultureInfo.InvariantCulture)));
        }
    }

    private static string Text(double value) => value.ToString("R", CultureInfo.InvariantCulture);
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(RunParameters))]
internal sealed partial class RunParametersJson : JsonSerializerContext;
