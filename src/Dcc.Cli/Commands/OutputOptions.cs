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

    internal IEnumerable<Option> All => [output, force];

    /// <summary>Takes the folder for this run.</summary>
    internal RunFolder Claim(ParseResult parsed, string name) =>
        RunFolder.Claim(parsed.GetValue(output), name, parsed.GetValue(force), TimeProvider.System.GetLocalNow());
}
