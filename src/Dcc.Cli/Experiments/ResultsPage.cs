using System.Globalization;
using System.Text;
using Dcc.Cli.Reporting.Plots;
using Dcc.Cli.Terminal;
using Dcc.Experiments;
using Dcc.Experiments.Results;
using Dcc.Experiments.Units;

namespace Dcc.Cli.Experiments;

/// <summary>RESULTS.md: of every experiment the paper's claim, plots, numbers, verdict, command and time; made from the results and nothing else.</summary>
internal sealed class ResultsPage
{
    private readonly StringBuilder text = new();
    private readonly ResultsManifest manifest;

    internal ResultsPage(ResultsManifest manifest)
    {
        this.manifest = manifest;
        text.Append(CultureInfo.InvariantCulture, $"# Results: {manifest.Experiment}, budget {manifest.Budget}\n\n");
        text.Append("Written by `dcc experiment` from `samples.csv` and `units.csv` beside it; do not edit. Costs are per device and step, lower is better. ");
        text.Append("Marks beside boxes are interquartile means with bootstrap 95 % intervals; bands around lines are the same.\n");
        text.Append(CultureInfo.InvariantCulture, $"\nMade by dcc {manifest.Version}");
        text.Append(manifest.Runs is { } runs ? FormattableString.Invariant($", with {runs} runs in place of the budget's.\n") : ".\n");
    }

    /// <summary>The verdicts first, for whoever reads no further.</summary>
    internal void Overview(IEnumerable<(Experiment Experiment, Page Page)> pages)
    {
        text.Append("\n| experiment | in the paper | shows | verdict |\n|---|---|---|---|\n");
        foreach (var (experiment, page) in pages)
        {
            text.Append(CultureInfo.InvariantCulture, $"| [{experiment.Name}](#{experiment.Name}) | {experiment.Source} | {experiment.Title} | {Words(page.Verdict)} |\n");
        }
    }

    internal void Add(Experiment experiment, Page page, IReadOnlyList<Figure> figures, IReadOnlyList<FinishedUnit> units, IReadOnlyList<FinishedUnit> failed)
    {
        text.Append(CultureInfo.InvariantCulture, $"\n## {experiment.Name}\n\n{Capital(experiment.Title)} ({experiment.Source}).\n\n");
        text.Append(CultureInfo.InvariantCulture, $"**Claim.** {experiment.Claim}\n\n**Verdict: {Words(page.Verdict)}.** {page.Finding}\n");
        foreach (var figure in figures)
        {
            text.Append(CultureInfo.InvariantCulture, $"\n![{figure.Title}]({figure.Name}.svg)\n\n{figure.Title}. {figure.Caption} Numbers: [{figure.Name}.csv]({figure.Name}.csv).\n");
        }

        foreach (var table in page.Tables)
        {
            text.Append(CultureInfo.InvariantCulture, $"\n{table.Title} ([{table.Name}.csv]({table.Name}.csv)):\n\n");
            Row(table.Header);
            Row([.. table.Header.Select(_ => "---")]);
            foreach (var row in table.Rows)
            {
                Row([.. row.Select(Cell)]);
            }
        }

        if (page.Deviations.Count > 0)
        {
            text.Append("\nDeviations and choices:\n\n");
            for (var i = 0; i < page.Deviations.Count; i++)
            {
                text.Append(CultureInfo.InvariantCulture, $"{i + 1}. {page.Deviations[i]}\n");
            }
        }

        foreach (var unit in failed)
        {
            text.Append(CultureInfo.InvariantCulture, $"\nFAILED: `{unit.Name}`, seed {unit.Seed}: {unit.Fault}\n");
        }

        var runs = manifest.Runs is { } asked ? FormattableString.Invariant($" --runs {asked}") : "";
        text.Append(CultureInfo.InvariantCulture, $"\nCommand: `dcc experiment {experiment.Name} --budget {manifest.Budget}{runs}`");
        text.Append(units.Count > 0
            ? FormattableString.Invariant($"; {units.Count} units of work, {TimeLeft.Words(TimeSpan.FromSeconds(units.Sum(unit => unit.Seconds)))} of one core.\n")
            : ".\n");
    }

    public override string ToString() => text.ToString();

    internal static string Words(Verdict verdict) => verdict switch
    {
        Verdict.Reproduced => "reproduced",
        Verdict.Partly => "partly reproduced",
        Verdict.NotReproduced => "not reproduced",
        Verdict.Measured => "measured",
        _ => "incomplete",
    };

    private void Row(IEnumerable<string> cells) => text.Append("| ").AppendJoin(" | ", cells).Append(" |\n");

    private static string Capital(string words) => char.ToUpperInvariant(words[0]) + words[1..];

    private static string Cell(object cell) => cell switch
    {
        double number when !double.IsFinite(number) => "",
        double number when number != 0 && Math.Abs(number) is < 1e-3 or >= 1e6 => number.ToString("0.0e+0", CultureInfo.InvariantCulture),
        double number => number.ToString("0.####", CultureInfo.InvariantCulture),
        _ => Convert.ToString(cell, CultureInfo.InvariantCulture)!,
    };
}
