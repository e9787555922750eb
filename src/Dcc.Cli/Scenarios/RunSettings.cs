using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Dcc.Cli.Scenarios.Yaml;
using Dcc.Core.Coordination;
using Dcc.Core.Devices;
using Dcc.Core.Engine;
using Dcc.Core.Learning;
using Dcc.Core.Validation;

namespace Dcc.Cli.Scenarios;

/// <summary>What a scenario says about the run itself; null where it leaves a value to the options, the system file or the default.</summary>
internal sealed record RunSettings
{
    /// <summary>The keys of <c>run:</c>.</summary>
    internal static readonly string[] Keys =
    [
        "devices", "rounds", "seed", "system", "solver", "stepRule", "congestion", "congestionForm", "criterion", "steps", "alpha", "gradient",
        "perturbation", "perturbationSize", "initialTheta", "devicesPerProcess", "robust", "reportLimit", "quorum", "roundDeadline", "mostAbsences",
        "staleness",
    ];

    internal int? Devices { get; private init; }

    internal int? Rounds { get; private init; }

    internal ulong? Seed { get; private init; }

    internal EdgeSystem? System { get; private init; }

    internal SolverKind? Solver { get; private init; }

    internal StepRuleKind? StepRule { get; private init; }

    internal CongestionKind? Congestion { get; private init; }

    internal CongestionForm? CongestionForm { get; private init; }

    internal Criterion? Criterion { get; private init; }

    internal int? Steps { get; private init; }

    internal double? Alpha { get; private init; }

    internal GradientKind? Gradient { get; private init; }

    internal PerturbationKind? Perturbation { get; private init; }

    internal double? PerturbationSize { get; private init; }

    /// <summary>theta_0 of N devices; null where it is left open.</summary>
    internal Func<int, double[]>? InitialTheta { get; private init; }

    internal int? DevicesPerProcess { get; private init; }

    internal RobustKind? Robust { get; private init; }

    internal double? ReportLimit { get; private init; }

    internal int? Quorum { get; private init; }

    internal double? RoundDeadlineSeconds { get; private init; }

    internal int? MostAbsences { get; private init; }

    internal int? Staleness { get; private init; }

    /// <summary>Whether the numbers of devices and rounds could be read, or were left out.</summary>
    internal bool SizeKnown { get; private init; } = true;

    /// <summary>N, R and the seed that the scenario asks for, or the defaults; theta_0 and alpha too.</summary>
    internal RunParameters Parameters()
    {
        var devices = Devices ?? System?.Devices.Length ?? RunParameters.DefaultDevices;
        return ApplyTo(new RunParameters
        {
            Devices = devices,
            Rounds = Rounds ?? RunParameters.DefaultRounds,
            Seed = Seed ?? RunParameters.DefaultSeed,
            InitialTheta = InitialTheta?.Invoke(devices) ?? new double[devices],
            Exponent = Alpha ?? System?.Exponent ?? 1,
        });
    }

    /// <summary>Lays what the scenario says over parameters, but for what they require.</summary>
    internal RunParameters ApplyTo(RunParameters parameters) => parameters with
    {
        Solver = Solver ?? parameters.Solver,
        Steps = Steps ?? parameters.Steps,
        Criterion = Criterion ?? parameters.Criterion,
        Gradient = Gradient ?? parameters.Gradient,
        Perturbation = Perturbation ?? parameters.Perturbation,
        PerturbationSize = PerturbationSize ?? parameters.PerturbationSize,
        StepRule = StepRule ?? parameters.StepRule,
        Congestion = Congestion ?? parameters.Congestion,
        CongestionForm = CongestionForm ?? parameters.CongestionForm,
        Robust = Robust ?? parameters.Robust,
        ReportLimit = ReportLimit ?? parameters.ReportLimit,
        Quorum = Quorum ?? parameters.Quorum,
        RoundDeadlineSeconds = RoundDeadlineSeconds ?? parameters.RoundDeadlineSeconds,
        MostAbsences = MostAbsences ?? parameters.MostAbsences,
        Staleness = Staleness ?? parameters.Staleness,
    };

    /// <param name="node">The value of <c>run:</c>, null where there is none.</param>
    /// <param name="folder">What the path of a system file is relative to.</param>
    /// <param name="faults">Receives what is wrong.</param>
    internal static RunSettings Read(YamlNode? node, string folder, ScenarioFaults faults)
    {
        if (node is null || YamlFields.Of(node, "run", faults, Keys) is not { } fields)
        {
            return new RunSettings();
        }

        var settings = new RunSettings
        {
            Devices = fields.Whole("devices", 1, RunParameters.MaxDevices),
            Rounds = fields.Whole("rounds", 1, RunParameters.MaxRounds),
            Seed = fields.Seed("seed"),
            System = ReadSystem(fields, folder, faults),
            Solver = fields.Choice<SolverKind>("solver"),
            StepRule = fields.Choice<StepRuleKind>("stepRule"),
            Congestion = fields.Choice<CongestionKind>("congestion"),
            CongestionForm = fields.Choice<CongestionForm>("congestionForm"),
            Criterion = fields.Choice<Criterion>("criterion"),
            Steps = fields.Whole("steps", 1, int.MaxValue),
            Alpha = fields.Number("alpha", "a positive number", value => value > 0),
            Gradient = fields.Choice<GradientKind>("gradient"),
            Perturbation = fields.Choice<PerturbationKind>("perturbation"),
            PerturbationSize = fields.Number("perturbationSize", "a number in [1e-12, 0.5]", value => value is >= 1e-12 and <= 0.5),
            InitialTheta = ReadTheta(fields, faults),
            DevicesPerProcess = fields.Whole("devicesPerProcess", 1, Scenario.MostDevicesPerProcess),
            Robust = fields.Choice<RobustKind>("robust"),
            ReportLimit = fields.Number("reportLimit", "a positive number of at most 1e60", value => value is > 0 and <= Report.LargestMagnitude),
            Quorum = fields.Whole("quorum", 1, RunParameters.MaxDevices),
            RoundDeadlineSeconds = fields.Number("roundDeadline", "0.001 to 86400 seconds", value => value is >= 0.001 and <= 86_400),
            MostAbsences = fields.Whole("mostAbsences", 1, RunParameters.MaxRounds),
            Staleness = fields.Whole("staleness", 0, RunParameters.MaxStaleness),
        };
        return settings with
        {
            SizeKnown = fields.Has("devices") == settings.Devices is not null && fields.Has("rounds") == settings.Rounds is not null
                && fields.Has("system") == settings.System is not null,
        };
    }

    private static EdgeSystem? ReadSystem(YamlFields fields, string folder, ScenarioFaults faults)
    {
        switch (fields.Find("system"))
        {
            case null:
                return null;
            case YamlMap map:
                return Parse(
                    Encoding.UTF8.GetBytes(Json(map)!.ToJsonString()), "run.", field => map.LineOf(field["system".Length..]), faults);
            default:
                if (fields.Text("system") is not { } path)
                {
                    return null;
                }

                try
                {
                    return Parse(
                        BoundedFile.ReadData(Path.Combine(folder, path)), $"run.system ({path}): ", _ => fields.LineOf("system"), faults);
                }
                catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
                {
                    fields.Fault("system", "a readable file or an inline system", $"{path} ({exception.Message})");
                    return null;
                }
        }
    }

    private static EdgeSystem? Parse(byte[] json, string prefix, Func<string, int> lineOf, ScenarioFaults faults)
    {
        try
        {
            return EdgeSystem.Parse(json);
        }
        catch (InvalidInputException exception)
        {
            foreach (var fault in exception.Faults)
            {
                faults.Add(lineOf(fault.Field), prefix + fault.Field, fault.Expected, fault.Actual);
            }

            return null;
        }
    }

    // The same object as a system file's JSON, so that there is one reader of systems.
    private static JsonNode? Json(YamlNode node) => node switch
    {
        YamlMap map => new JsonObject(map.Entries.Select(entry => KeyValuePair.Create(entry.Key, Json(entry.Value.Value)))),
        YamlList list => new JsonArray([.. list.Items.Select(Json)]),
        YamlScalar { IsNothing: true } => null,
        YamlScalar { Plain: true } scalar when Quantity.TryNumber(scalar.Text, out var number) =>
            number == Math.Floor(number) && Math.Abs(number) < int.MaxValue ? JsonValue.Create((int)number) : JsonValue.Create(number),
        YamlScalar scalar => JsonValue.Create(scalar.Text),
        _ => JsonValue.Create(node.Shown),
    };

    private static Func<int, double[]>? ReadTheta(YamlFields fields, ScenarioFaults faults)
    {
        const string Form = "a number in [0, 1], or a list of one per device";
        if (fields.Find("initialTheta") is not YamlList list)
        {
            return fields.Number("initialTheta", Form, value => value is >= 0 and <= 1) is { } theta
                ? devices => [.. Enumerable.Repeat(theta, devices)]
                : null;
        }

        var thetas = new double[list.Items.Count];
        for (var i = 0; i < thetas.Length; i++)
        {
            if (list.Items[i] is not YamlScalar { Plain: true } scalar || !Quantity.TryNumber(scalar.Text, out thetas[i]) || thetas[i] is < 0 or > 1)
            {
                faults.Add(list.Items[i].Line, $"{fields.PathOf("initialTheta")}[{i}]", "a number in [0, 1]", list.Items[i].Shown);
                thetas[i] = 0;
            }
        }

        return _ => [.. thetas];
    }
}
