using Dcc.Core.Coordination;
using Dcc.Core.Devices;
using Dcc.Core.Engine;
using Dcc.Core.Learning;
using Dcc.Core.Policies;
using Dcc.Experiments.Units;

namespace Dcc.Experiments.Methods;

/// <summary>A way to decide what all devices of a system do.</summary>
internal enum Method
{
    /// <summary>The paper's DCC-QL: Q-learning with a multiplier, mean-field congestion, five rounds.</summary>
    DccQLearning,

    /// <summary>This project's defaults: price-q, Poisson congestion, as many learning steps as DCC-QL.</summary>
    DccPriceQ,

    /// <summary>The same, its policies measured by long-run averages.</summary>
    DccAverage,

    /// <summary>DCC-QL from a uniform theta, the mean of where DCC-QL from 0 ended (section 5.3).</summary>
    DccWarmStart,

    /// <summary>Independent Q-learning.</summary>
    IndependentQLearning,

    /// <summary>The same, each device learning from the mean cost of all.</summary>
    CommonReward,

    /// <summary>Multi-agent PPO with a shared actor and a central critic.</summary>
    Mappo,

    /// <summary>The same with the long budget of Fig. 11.</summary>
    MappoLong,

    /// <summary>One A2C agent that sees and decides everything.</summary>
    CentralA2c,

    /// <summary>Best responses of everybody to everybody, exact.</summary>
    Selfish,

    /// <summary>The best constraints known, with exact local policies.</summary>
    BestKnown,

    /// <summary>The best that can be had without ever offloading, exact.</summary>
    NeverOffload,

    /// <summary>Offloading whenever it is legal.</summary>
    AlwaysOffload,
}

/// <summary>One method on one system: a unit of work whose samples every figure that compares methods reads.</summary>
internal static class MethodUnit
{
    /// <summary>Joint cost from a synchronised start, discounted: the paper's. X is learning steps per device.</summary>
    internal const string Discounted = "discounted";

    /// <summary>Joint cost in the long run.</summary>
    internal const string SteadyState = "steady-state";

    /// <summary>Mean offload frequency of the devices in the long run.</summary>
    internal const string Frequency = "frequency";

    /// <summary>The mean constraint, of methods that have some.</summary>
    internal const string MeanTheta = "mean-theta";

    /// <summary>What a device could still save by leaving the selfish equilibrium that was found; beyond 1e-4 it is none.</summary>
    internal const string LargestGain = "largest-gain";

    /// <summary>Rounds of section 5.1: five, each of three evaluations, and the last evaluation.</summary>
    internal const int Rounds = 5;
    internal const int Evaluations = (3 * Rounds) + 1;

    private const double NeuralSecondsPerDeviceStep = 1.5e-6;

    /// <summary>How a figure calls the method.</summary>
    internal static string Label(this Method method) => method switch
    {
        Method.DccQLearning => "DCC-QL",
        Method.DccPriceQ => "DCC price-q",
        Method.DccAverage => "DCC price-q (average)",
        Method.DccWarmStart => "DCC-QL (optimised start)",
        Method.IndependentQLearning => "IQL",
        Method.CommonReward => "IQL (common reward)",
        Method.Mappo => "MAPPO",
        Method.MappoLong => "MAPPO (long)",
        Method.CentralA2c => "A2C (centralised)",
        Method.Selfish => "selfish",
        Method.BestKnown => "best known",
        Method.NeverOffload => "never offload",
        Method.AlwaysOffload => "always offload",
        _ => throw new ArgumentOutOfRangeException(nameof(method), method, "Unknown method."),
    };

    /// <summary>How many systems a method is run on.</summary>
    internal static int Runs(this Method method, Scale scale) => method switch
    {
        Method.MappoLong => scale.LongRuns,
        Method.Mappo or Method.CentralA2c => scale.NeuralRuns,
        _ => scale.Runs,
    };

    internal static string Name(Method method, int devices, double exponent, ulong seed) =>
        FormattableString.Invariant($"{Core.Validation.KebabCase.Name(method)}-n{devices}-a{exponent}-s{seed}");

    internal static Unit Of(Method method, int devices, double exponent, ulong seed, Scale scale) => new(
        Name(method, devices, exponent, seed), seed, Seconds(method, devices, scale),
        cancellation => Samples(method, PaperSystem.Of(devices, exponent, seed), seed, scale, cancellation));

    /// <summary>The parameters of DCC with the paper's solver, sizes and congestion.</summary>
    internal static RunParameters DccQLearning(int devices, double exponent, ulong seed) => new()
    {
        Devices = devices,
        Rounds = Rounds,
        Seed = seed,
        InitialTheta = new double[devices],
        Exponent = exponent,
        Solver = SolverKind.QLearning,
        Steps = Scale.LearningSteps,
        Congestion = CongestionKind.MeanField,
    };

    /// <summary>The parameters of DCC with this project's defaults, for as many learning steps.</summary>
    internal static RunParameters DccPriceQ(int devices, double exponent, ulong seed) => DccQLearning(devices, exponent, seed) with
    {
        Rounds = Evaluations - 1,
        Solver = SolverKind.PriceQ,
        Congestion = CongestionKind.Poisson,
    };

    private static IEnumerable<Sample> Samples(Method method, EdgeSystem system, ulong seed, Scale scale, CancellationToken cancellation)
    {
        var (devices, exponent) = (system.Devices.Length, system.Exponent);
        var plan = new TrainingPlan(seed, TrainingPlan.PaperSteps, Evaluations, scale.MeasureBudget);
        return method switch
        {
            Method.DccQLearning => Dcc(system, DccQLearning(devices, exponent, seed), scale, cancellation),
            Method.DccPriceQ => Dcc(system, DccPriceQ(devices, exponent, seed), scale, cancellation),
            Method.DccAverage => Dcc(system, DccPriceQ(devices, exponent, seed) with { Criterion = Criterion.Average }, scale, cancellation),
            Method.DccWarmStart => WarmStart(system, DccQLearning(devices, exponent, seed), scale, cancellation),
            Method.IndependentQLearning => Trained(IndependentQLearning.Run(system, plan, new(), cancellation)),
            Method.CommonReward => Trained(IndependentQLearning.Run(system, plan, new() { CommonReward = true }, cancellation)),
            Method.Mappo => Trained(Mappo.Run(system, plan with { Steps = scale.NeuralSteps }, new(), cancellation)),
            Method.MappoLong => Trained(Mappo.Run(system, plan with { Steps = scale.LongNeuralSteps }, new(), cancellation)),
            Method.CentralA2c => Trained(CentralisedA2C.Run(system, plan with { Steps = scale.NeuralSteps }, new(), cancellation)),
            Method.Selfish => Selfish(SelfishEquilibrium.Find(system, CongestionKind.Poisson, cancellation)),
            Method.BestKnown => Known(Deployment.BestKnown(system, CongestionKind.Poisson, cancellation)),
            Method.NeverOffload => Known(Deployment.NeverOffload(system)),
            Method.AlwaysOffload => Known(Deployment.AlwaysOffload(system)),
            _ => throw new ArgumentOutOfRangeException(nameof(method), method, "Unknown method."),
        };

        IEnumerable<Sample> Trained(IEnumerable<Checkpoint> checkpoints) => checkpoints.SelectMany(checkpoint => Measured(checkpoint.Steps, checkpoint.Measure));
        IEnumerable<Sample> Selfish(SelfishEquilibrium found) => Known(found.Policies).Append(new Sample(LargestGain, 0, found.LargestGain));
        IEnumerable<Sample> Known(PolicyMixture[] policies) => Measured(0, JointMeasure.Of(system, policies, seed, scale.MeasureBudget));
    }

    private static IEnumerable<Sample> Dcc(EdgeSystem system, RunParameters parameters, Scale scale, CancellationToken cancellation)
    {
        foreach (var round in DccRun.Execute(system, parameters, cancellation))
        {
            var steps = DccRun.StepsAt(round.Round, parameters);
            yield return new Sample(MeanTheta, steps, round.Theta.Average());

            // The first is what costs are normalised by.
            var budget = round.Round == 0 || round.Round == parameters.Rounds ? scale.MeasureBudget : scale.MeasureBudget / TrainingPlan.BudgetOnTheWay;
            foreach (var sample in Measured(steps, JointMeasure.Of(system, round.Policies, parameters.Seed, budget)))
            {
                yield return sample;
            }
        }
    }

    private static IEnumerable<Sample> WarmStart(EdgeSystem system, RunParameters parameters, Scale scale, CancellationToken cancellation)
    {
        var mean = DccRun.Execute(system, parameters, cancellation).Last().Theta.Average();
        var start = new double[parameters.Devices];
        Array.Fill(start, mean);
        return Dcc(system, parameters with { InitialTheta = start }, scale, cancellation);
    }

    private static Sample[] Measured(long steps, JointMeasure measure) =>
    [
        new(Discounted, steps, measure.Discounted),
        new(SteadyState, steps, measure.SteadyState),
        new(Frequency, steps, measure.Frequency.Average()),
    ];

    // On one core, about.
    private static double Seconds(Method method, int devices, Scale scale) => method switch
    {
        Method.DccQLearning => 0.25 * devices,
        Method.DccWarmStart => 0.5 * devices,
        Method.DccPriceQ => 0.2 * devices,
        Method.DccAverage => 0.3 * devices,
        Method.IndependentQLearning or Method.CommonReward => 0.06 * devices,
        Method.Mappo or Method.CentralA2c => scale.NeuralSteps * devices * NeuralSecondsPerDeviceStep,
        Method.MappoLong => scale.LongNeuralSteps * devices * NeuralSecondsPerDeviceStep,
        Method.BestKnown => 0.1 * devices,
        _ => 1,
    };
}
