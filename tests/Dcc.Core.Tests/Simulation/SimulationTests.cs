using System.Collections.Concurrent;
using System.Globalization;
using Dcc.Core.Coordination;
using Dcc.Core.Engine;
using Dcc.Core.Learning;

namespace Dcc.Core.Tests.Simulation;

/// <summary>
/// Random schedules of everything that can go wrong. A failing one is named by its seed and replays alone:
/// <c>DCC_SEED=S dotnet test tests/Dcc.Core.Tests --filter Simulation</c>; DCC_SCHEDULES=N runs N of them.
/// </summary>
public class SimulationTests
{
    private const int Schedules = 500;
    private const int Budget = 200;

    private static readonly ConcurrentDictionary<object, string> Undisturbed = [];

    [Fact]
    public void Schedule_Random_EndsWithTheUndisturbedDigest()
    {
        var first = Setting("DCC_SEED");
        var count = Setting("DCC_SCHEDULES") ?? (first is null ? Schedules : 1);
        var failures = new ConcurrentBag<string>();
        Parallel.For(0, count, i =>
        {
            var seed = (first ?? 1) + i;
            if (Failure(seed, Plant.None) is { } failure)
            {
                failures.Add($"DCC_SEED={seed}: {failure}");
            }
        });
        Assert.True(failures.IsEmpty, string.Join("\n", failures.Order().Take(5)));
    }

    [Theory]
    [InlineData((int)Plant.SendBeforePersist)]
    [InlineData((int)Plant.UnsyncedDisk)]
    [InlineData((int)Plant.NoReplay)]
    public void Schedule_OverAFaultyCoordinator_FindsTheFault(int plant) =>
        Assert.Contains(Enumerable.Range(1, Budget), seed => Failure(seed, (Plant)plant) is not null);

    [Fact]
    public void Schedule_Again_IsTheSame()
    {
        for (var seed = 1; seed <= 20; seed++)
        {
            var parameters = Parameters(seed);
            using var once = new SimulatedRun(parameters, seed);
            using var again = new SimulatedRun(parameters, seed);
            once.Run();
            again.Run();
            Assert.Equal((once.Now, once.Digest), (again.Now, again.Digest));
        }
    }

    private static string? Failure(int seed, Plant plant)
    {
        var parameters = Parameters(seed);
        try
        {
            using var run = new SimulatedRun(parameters, seed, plant: plant, isRealDisk: seed % 10 == 0);
            run.Run();

            // With a quorum the digest depends on who was there, with asynchronous updates on who came first; that the journal says so is checked
            // in the run.
            return parameters.Quorum is not null || parameters.Staleness > 0 || run.Digest is null || run.Digest == UndisturbedDigest(parameters) ? null : "another digest";
        }
        catch (Exception exception) when (exception is Xunit.Sdk.IAssertionException or JournalException or InvalidOperationException)
        {
            return $"{exception.Message}\n{exception.StackTrace}";
        }
    }

    private static string UndisturbedDigest(RunParameters parameters) =>
        Undisturbed.GetOrAdd((parameters.Devices, parameters.Rounds, parameters.Gradient, parameters.StepRule, parameters.Robust), _ =>
        {
            using var run = new SimulatedRun(parameters with { Staleness = null }, seed: 0, isDisturbed: false);
            run.Run();
            return run.Digest!;
        });

    private static RunParameters Parameters(int seed)
    {
        var random = new Random(~seed);
        var devices = random.Next(1, 6);
        var parameters = new RunParameters
        {
            Devices = devices,
            Rounds = random.Next(1, 7),
            Seed = 5,
            InitialTheta = new double[devices],
            Quorum = random.Next(3) == 0 ? random.Next(1, devices + 1) : null,
            RoundDeadlineSeconds = 0.3,
            MostAbsences = random.Next(1, 4),
            Gradient = (GradientKind)random.Next(2),
            StepRule = (StepRuleKind)random.Next(3),
            Robust = (RobustKind)random.Next(2),
            PerturbationSize = 0.01,
        };
        return parameters.Quorum is null && random.Next(2) == 0 ? parameters with { Staleness = random.Next(0, (2 * devices) + 1) } : parameters;
    }

    private static int? Setting(string name) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : null;
}
