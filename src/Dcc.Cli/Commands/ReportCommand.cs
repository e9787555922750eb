using System.CommandLine;
using Dcc.Cli.Reporting;
using Dcc.Cli.Runs;
using Dcc.Cli.Terminal;
using Dcc.Core.Engine;
using Dcc.Core.Validation;

namespace Dcc.Cli.Commands;

/// <summary>dcc report: a page about one run, or about several side by side.</summary>
internal static class ReportCommand
{
    private const string DefaultComparison = "comparison.html";

    internal static Command Create()
    {
        var folders = new Argument<string[]>("DIR")
        {
            Description = "Output folder of a finished run; several are compared.",
            Arity = ArgumentArity.OneOrMore,
        };
        var output = new Option<string?>("--output")
        {
            Description = $"Where the comparison of several runs goes [./{DefaultComparison}].",
            HelpName = "FILE",
        };
        var command = new DccCommand("report", "Write a run's report and plots, or one page that compares runs.")
        {
            Purpose = "Writes DIR/report.html, one self-contained page, and the pictures and data of its plots into DIR/plots, from the files that the run "
                + "left; its journal is replayed and compared with them first. Of several runs it writes one page that compares them.",
            Examples =
            [
                ("dcc report out/a", "again, as emulate and simulate do at their end"),
                ("dcc report out/a out/b --output compared.html", "two runs side by side"),
            ],
        };
        command.Add(folders);
        command.Add("Options", output);
        command.SetAction(async (parsed, cancellation) =>
        {
            var runs = parsed.GetRequiredValue(folders);
            if (runs.Length == 1 && parsed.GetValue(output) is { } file)
            {
                throw new InvalidInputException("output", "two runs or more to compare (the report of one goes into its folder)", $"one, and {file}");
            }

            var path = await ProgressDisplay
                .Run("report", _ => Task.Run(() => runs.Length == 1
                    ? RunReport.Write(runs[0], cancellation)
                    : ComparisonReport.Write(runs, parsed.GetValue(output) ?? DefaultComparison, cancellation)))
                .ConfigureAwait(false);
            Console.Out.WriteLine(path);
            return Program.Done;
        });
        return command;
    }

    /// <summary>Writes the report of a run that just ended. Its result is complete without: that a report cannot be written is said, no more.</summary>
    internal static void WriteAtEnd(RunFolder folder, CancellationToken cancellation)
    {
        try
        {
            RunReport.Write(folder.DirectoryPath, cancellation);
        }
        catch (Exception exception)
            when (exception is IOException or UnauthorizedAccessException or InvalidInputException or InvalidDataException or JournalException)
        {
            Console.Error.WriteLine($"dcc: report.html is not written, the run is complete: {exception.Message.ReplaceLineEndings(" ")}");
        }
    }
}
