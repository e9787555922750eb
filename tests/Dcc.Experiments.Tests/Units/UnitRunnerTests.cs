using Dcc.Experiments.Units;

namespace Dcc.Experiments.Tests.Units;

public sealed class UnitRunnerTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("dcc-test-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void Run_OneUnitThrows_IsNamedWithItsSeedAndTheOthersAreKept()
    {
        using var store = new UnitStore(folder);
        Unit[] units =
        [
            new("good", 1, 1, _ => [new Sample("cost", 0, 1)]),
            new("bad", 7, 1, _ => throw new InvalidOperationException("no\nluck")),
            new("infinite", 8, 1, _ => [new Sample("cost", 2, double.PositiveInfinity)]),
            new("alone", 9, 1, _ => [new Sample("cost", 0, 3)]) { Alone = true },
        ];
        List<FinishedUnit?> told = [];
        var last = 0.0;
        new UnitRunner(store, jobs: 2).Run(units, (fraction, _, unit) => (last, told) = (fraction, [.. told, unit]), TestContext.Current.CancellationToken);

        var finished = store.Units.ToDictionary(unit => unit.Name);
        Assert.Equal(1, last);
        Assert.Equal(4, told.Count(unit => unit is not null));
        Assert.Equal(["bad", "infinite"], finished.Values.Where(unit => unit.Failed).Select(unit => unit.Name).Order());
        Assert.Equal((7UL, "InvalidOperationException: no luck"), (finished["bad"].Seed, finished["bad"].Fault));
        Assert.Contains("not a finite number", finished["infinite"].Fault, StringComparison.Ordinal);
        Assert.Equal(1, new UnitResults(finished.Values).Last("good", "cost"));
        Assert.Equal(3, new UnitResults(finished.Values).Last("alone", "cost"));
    }

    [Fact]
    public void Run_SecondTime_DoesOnlyWhatIsMissing()
    {
        var calls = 0;
        Unit[] units = [.. Enumerable.Range(0, 5).Select(i => new Unit($"u{i}", 1, 1, _ =>
        {
            Interlocked.Increment(ref calls);
            return [new Sample("cost", 0, i)];
        }))];
        using (var store = new UnitStore(folder))
        {
            new UnitRunner(store, jobs: 1).Run(units[..3], (_, _, _) => { }, TestContext.Current.CancellationToken);
        }

        using var again = new UnitStore(folder);
        new UnitRunner(again, jobs: 3).Run(units, (_, _, _) => { }, TestContext.Current.CancellationToken);
        Assert.Equal(5, calls);
        Assert.Equal(5, again.Units.Count());
    }
}
