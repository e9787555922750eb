using System.CommandLine;
using System.Globalization;
using Dcc.Cli.Experiments;
using Dcc.Cli.Runs;
using Dcc.Cli.Terminal;
using Dcc.Core.Validation;
using Dcc.Experiments;
using Dcc.Links;

namespace Dcc.Cli.Commands;

/// <summary>dcc experiment: the paper's figures, its baselines, and what goes beyond it.</summary>
internal static class ExperimentCommand
{
    private const string List = "list";
    private const string All = "all";
    private const int MostJobs = 1_024;
    private const int MostRuns = 10_000;

    // The appendix shows the data of two figures once more, on the way.
    private static readonly Dictionary<string, string> SameData = new() { ["fig9"] = "fig1a", ["fig10"] = "fig1b" };

    private static readonly Catalogue Catalogue = new([.. LinkProfile.All.Select(profile => profile.Name)], DistributedRunner.Run);

    internal static Command Create()
    {
        string[] names = [List, All, .. Catalogue.All.Select(experiment => experiment.Name)];
        var name = new Argument<string[]>("NAME") { Description = "list, all, or the names of experiments.", Arity = ArgumentArity.OneOrMore };
        name.CompletionSources.Add(names);
        var budget = Inputs.Choice<Budget>("--budget", "quick: all within half an hour on two cores; paper: the paper's sizes [quick].");
        var runs = Inputs.Number<int>("--runs", "Runs (systems) of every method, in place of the budget's.", "R");
        var jobs = Inputs.Number<int>("--jobs", "Units of work at a time [the number of processors].", "J");
        var resume = new Option<bool>("--resume") { Description = "Go on with the results that --output holds; failed units are tried again." };
        var output = new Option<string?>("--output") { Description = "Output folder [a new one under ./runs].", HelpName = "DIR" };
        var quiet = new Option<bool>("--quiet") { Description = "Say nothing but errors." };
        var command = new DccCommand("experiment", "Reproduce the paper's figures and tables, and measure what goes beyond them.")
        {
            Purpose = "Computes the numbers of one experiment or all, draws them as SVG and PNG with their data as CSV, and writes RESULTS.md with the paper's "
                + "claims, what came out, and every deviation. All numbers follow from seeds: another time, or another number of jobs, gives the same ones. "
                + "What is finished is kept when the command is stopped; --resume goes on from there.",
            Examples =
            [
                ("dcc experiment list", "what there is"),
                ("dcc experiment fig5 --output out/fig5", "one figure"),
                ("dcc experiment all --budget quick", "every figure and table"),
            ],
            ExitCodes = "0 done, 1 a run failed or cancelled, 2 bad input (one line on stderr).",
        };
        command.Add(name);
        command.Add("Options", budget, runs, jobs, resume, output, quiet);
        command.SetAction(async (parsed, cancellation) =>
        {
            string[] words = [.. parsed.GetValue(name)!.Select(word => SameData.GetValueOrDefault(word, word))];
            if (words.Contains(List))
            {
                Print();
                return Program.Done;
            }

            var unknown = words.FirstOrDefault(word => Catalogue.Find(word) is null && word != All);
            if (unknown is not null)
            {
                throw new InvalidInputException("experiment", string.Join('|', names), unknown + NearestName.Hint(unknown, names));
            }

            IReadOnlyList<Experiment> experiments = words.Contains(All) ? Catalogue.All : [.. Catalogue.All.Where(experiment => words.Contains(experiment.Name))];
            var what = words.Contains(All) ? All : string.Join(' ', experiments.Select(experiment => experiment.Name));
            var scale = new Scale(parsed.GetValue(budget) ?? Budget.Quick, Whole("runs", parsed.GetValue(runs), MostRuns));
            var atOnce = Whole("jobs", parsed.GetValue(jobs), MostJobs) ?? Environment.ProcessorCount;
            var resumes = parsed.GetValue(resume);
            var given = parsed.GetValue(output);
            if (resumes && given is null)
            {
                throw new InvalidInputException("output", "the folder to go on with, as --resume is given", "nothing");
            }

            var manifest = new ResultsManifest(what, KebabCase.Name(scale.Budget), scale.AskedRuns, RunProvenance.ThisVersion);
            using var folder = ResultsFolder.Claim(given, $"experiment-{words[0]}", resumes, manifest, TimeProvider.System.GetLocalNow());
            var run = new ExperimentRun(folder, experiments, scale);
            var failed = await ProgressDisplay.Run(
                $"experiment {what}", progress => Task.Run(() => run.Execute(atOnce, progress, cancellation)), parsed.GetValue(quiet)).ConfigureAwait(false);
            if (!parsed.GetValue(quiet))
            {
                run.PrintVerdicts();
            }

            return failed.Count == 0 ? Program.Done : Program.Fail(Program.Failed, string.Create(
                CultureInfo.InvariantCulture, $"{failed.Count} of {run.UnitCount} units failed, the first {failed[0].Name} with seed {failed[0].Seed}: {failed[0].Fault}"));
        });
        return command;
    }

    private static void Print()
    {
        var width = Catalogue.All.Max(experiment => experiment.Name.Length);
        foreach (var experiment in Catalogue.All)
        {
            Console.Out.WriteLine($"{experiment.Name.PadRight(width)}  {experiment.Title} ({experiment.Source})");
        }
    }

    private static int? Whole(string field, int? value, int highest) => value is null or >= 1 && !(value > highest)
        ? value
        : throw new InvalidInputException(
            field, string.Create(CultureInfo.InvariantCulture, $"a whole number from 1 to {highest}"), value.Value.ToString(CultureInfo.InvariantCulture));
}
