using Dcc.Core.Coordination;
using Dcc.Core.Engine;
using Dcc.Core.Learning;
using Dcc.Core.Validation;
using Dcc.Protocol.V1;
using RunParameters = Dcc.Core.Engine.RunParameters;

namespace Dcc.Protocol;

/// <summary>Between wire messages and the domain; the only file that knows both.</summary>
public static class Wire
{
    /// <summary>The protocol's version; a device and a coordinator must agree on it.</summary>
    public const uint Version = 1;

    /// <summary>The largest message a device may send, bytes.</summary>
    public const int MaxDeviceMessageBytes = 4 * 1024;

    // 32 bytes a round: a chunk of missed pushes stays below 4 KiB.
    private const int RoundsPerReplay = 120;
    private const int ScalarsPerRound = 4;

    /// <summary>What a device is told of its run.</summary>
    public static Welcome ToWelcome(RunParameters parameters, TimeSpan heartbeat) => new()
    {
        Solver = KebabCase.Name(parameters.Solver),
        Steps = (uint)parameters.Steps,
        Criterion = KebabCase.Name(parameters.Criterion),
        Gradient = KebabCase.Name(parameters.Gradient),
        Seed = parameters.Seed,
        Rounds = (uint)parameters.Rounds,
        HeartbeatMilliseconds = (uint)heartbeat.TotalMilliseconds,
    };

    /// <summary>The learning part of a welcome.</summary>
    /// <param name="welcome">The message.</param>
    /// <param name="gamma">The device's own discount.</param>
    /// <exception cref="InvalidInputException">It names something that this build does not know.</exception>
    public static SolverSettings ToSettings(Welcome welcome, double gamma) => new(
        Parse<SolverKind>("solver", welcome.Solver), checked((int)welcome.Steps), gamma, Parse<Criterion>("criterion", welcome.Criterion),
        Parse<GradientKind>("gradient", welcome.Gradient), welcome.Seed);

    /// <summary>Fills a message that is sent again and again.</summary>
    public static void Fill(V1.Push message, int round, in Core.Learning.Push push)
    {
        message.Round = (uint)round;
        message.Theta = push.Theta;
        message.ThetaOwn = push.ThetaOwn;
        message.Price = push.Price;
        message.PriceOthers = push.PriceOthers;
    }

    /// <summary>A push's scalars.</summary>
    public static Core.Learning.Push ToPush(V1.Push message) => new(message.Theta, message.ThetaOwn, message.Price, message.PriceOthers);

    /// <summary>Fills a message that is sent again and again.</summary>
    public static void Fill(V1.Report message, int round, in Core.Learning.Report report)
    {
        message.Round = (uint)round;
        message.Cost = report.Cost;
        message.Own = report.Own;
        message.Others = report.Others;
    }

    /// <summary>A report's scalars.</summary>
    public static Core.Learning.Report ToReport(V1.Report message) => new(message.Cost, message.Own, message.Others);

    /// <summary>The first field that a report lacks or that no device can mean, or null.</summary>
    public static string? FaultOf(V1.Report message) =>
        Fault("cost", message.HasCost, message.Cost) ?? Fault("own", message.HasOwn, message.Own)
        ?? Fault("others", message.HasOthers, message.Others);

    /// <summary>A report's size on the wire with its envelope, bytes of protobuf.</summary>
    public static int ReportBytes(int round, in Core.Learning.Report report)
    {
        var message = new V1.Report();
        Fill(message, round, report);
        return new DeviceMessage { Report = message }.CalculateSize();
    }

    /// <summary>A push's size on the wire with its envelope, bytes of protobuf.</summary>
    public static int PushBytes(int round, in Core.Learning.Push push)
    {
        var message = new V1.Push();
        Fill(message, round, push);
        return new CoordinatorMessage { Push = message }.CalculateSize();
    }

    /// <summary>One device's missed pushes in chunks.</summary>
    public static IEnumerable<Replay> ToReplays(int firstRound, IReadOnlyList<Core.Learning.Push> pushes)
    {
        for (var start = 0; start < pushes.Count; start += RoundsPerReplay)
        {
            var chunk = new Replay { FirstRound = (uint)(firstRound + start) };
            for (var i = start; i < Math.Min(pushes.Count, start + RoundsPerReplay); i++)
            {
                chunk.Scalars.Add(pushes[i].Theta);
                chunk.Scalars.Add(pushes[i].ThetaOwn);
                chunk.Scalars.Add(pushes[i].Price);
                chunk.Scalars.Add(pushes[i].PriceOthers);
            }

            yield return chunk;
        }
    }

    /// <summary>The rounds of a chunk.</summary>
    public static IEnumerable<(int Round, Core.Learning.Push Push)> ToPushes(Replay replay)
    {
        for (var i = 0; i + ScalarsPerRound <= replay.Scalars.Count; i += ScalarsPerRound)
        {
            yield return (
                (int)replay.FirstRound + (i / ScalarsPerRound),
                new Core.Learning.Push(replay.Scalars[i], replay.Scalars[i + 1], replay.Scalars[i + 2], replay.Scalars[i + 3]));
        }
    }

    /// <summary>An operator's request as valid parameters.</summary>
    /// <exception cref="InvalidInputException">Every fault found.</exception>
    public static RunParameters ToParameters(V1.RunParameters message)
    {
        var devices = (int)Math.Min(message.Devices, int.MaxValue);
        var theta = message.InitialTheta.Count > 1 ? [.. message.InitialTheta] : new double[Math.Min(devices, RunParameters.MaxDevices)];
        if (message.InitialTheta.Count == 1)
        {
            Array.Fill(theta, message.InitialTheta[0]);
        }

        var parameters = new RunParameters
        {
            Devices = devices,
            Rounds = (int)Math.Min(message.Rounds, int.MaxValue),
            Seed = message.HasSeed ? message.Seed : RunParameters.DefaultSeed,
            InitialTheta = theta,
            EmulatedSystem = message.HasEmulatedSystem ? message.EmulatedSystem : null,
        };
        parameters = parameters with
        {
            Solver = message.HasSolver ? Parse<SolverKind>("solver", message.Solver) : parameters.Solver,
            Steps = message.HasSteps ? (int)Math.Min(message.Steps, int.MaxValue) : parameters.Steps,
            Criterion = message.HasCriterion ? Parse<Criterion>("criterion", message.Criterion) : parameters.Criterion,
            Gradient = message.HasGradient ? Parse<GradientKind>("gradient", message.Gradient) : parameters.Gradient,
            Perturbation = message.HasPerturbation ? Parse<PerturbationKind>("perturbation", message.Perturbation) : parameters.Perturbation,
            PerturbationSize = message.HasPerturbationSize ? message.PerturbationSize : parameters.PerturbationSize,
            StepRule = message.HasStepRule ? Parse<StepRuleKind>("step-rule", message.StepRule) : parameters.StepRule,
            Congestion = message.HasCongestion ? Parse<CongestionKind>("congestion", message.Congestion) : parameters.Congestion,
            CongestionForm = message.HasCongestionForm ? Parse<CongestionForm>("congestion-form", message.CongestionForm) : parameters.CongestionForm,
            Exponent = message.HasAlpha ? message.Alpha : parameters.Exponent,
            Robust = message.HasRobust ? Parse<RobustKind>("robust", message.Robust) : parameters.Robust,
            ReportLimit = message.HasReportLimit ? message.ReportLimit : parameters.ReportLimit,
            Quorum = message.HasQuorum ? (int)Math.Min(message.Quorum, int.MaxValue) : null,
            RoundDeadlineSeconds = message.HasRoundDeadlineSeconds ? message.RoundDeadlineSeconds : parameters.RoundDeadlineSeconds,
            MostAbsences = message.HasMostAbsences ? (int)Math.Min(message.MostAbsences, int.MaxValue) : parameters.MostAbsences,
            Staleness = message.HasStaleness ? (int)Math.Min(message.Staleness, int.MaxValue) : null,
        };
        parameters.Validate();
        return parameters;
    }

    /// <summary>Parameters as an operator's request.</summary>
    public static V1.RunParameters ToMessage(RunParameters parameters)
    {
        var message = new V1.RunParameters
        {
            Devices = (uint)parameters.Devices,
            Rounds = (uint)parameters.Rounds,
            Seed = parameters.Seed,
            Solver = KebabCase.Name(parameters.Solver),
            Steps = (uint)parameters.Steps,
            Criterion = KebabCase.Name(parameters.Criterion),
            Gradient = KebabCase.Name(parameters.Gradient),
            Perturbation = KebabCase.Name(parameters.Perturbation),
            PerturbationSize = parameters.PerturbationSize,
            StepRule = KebabCase.Name(parameters.StepRule),
            Congestion = KebabCase.Name(parameters.Congestion),
            CongestionForm = KebabCase.Name(parameters.CongestionForm),
            Alpha = parameters.Exponent,
            Robust = KebabCase.Name(parameters.Robust),
            ReportLimit = parameters.ReportLimit,
            RoundDeadlineSeconds = parameters.RoundDeadlineSeconds,
            MostAbsences = (uint)parameters.MostAbsences,
        };
        if (parameters.Quorum is { } quorum)
        {
            message.Quorum = (uint)quorum;
        }

        if (parameters.Staleness is { } staleness)
        {
            message.Staleness = (uint)staleness;
        }

        message.InitialTheta.AddRange(parameters.InitialTheta);
        if (parameters.EmulatedSystem is { } system)
        {
            message.EmulatedSystem = system;
        }

        return message;
    }

    private static T Parse<T>(string field, string name)
        where T : struct, Enum => KebabCase.TryParse<T>(name, out var value)
            ? value
            : throw new InvalidInputException(field, string.Join('|', KebabCase.Names<T>()), name);

    private static string? Fault(string field, bool present, double value) =>
        !present ? $"{field}: expected a number of at most 1e60, got nothing"
        : !(Math.Abs(value) <= Core.Learning.Report.LargestMagnitude) ? $"{field}: expected a number of at most 1e60, got {value.ToString(System.Globalization.CultureInfo.InvariantCulture)}"
        : null;
}
