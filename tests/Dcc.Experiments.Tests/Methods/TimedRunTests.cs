using Dcc.Core.Engine;
using Dcc.Core.Learning;
using Dcc.Experiments.Methods;

namespace Dcc.Experiments.Tests.Methods;

public sealed class TimedRunTests
{
    private const int Rounds = 4;

    [Fact]
    public void Execute_InStep_TakesTheSlowestDevicesTimeARoundAndHasTheThetasOfAnyOtherRun()
    {
        var parameters = Parameters(staleness: null);
        var timed = Run(parameters, [1, 2, 0.5], oneWay: 0.25);
        Assert.Equal([0, 6.5, 13, 19.5, 26], timed.Select(theta => theta.Seconds));
        Assert.Equal(
            DccRun.Execute(PaperSystem.Of(3, 2, 1), parameters, TestContext.Current.CancellationToken).Select(round => round.Theta), timed.Select(theta => theta.Theta));
    }

    [Fact]
    public void Execute_Unbounded_EveryDeviceGoesAtItsOwnPace()
    {
        var timed = Run(Parameters(staleness: 1_000), [1, 2, 0.5], oneWay: 0.25);

        // Rounds of 3.5, 6.5 and 2 seconds; at 14 s two reports come one after the other.
        double[] expected = [0, 2, 3.5, 4, 6, 6.5, 7, 8, 10.5, 13, 14, 19.5, 26];
        Assert.Equal(expected, timed.Select(theta => theta.Seconds));
        Assert.Equal(timed, Run(Parameters(staleness: 1_000), [1, 2, 0.5], oneWay: 0.25), (one, two) => one.Seconds == two.Seconds && one.Theta.AsSpan().SequenceEqual(two.Theta));

        // A commit moves one device's theta alone.
        for (var i = 1; i < timed.Length; i++)
        {
            Assert.InRange(timed[i].Theta.Zip(timed[i - 1].Theta).Count(pair => pair.First != pair.Second), 0, 1);
        }
    }

    private static TimedTheta[] Run(RunParameters parameters, double[] seconds, double oneWay) =>
        [.. TimedRun.Execute(PaperSystem.Of(3, 2, 1), parameters, seconds, oneWay, TestContext.Current.CancellationToken)];

    private static RunParameters Parameters(int? staleness) => new()
    {
        Devices = 3, Rounds = Rounds, Seed = 1, InitialTheta = new double[3], Exponent = 2, Solver = SolverKind.Exact, Staleness = staleness,
    };
}
