using ScottPlot;

namespace Dcc.Cli.Reporting.Plots;

/// <summary>A run with what a comparison calls it.</summary>
internal readonly record struct NamedRun(string Name, FinishedRun Run);

/// <summary>Several runs over each other, each in its colour; where the colours repeat, the pattern changes.</summary>
internal static class ComparisonFigures
{
    private const int QuantileSteps = 200;

    // Earlier runs are drawn wider, so that of equal curves all can be seen.
    private const float Narrowest = 1.4f;
    private const float Widest = 4;

    private static readonly LinePattern?[] Patterns = [null, LinePattern.Dashed, LinePattern.Dotted];

    internal static IEnumerable<Figure?> Of(IReadOnlyList<NamedRun> runs) => [Cost(runs), Gap(runs), Theta(runs), RoundTripTimes(runs)];

    private static Figure Cost(IReadOnlyList<NamedRun> runs) => Overlay(
        "cost", "Cost per round", "Exact decomposed cost at each round's θ, or the mean reported J where the devices' models are not known.",
        PlotStyle.New("round", "cost per device and step"), runs,
        run => (Rounds(run), run.ExactCost ?? Array.ConvertAll(Rounds(run), round => run.ReportedCost((int)round))));

    private static Figure? Gap(IReadOnlyList<NamedRun> runs)
    {
        NamedRun[] known = [.. runs.Where(run => run.Run is { ExactCost: not null, Summary.BestKnown: not null })];
        if (known.Length == 0)
        {
            return null;
        }

        var plot = PlotStyle.New("round", "above best known, %");
        ConvergenceFigures.GapAxis(plot, known.SelectMany(run => ConvergenceFigures.Gaps(run.Run)));
        return Overlay(
            "gap", "Distance from the best known cost",
            "Each run over the best cost known for its own devices, on a logarithmic axis; below 0.001 % nothing is drawn.",
            plot, known, run => (Rounds(run), ConvergenceFigures.Logarithms(ConvergenceFigures.Gaps(run))));
    }

    private static Figure Theta(IReadOnlyList<NamedRun> runs) => Overlay(
        "theta", "Mean constraint per round", "θ is how often a device may offload.", PlotStyle.New("round", "mean θ, offloads per step"), runs,
        run => (Rounds(run), Array.ConvertAll(Rounds(run), round => run.Theta((int)round).Average())));

    private static Figure? RoundTripTimes(IReadOnlyList<NamedRun> runs)
    {
        NamedRun[] timed = [.. runs.Where(run => run.Run.HasTimes)];
        if (timed.Length == 0)
        {
            return null;
        }

        double[] fractions = [.. Enumerable.Range(0, QuantileSteps + 1).Select(step => (double)step / QuantileSteps)];
        var curves = timed.ToDictionary(
            run => run.Run, run => Array.ConvertAll(fractions, new Quantiles(run.Run.RoundTrips.SelectMany(times => times)).At));
        var plot = PlotStyle.New("milliseconds from push to report", "fraction of device-rounds");
        var map = plot.Axes.Bottom.Scale([.. curves.Values.SelectMany(curve => curve)], out var least, out var most);
        var figure = Overlay(
            "round-trips", "Distribution of round trips",
            "Read: this fraction of all round trips took at most so long. Virtual times hold no learning.",
            plot, timed, run => (Array.ConvertAll(curves[run], map), fractions));
        plot.Axes.SetLimits(least, most, 0, 1.02);
        return figure;
    }

    private static Figure Overlay(
        string name, string title, string caption, Plot plot, IReadOnlyList<NamedRun> runs,
        Func<FinishedRun, (double[] X, double[] Y)> curve)
    {
        for (var i = 0; i < runs.Count; i++)
        {
            var (x, y) = curve(runs[i].Run);
            var pattern = Patterns[i / PlotStyle.Series.Length % Patterns.Length];
            var width = Narrowest + ((Widest - Narrowest) * (runs.Count - 1 - i) / runs.Count);
            plot.Line(runs[i].Name, x, y, PlotStyle.Series[i % PlotStyle.Series.Length], pattern, width);
        }

        if (name != "round-trips")
        {
            plot.WholeNumbers(runs.Max(run => run.Run.Rounds.Count) - 1);
        }

        return new Figure(name, title, caption, plot.WithLegend(), new CsvText());
    }

    private static double[] Rounds(FinishedRun run) => [.. Enumerable.Range(0, run.Rounds.Count)];
}
