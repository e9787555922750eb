using System.Globalization;
using Dcc.Cli.Reporting;
using Dcc.Cli.Reporting.Plots;
using Dcc.Cli.Terminal;
using Dcc.Experiments;
using Dcc.Experiments.Results;
using Dcc.Experiments.Units;

namespace Dcc.Cli.Experiments;

/// <summary>Computes experiments into a folder: first all units of work, then every figure, table and RESULTS.md from them.</summary>
internal sealed class ExperimentRun
{
    private readonly ResultsFolder folder;
    private readonly IReadOnlyList<Experiment> experiments;
    private readonly Scale scale;
    private readonly Unit[] units;
    private readonly List<(Experiment Experiment, Page Page)> pages = [];

    internal ExperimentRun(ResultsFolder folder, IReadOnlyList<Experiment> experiments, Scale scale)
    {
        this.folder = folder;
        this.experiments = experiments;
        this.scale = scale;
        units = [.. experiments.SelectMany(experiment => experiment.Units(scale)).DistinctBy(unit => unit.Name)];
    }

    internal int UnitCount => units.Length;

    /// <summary>Does what is left to do.</summary>
    /// <returns>The units that failed, in order.</returns>
    internal IReadOnlyList<FinishedUnit> Execute(int jobs, IProgressDisplay progress, CancellationToken cancellation)
    {
        PlotStyle.Load();
        using var store = new UnitStore(folder.DirectoryPath);
        new UnitRunner(store, jobs).Run(units, Told, cancellation);
        store.Sort(units.Select(unit => unit.Name));
        Dictionary<string, FinishedUnit> finished = store.Units.ToDictionary(unit => unit.Name);
        Present(finished);
        return [.. units.Select(unit => finished[unit.Name]).Where(unit => unit.Failed)];

        void Told(double fraction, int done, FinishedUnit? unit)
        {
            if (unit is { Failed: true })
            {
                progress.Say(string.Create(CultureInfo.InvariantCulture, $"{unit.Name}, seed {unit.Seed}, failed: {unit.Fault}"));
            }

            progress.Advance(fraction, string.Create(CultureInfo.InvariantCulture, $"{done} of {units.Length} units{(unit is null ? "" : $", {unit.Name}")}"));
        }
    }

    /// <summary>The verdicts on stdout.</summary>
    internal void PrintVerdicts()
    {
        var width = pages.Max(page => page.Experiment.Name.Length);
        foreach (var (experiment, page) in pages)
        {
            Console.Out.WriteLine($"{experiment.Name.PadRight(width)}  {ResultsPage.Words(page.Verdict)}: {page.Finding}");
        }

        Console.Out.WriteLine(folder.File("RESULTS.md"));
    }

    private void Present(Dictionary<string, FinishedUnit> finished)
    {
        var results = new UnitResults(finished.Values);
        pages.AddRange(experiments.Select(experiment => (experiment, experiment.Present(scale, results))));
        var text = new ResultsPage(folder.Manifest);
        text.Overview(pages);
        foreach (var (experiment, page) in pages)
        {
            List<Figure> figures = [.. page.Charts.Select(ChartFigure.Of)];
            foreach (var (name, content) in figures.SelectMany(figure => figure.Files()))
            {
                WholeFile.Write(folder.File(name), content);
            }

            foreach (var table in page.Tables)
            {
                var csv = new CsvText(table.Header);
                table.Rows.ToList().ForEach(row => csv.Add(row));
                WholeFile.Write(folder.File(table.Name + ".csv"), csv.ToString());
            }

            List<FinishedUnit> own = [.. experiment.Units(scale).Select(unit => finished[unit.Name])];
            text.Add(experiment, page, figures, own, [.. own.Where(unit => unit.Failed)]);
        }

        WholeFile.Write(folder.File("RESULTS.md"), text.ToString());
    }
}
