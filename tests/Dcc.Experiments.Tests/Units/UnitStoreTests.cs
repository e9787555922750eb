using Dcc.Core.Validation;
using Dcc.Experiments.Units;

namespace Dcc.Experiments.Tests.Units;

public sealed class UnitStoreTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("dcc-test-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void Reopened_WholeUnits_AreThereBitForBit()
    {
        Sample[] samples = [new("cost", 0.1, Math.PI), new("cost", 1e-300, -0.0), new("cost", double.Epsilon, double.MaxValue)];
        using (var store = new UnitStore(folder))
        {
            store.Add(new FinishedUnit("a-s1", ulong.MaxValue, 1.5, "", samples));
            store.Add(new FinishedUnit("b", 2, 0, "", []));
        }

        using var again = new UnitStore(folder);
        Assert.Equal(["a-s1", "b"], again.Units.Select(unit => unit.Name));
        var found = again.Units.First();
        Assert.Equal((ulong.MaxValue, 1.5), (found.Seed, found.Seconds));
        Assert.Equal(samples, found.Samples);
    }

    [Theory]
    [InlineData("samples.csv")]
    [InlineData("units.csv")]
    public void Reopened_FileCutOffInTheMiddleOfTheLastUnit_HasOnlyTheOthers(string file)
    {
        using (var store = new UnitStore(folder))
        {
            store.Add(new FinishedUnit("a", 1, 1, "", [new("cost", 0, 1)]));
            store.Add(new FinishedUnit("b", 2, 1, "", [new("cost", 0, 2), new("cost", 1, 3)]));
        }

        // As a full disk or a killed process leaves it: samples are written before the end of their unit.
        var path = Path.Combine(folder, file);
        File.WriteAllText(path, File.ReadAllText(path)[..^2]);
        if (file == "samples.csv")
        {
            var ends = Path.Combine(folder, "units.csv");
            File.WriteAllLines(ends, File.ReadAllLines(ends)[..^1]);
        }

        using var again = new UnitStore(folder);
        Assert.Equal(["a"], again.Units.Select(unit => unit.Name));
        again.Add(new FinishedUnit("b", 2, 1, "", [new("cost", 0, 2)]));
        again.Sort(["b", "a"]);
        Assert.Equal("unit,measure,x,value\nb,cost,0,2\na,cost,0,1\n", File.ReadAllText(Path.Combine(folder, "samples.csv")));
    }

    // Two files have no order on a disk that loses its power.
    [Fact]
    public void Reopened_SampleLostOrDamaged_ForgetsItsUnit()
    {
        using (var store = new UnitStore(folder))
        {
            store.Add(new FinishedUnit("a", 1, 1, "", [new("cost", 0, 1)]));
            store.Add(new FinishedUnit("b", 2, 1, "", [new("cost", 0, 2), new("cost", 1, 3)]));
            store.Add(new FinishedUnit("c", 2, 1, "", [new("cost", 0, 4)]));
        }

        var path = Path.Combine(folder, "samples.csv");
        File.WriteAllText(path, File.ReadAllText(path).Replace("b,cost,1,3\n", "", StringComparison.Ordinal).Replace("c,cost,0,4", "c,cost,0,\0", StringComparison.Ordinal));
        using var again = new UnitStore(folder);
        Assert.Equal(["a"], again.Units.Select(unit => unit.Name));
    }

    [Fact]
    public void Reopened_FailedUnit_IsForgottenAndSoTriedAgain()
    {
        using (var store = new UnitStore(folder))
        {
            store.Add(new FinishedUnit("a", 1, 1, "InvalidOperationException: it, of all things, broke", []));
            Assert.True(store.Holds("a"));
        }

        Assert.Contains("a,1,0,1.0,InvalidOperationException: it, of all things, broke\n", File.ReadAllText(Path.Combine(folder, "units.csv")), StringComparison.Ordinal);
        using var again = new UnitStore(folder);
        Assert.False(again.Holds("a"));
    }

    [Fact]
    public void Opened_ForeignFiles_AreRefusedAndLeftAlone()
    {
        File.WriteAllText(Path.Combine(folder, "samples.csv"), "something,else\n1,2\n");
        File.WriteAllText(Path.Combine(folder, "units.csv"), "unit,seed,samples,seconds,fault\n");
        Assert.Throws<InvalidInputException>(() => new UnitStore(folder));
        Assert.Equal("something,else\n1,2\n", File.ReadAllText(Path.Combine(folder, "samples.csv")));
    }
}
