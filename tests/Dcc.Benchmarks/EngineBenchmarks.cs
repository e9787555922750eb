using BenchmarkDotNet.Attributes;
using Dcc.Core.Engine;
using Dcc.Core.Learning;

namespace Dcc.Benchmarks;

/// <summary>One whole round of the engine, N reports in and N pushes out with its journal record, per device: constant if the work is linear.</summary>
[MemoryDiagnoser]
public class EngineBenchmarks
{
    private readonly List<RoundEffect> effects = [];
    private RoundEngine engine = null!;

    [Params(10, 1_000, 100_000)]
    public int Devices { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        engine = RoundEngine.Create(
            new RunParameters { Devices = Devices, Rounds = int.MaxValue, Seed = 1, InitialTheta = new double[Devices] }, effects);
        for (var device = 0; device < Devices; device++)
        {
            engine.Handle(RoundEvent.Joined(device, 1, -1), effects);
        }
    }

    [Benchmark]
    public void Round()
    {
        effects.Clear();
        var round = engine.Round;
        for (var device = 0; device < Devices; device++)
        {
            var cost = 1.5 + (device % 7);
            engine.Handle(RoundEvent.Reported(device, 1, round, new Report(cost, cost - 0.01, cost + 0.02)), effects);
        }
    }
}
