using System.CommandLine;
using Dcc.Cli.Runs;

namespace Dcc.Cli.Commands;

/// <summary>Where a run's files go, shared by every command that makes a run.</summary>
internal sealed class OutputOptions
{
    private readonly Option<string?> output = new("--output")
    {
        Description = "Output folder [a new one under ./runs].",
        HelpName = "DIR",
    };

    private readonly Option<bool> force = new("--force") { Description = "Replace the run that the output folder holds." };

    private readonly Option<bool> noReport = new("--no-report") { Description = "Leave report.html and plots out: dcc report makes them later." };

    internal IEnumerable<Option> All => [output, force];

    /// <summary>For commands whose runs have a report.</summary>
    internal Option NoReport => noReport;

    /// <summary>Whether the run's report is to be written at its end.</summary>
    internal bool WantsReport(ParseResult parsed) => !parsed.GetValue(noReport);

    /// <summary>Takes the folder for this run.</summary>
    internal RunFolder Claim(ParseResult parsed, string name) =>
        RunFolder.Claim(parsed.GetValue(output), name, parsed.GetValue(force), TimeProvider.System.GetLocalNow());
}
