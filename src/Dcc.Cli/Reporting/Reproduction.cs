using System.Globalization;
using System.Text.RegularExpressions;
using Dcc.Cli.Runs;
using Dcc.Core.Engine;
using Dcc.Core.Validation;

namespace Dcc.Cli.Reporting;

/// <summary>How to make a run again: its command as typed and with every option spelled out, and what it ran on.</summary>
internal static partial class Reproduction
{
    // Where the result went is not part of what it is.
    private static readonly string[] WhereTo = ["--output"];
    private static readonly string[] Switches = ["--force", "--open", "--quiet", "--json"];

    internal static Html Of(FinishedRun run)
    {
        var facts = new List<(string, Html)>();
        if (run.Provenance is { } provenance)
        {
            facts.Add(("command as typed", Code(Line(provenance.Command))));
            facts.Add(("with every option", Command(run)));
            facts.Add(("dcc", provenance.Version));
            var processors = PlainSummary.Count(provenance.Processors, "processor");
            facts.Add(("ran on", $"{provenance.Runtime}, {provenance.OperatingSystem}, {provenance.Architecture}, {processors}"));
        }
        else
        {
            facts.Add(("command", "not recorded: the run was made by a version without run.json"));
        }

        facts.Add(("seed", run.Summary.Seed.ToString(CultureInfo.InvariantCulture)));
        if (run.Summary.WallSeconds is { } seconds)
        {
            facts.Add(("wall time", ReportNumber.Duration(1000 * seconds)));
        }

        facts.Add(("digest", Html.Of($"<code class=\"digest\">{run.Summary.Digest}</code>")));
        facts.Add(("to check it", Code("dcc verify DIR --relearn")));
        return Html.Of($"""
            {HtmlPage.Facts(facts)}
            <p class="note">{Dependence(run.Parameters)} A system file
            or scenario file named in the command must be the same; {(run.Summary.Bytes is null ? "the journal" : "system.json in the folder")} holds the devices of this run.</p>
            """);
    }

    private static string Dependence(RunParameters parameters) => parameters.Staleness > 0
        ? "The digest depends on the order in which reports came, which the journal records: the run can be checked, and made again only by chance."
        : "The digest depends on the options, the seed and the system, not on the machine, the network or the faults.";

    /// <summary>The command line with every option spelled out, where it was recorded.</summary>
    internal static Html Command(FinishedRun run) => run.Provenance is { } provenance
        ? Code(Line(WithEveryOption(provenance.Command, run.Parameters)))
        : "not recorded";

    /// <summary>The command line with the options that it leaves to scenario, system file or default.</summary>
    internal static IEnumerable<string> WithEveryOption(string[] command, RunParameters parameters)
    {
        var kept = new List<string>();
        for (var i = 0; i < command.Length; i++)
        {
            if (WhereTo.Contains(command[i]))
            {
                i++;
            }
            else if (!Switches.Contains(command[i]) && !WhereTo.Any(name => Names(command[i], name)))
            {
                kept.Add(command[i]);
            }
        }

        var options = Options(parameters).Where(option => !command.Any(word => Names(word, option.Name)));
        return [.. kept, .. options.SelectMany(option => (string[])[option.Name, option.Value])];
    }

    /// <summary>Every parameter as an option; theta_0 where it is the same of all devices.</summary>
    internal static IEnumerable<(string Name, string Value)> Options(RunParameters parameters)
    {
        yield return ("--devices", Text(parameters.Devices));
        yield return ("--rounds", Text(parameters.Rounds));
        yield return ("--seed", Text(parameters.Seed));
        yield return ("--solver", KebabCase.Name(parameters.Solver));
        yield return ("--steps", Text(parameters.Steps));
        yield return ("--step-rule", KebabCase.Name(parameters.StepRule));
        yield return ("--congestion", KebabCase.Name(parameters.Congestion));
        yield return ("--congestion-form", KebabCase.Name(parameters.CongestionForm));
        yield return ("--criterion", KebabCase.Name(parameters.Criterion));
        yield return ("--alpha", Text(parameters.Exponent));
        yield return ("--gradient", KebabCase.Name(parameters.Gradient));
        yield return ("--perturbation", KebabCase.Name(parameters.Perturbation));
        yield return ("--perturbation-size", Text(parameters.PerturbationSize));
        yield return ("--robust", KebabCase.Name(parameters.Robust));
        yield return ("--report-limit", Text(parameters.ReportLimit));
        if (parameters.Quorum is { } quorum)
        {
            yield return ("--quorum", Text(quorum));
            yield return ("--round-deadline", Text(parameters.RoundDeadlineSeconds));
            yield return ("--most-absences", Text(parameters.MostAbsences));
        }

        if (parameters.Staleness is { } staleness)
        {
            yield return ("--staleness", Text(staleness));
        }

        if (parameters.InitialTheta.Distinct().Count() == 1)
        {
            yield return ("--initial-theta", Text(parameters.InitialTheta[0]));
        }
    }

    private static string Text(IFormattable value) => value.ToString(null, CultureInfo.InvariantCulture);

    private static bool Names(string word, string option) =>
        word == option || word.StartsWith(option + "=", StringComparison.Ordinal) || word.StartsWith(option + ":", StringComparison.Ordinal);

    private static Html Code(string text) => Html.Of($"<code>{text}</code>");

    private static string Line(IEnumerable<string> words) => string.Join(' ', words.Prepend("dcc").Select(Quoted));

    // As a POSIX shell reads it.
    private static string Quoted(string word) => Plain().IsMatch(word) ? word : $"'{word.Replace("'", @"'\''", StringComparison.Ordinal)}'";

    [GeneratedRegex(@"^[\w./:=,@%+-]+$")]
    private static partial Regex Plain();
}
