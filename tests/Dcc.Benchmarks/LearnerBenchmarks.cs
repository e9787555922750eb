using BenchmarkDotNet.Attributes;
using Dcc.Core.Devices;
using Dcc.Core.Exact;
using Dcc.Core.Learning;
using Dcc.Core.Policies;
using Dcc.Core.Randomness;

namespace Dcc.Benchmarks;

/// <summary>Time per environment step of training alone, one core: 10 ns are 100 million steps a second. Beside it the exact curve.</summary>
[MemoryDiagnoser]
public class LearnerBenchmarks
{
    private const int Steps = 1_000_000;

    private static readonly SolverSettings Settings =
        new(SolverKind.PriceQ, Steps, 0.95, Criterion.Discounted, GradientKind.FiniteDifference, 1);

    private EdgeDevice device;
    private PriceQSolver<EdgeDevice> priceQ = null!;
    private TabularLearner<EdgeDevice> qLearning = null!;
    private RandomStream stream;

    /// <summary>The devices of shared/bench/qstep.cpp.</summary>
    [Params("H0..3 C1..7", "H1..2 C1..5", "H0..1 C1..10")]
    public string Device { get; set; } = "";

    [GlobalSetup]
    public void Setup()
    {
        device = new EdgeDevice(
            Device switch
            {
                "H0..3 C1..7" => new DeviceParameters(0, 3, 1, 7),
                "H1..2 C1..5" => new DeviceParameters(1, 2, 1, 5),
                _ => new DeviceParameters(0, 1, 1, 10),
            },
            15, 15);
        priceQ = new PriceQSolver<EdgeDevice>(device, Settings, 0);
        qLearning = new TabularLearner<EdgeDevice>(device, Settings.Gamma);
        stream = RandomStream.For(1, StreamPurpose.Training, 0);
    }

    [Benchmark(OperationsPerInvoke = Steps)]
    public void PriceQSixteenTables() => priceQ.Train(stream);

    [Benchmark(OperationsPerInvoke = Steps)]
    public void QLearningOneTable() => qLearning.Train(Steps, price: 1, ref stream);

    [Benchmark]
    public CostCurve WholeExactCurve() => ExactCurve.Of(device, 0.95);
}
