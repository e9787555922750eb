using System.CommandLine;
using Dcc.Cli.Commands;
using Dcc.Cli.Emulation;
using Dcc.Core.Engine;
using Dcc.Core.Validation;

namespace Dcc.Cli;

/// <summary>The dcc command. Exit codes: 0 done, 1 the run failed, 2 bad input.</summary>
internal static class Program
{
    internal const int Done = 0;
    internal const int Failed = 1;
    internal const int BadInput = 2;

    private static async Task<int> Main(string[] arguments)
    {
        var root = new RootCommand("dcc: decentralised coordination via constrained MDPs, emulated and measured.")
        {
            EmulateCommand.Create(),
            SimulateCommand.Create(),
            ExactCommand.Create(),
            OptimumCommand.Create(),
            VerifyCommand.Create(),
            ReportCommand.Create(),
            ScenarioCommand.Create(),
            OverheadCommand.Create(),
            LinkCommand.Create(),
        };
        var parsed = root.Parse(arguments, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (parsed.Errors.Count > 0)
        {
            return Fail(BadInput, Explain(root, parsed));
        }

        try
        {
            return await parsed.InvokeAsync(new InvocationConfiguration
            {
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = EmulatedRun.LongestStop,
            }).ConfigureAwait(false);
        }
        catch (InvalidInputException exception)
        {
            return Fail(BadInput, exception.Message);
        }
        catch (OperationCanceledException)
        {
            return Fail(Failed, "cancelled");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JournalException or InvalidDataException or ChildFailedException)
        {
            return Fail(Failed, exception.Message);
        }
    }

    private static string Explain(RootCommand root, ParseResult parsed) => parsed.CommandResult.Command == root
        ? new InputFault(
            "command", string.Join('|', root.Subcommands.Select(command => command.Name)),
            parsed.UnmatchedTokens.Count == 0 ? "nothing" : parsed.UnmatchedTokens[0]).ToString()
        : string.Join("; ", parsed.Errors.Select(error => error.Message).Distinct());

    private static int Fail(int code, string message)
    {
        Console.Error.WriteLine("dcc: " + message.ReplaceLineEndings(" "));
        return code;
    }
}
