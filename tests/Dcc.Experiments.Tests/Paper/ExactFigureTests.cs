using Dcc.Experiments.Paper;
using Dcc.Experiments.Results;
using Dcc.Experiments.Units;

namespace Dcc.Experiments.Tests.Paper;

/// <summary>The figures that need no learning, on two environments per exponent.</summary>
public sealed class ExactFigureTests
{
    private static readonly Scale Small = new(Budget.Quick, AskedRuns: 2);

    [Fact]
    public void GradientSigns_RandomThetas_AreAsTheorySays() => Assert.Equal(Verdict.Reproduced, Computed(new GradientSigns()).Verdict);

    [Fact]
    public void GradientFormulas_RandomThetas_HoldToSolverPrecision() => Assert.Equal(Verdict.Reproduced, Computed(new GradientFormulas()).Verdict);

    [Fact]
    public void ApproximationError_StationaryStart_IsWithinTheBoundAndZeroForALinearPenalty()
    {
        var page = Computed(new ApproximationError());
        Assert.Equal(Verdict.Partly, page.Verdict);
        var linear = page.Tables.Single().Rows[0];
        Assert.InRange((double)linear[1], 0, 1e-10);

        // From a synchronised start even a linear penalty is not the product of frequencies (model.md section 5).
        Assert.True((double)linear[4] > 0.1);
    }

    [Fact]
    public void EveryExperiment_WithoutResults_SaysThatItIsIncomplete()
    {
        var catalogue = new Catalogue(["loopback"], (_, _, _) => throw new NotSupportedException());
        foreach (var experiment in catalogue.All.Where(experiment => experiment.Units(Small).Count > 0))
        {
            Assert.Equal(Verdict.Incomplete, experiment.Present(Small, new UnitResults([])).Verdict);
        }
    }

    [Theory]
    [InlineData(Budget.Quick)]
    [InlineData(Budget.Paper)]
    public void EveryExperiment_AnyBudget_HasNamesAndUnitsOfItsOwn(Budget budget)
    {
        var catalogue = new Catalogue(["loopback"], (_, _, _) => throw new NotSupportedException());
        Assert.Equal(catalogue.All.Count, catalogue.All.Select(experiment => experiment.Name).Distinct().Count());
        foreach (var experiment in catalogue.All)
        {
            var units = experiment.Units(new Scale(budget, null));
            Assert.Equal(units.Count, units.Select(unit => unit.Name).Distinct().Count());

            // They are columns of a CSV file.
            Assert.All(units, unit => Assert.Matches("^[a-z0-9.-]+$", unit.Name));
        }
    }

    private static Page Computed(Experiment experiment) => experiment.Present(Small, new UnitResults(experiment.Units(Small).Select(unit =>
        new FinishedUnit(unit.Name, unit.Seed, 0, "", [.. unit.Work(TestContext.Current.CancellationToken)]))));
}
