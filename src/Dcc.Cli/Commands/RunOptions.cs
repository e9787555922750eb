using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Dcc.Cli.Scenarios;
using Dcc.Cli.Terminal;
using Dcc.Core.Coordination;
using Dcc.Core.Devices;
using Dcc.Core.Engine;
using Dcc.Core.Learning;
using Dcc.Core.Validation;
using Dcc.Links;

namespace Dcc.Cli.Commands;

/// <summary>The options that decide a run's result, shared by every command that makes one.</summary>
internal sealed class RunOptions
{
    private readonly Option<int?> devices = Inputs.Number<int>("--devices", "Number of devices [10, or as in the system file].", "N");
    private readonly Option<int?> rounds = Inputs.Number<int>("--rounds", "Rounds; one more evaluation follows [5].", "R");
    private readonly Option<ulong?> seed = Inputs.Number<ulong>("--seed", "Seed of all randomness, from 0 to 2^64-1 [1].", "S");
    private readonly Option<string?> system = Inputs.SystemFile(required: false);
    private readonly Option<SolverKind?> solver = Inputs.Choice<SolverKind>("--solver", "Local solver [price-q].");
    private readonly Option<StepRuleKind?> stepRule = Inputs.Choice<StepRuleKind>("--step-rule", "How theta moves [rprop].");
    private readonly Option<CongestionKind?> congestion = Inputs.Choice<CongestionKind>("--congestion", "Congestion model [poisson].");
    private readonly Option<CongestionForm?> form =
        Inputs.Choice<CongestionForm>("--congestion-form", "Penalty (n-1)^alpha or n^alpha [shifted].");

    private readonly Option<Criterion?> criterion = Inputs.Choice<Criterion>("--criterion", "How policies are measured [discounted].");
    private readonly Option<int?> steps = Inputs.Number<int>(
        "--steps", "Learning steps: per round for price-q, per evaluation for q-learning, dqn and ppo [100000].", "STEPS");

    private readonly Option<double?> alpha = Inputs.Number<double>(
        "--alpha", "Congestion exponent [1, or as in the system file].", "A");

    private readonly Option<GradientKind?> gradient = Inputs.Choice<GradientKind>("--gradient", "How the gradient is formed [finite-difference].");
    private readonly Option<PerturbationKind?> perturbation = Inputs.Choice<PerturbationKind>("--perturbation", "How theta is perturbed [sign].");
    private readonly Option<double?> perturbationSize = Inputs.Number<double>(
        "--perturbation-size", "Perturbation c, in [1e-12, 0.5] [0.03].", "C");

    private readonly Option<RobustKind?> robust = Inputs.Choice<RobustKind>(
        "--robust", "Clip bounds what one lying device does to the others [none].");

    private readonly Option<double?> reportLimit = Inputs.Number<double>(
        "--report-limit", "Refuse reports with a number beyond this [1e60].", "X");

    private readonly Option<int?> quorum = Inputs.Number<int>(
        "--quorum", "Reports that close a round after its deadline; the digest then depends on who was there [none: wait for everybody].", "Q");

    private readonly Option<double?> roundDeadline = Inputs.Number<double>(
        "--round-deadline", "With a quorum: seconds that a round waits for everybody [10].", "SECONDS");

    private readonly Option<int?> mostAbsences = Inputs.Number<int>(
        "--most-absences", "With a quorum: rounds in a row a device may miss before its theta is released [3].", "K");

    private readonly Option<int?> staleness = Inputs.Number<int>(
        "--staleness", "Asynchronous updates: commit each report at once, unless a push would become over S commits old; the digest then depends on the "
            + "order of arrival [none: rounds in step].", "S");

    private readonly Option<string?> initialTheta = new("--initial-theta")
    {
        Description = "theta_0: one number for all devices, or a JSON file with a list of one per device [0].",
        HelpName = "X|FILE",
    };

    private readonly Option<string?> link = new("--link")
    {
        Description = "Link of every device, over what the scenario says [wifi].",
        HelpName = string.Join('|', LinkProfile.All.Select(profile => profile.Name)),
    };

    internal RunOptions() => Inputs.Complete(link, LinkProfile.All.Select(profile => profile.Name));

    /// <summary>Adds the options to a command, by subject.</summary>
    /// <param name="command">The command.</param>
    /// <param name="more">What that command's network has besides.</param>
    internal void AddTo(DccCommand command, params IEnumerable<Option> more)
    {
        command.Add("Problem", devices, rounds, seed, system, alpha, congestion, form, criterion);
        command.Add("Algorithm", solver, steps, gradient, perturbation, perturbationSize, stepRule, initialTheta);
        command.Add("Participation", quorum, roundDeadline, mostAbsences, staleness, robust, reportLimit);
        command.Add("Network", [link, .. more]);
    }

    /// <summary>Whether the command line names a link.</summary>
    internal bool NamesLink(ParseResult parsed) => parsed.GetValue(link) is not null;

    /// <summary>The run that the command line asks for, over what a scenario asks for, over a system file, over the defaults.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="file">The scenario, null for none.</param>
    /// <exception cref="InvalidInputException">Every fault found.</exception>
    internal (RunParameters Parameters, EdgeSystem System, Scenario Scenario) Read(ParseResult parsed, ScenarioFile? file)
    {
        var run = (file ??= ScenarioFile.Open(BuiltInScenarios.Default)).Run;
        var described = parsed.GetValue(system) is { } path ? Inputs.ReadSystem(path) : run.System;
        var count = parsed.GetValue(devices) ?? run.Devices ?? described?.Devices.Length ?? RunParameters.DefaultDevices;
        if (described is not null && count != described.Devices.Length)
        {
            throw new InvalidInputException(
                "devices", string.Create(CultureInfo.InvariantCulture, $"{described.Devices.Length}, the number in the system file"),
                count.ToString(CultureInfo.InvariantCulture));
        }

        var runSeed = parsed.GetValue(seed) ?? run.Seed ?? RunParameters.DefaultSeed;
        var runRounds = parsed.GetValue(rounds) ?? run.Rounds ?? RunParameters.DefaultRounds;
        var profile = Profile(parsed.GetValue(link));

        // Numbers out of range are reported below, as faults of the options that they are; the scenario is looked at with numbers that exist.
        var scenario = file.For(
            Math.Clamp(count, 1, RunParameters.MaxDevices), Math.Clamp(runRounds, 1, RunParameters.MaxRounds), runSeed, profile);
        var sampled = described ?? EdgeSystem.Sample(Math.Clamp(count, 0, RunParameters.MaxDevices), runSeed);
        var resolved = sampled with { Exponent = parsed.GetValue(alpha) ?? run.Alpha ?? sampled.Exponent };
        var parameters = new RunParameters
        {
            Devices = count,
            Rounds = runRounds,
            Seed = runSeed,
            InitialTheta = InitialTheta(parsed.GetValue(initialTheta), run.InitialTheta, resolved.Devices.Length),
            Exponent = resolved.Exponent,
        };
        parameters = run.ApplyTo(parameters);
        parameters = parameters with
        {
            Solver = parsed.GetValue(solver) ?? parameters.Solver,
            Steps = parsed.GetValue(steps) ?? parameters.Steps,
            Criterion = parsed.GetValue(criterion) ?? parameters.Criterion,
            Gradient = parsed.GetValue(gradient) ?? parameters.Gradient,
            Perturbation = parsed.GetValue(perturbation) ?? parameters.Perturbation,
            PerturbationSize = parsed.GetValue(perturbationSize) ?? parameters.PerturbationSize,
            StepRule = parsed.GetValue(stepRule) ?? parameters.StepRule,
            Congestion = parsed.GetValue(congestion) ?? parameters.Congestion,
            CongestionForm = parsed.GetValue(form) ?? parameters.CongestionForm,
            Robust = parsed.GetValue(robust) ?? parameters.Robust,
            ReportLimit = parsed.GetValue(reportLimit) ?? parameters.ReportLimit,
            Quorum = parsed.GetValue(quorum) ?? parameters.Quorum,
            RoundDeadlineSeconds = parsed.GetValue(roundDeadline) ?? parameters.RoundDeadlineSeconds,
            MostAbsences = parsed.GetValue(mostAbsences) ?? parameters.MostAbsences,
            Staleness = parsed.GetValue(staleness) ?? parameters.Staleness,
        };
        parameters.Validate();
        return (parameters with { EmulatedSystem = resolved.ToJson() }, resolved, scenario);
    }

    private static LinkProfile? Profile(string? name) => name is null ? null : LinkProfile.Find(name)
        ?? throw new InvalidInputException("link", string.Join('|', LinkProfile.All.Select(profile => profile.Name)),
            name + NearestName.Hint(name, LinkProfile.All.Select(profile => profile.Name)));

    private static double[] InitialTheta(string? text, Func<int, double[]>? scenario, int count)
    {
        if (text is null)
        {
            return scenario?.Invoke(count) ?? new double[count];
        }

        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var same))
        {
            return [.. Enumerable.Repeat(same, count)];
        }

        if (!File.Exists(text))
        {
            throw new InvalidInputException("initial-theta", "a number in [0, 1] or a readable file", text);
        }

        try
        {
            using var document = JsonDocument.Parse(Inputs.ReadFile("initial-theta", text));
            return [.. document.RootElement.EnumerateArray().Select(element => element.GetDouble())];
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or FormatException)
        {
            throw new InvalidInputException("initial-theta", "a JSON list of numbers", $"{text} ({exception.Message})");
        }
    }
}
