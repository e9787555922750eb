using System.CommandLine;
using System.Net.Sockets;
using Dcc.Cli.Commands;
using Dcc.Cli.Emulation;
using Dcc.Cli.Terminal;
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
        Screen.RespectNoColor();
        var root = new RootCommand("Decentralised coordination via constrained MDPs: emulated, simulated and measured.")
        {
            EmulateCommand.Create(),
            SimulateCommand.Create(),
            WatchCommand.Create(),
            CancelCommand.Create(),
            ExactCommand.Create(),
            OptimumCommand.Create(),
            VerifyCommand.Create(),
            RunsCommand.Create(),
            ReportCommand.Create(),
            ScenarioCommand.Create(),
            DeployCommand.Create(),
            ExperimentCommand.Create(),
            OverheadCommand.Create(),
            LoadCommand.Create(),
            LinkCommand.Create(),
            CertsCommand.Create(),
            CompletionCommand.Create(),
        };
        LoadCommand.CreateProcesses().ToList().ForEach(root.Add);
        HelpText.Install(root);
        if (arguments.Length == 0)
        {
            new HelpText(Console.Error).WriteShort(root);
            return BadInput;
        }

        var parsed = root.Parse(arguments, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (parsed.Errors.Count > 0)
        {
            return Fail(BadInput, CommandLineFaults.Explain(parsed));
        }

        try
        {
            return await parsed.InvokeAsync(new InvocationConfiguration
            {
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = EmulatedProcesses.LongestStop,
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
        catch (SocketException exception)
        {
            return Fail(Failed, exception.SocketErrorCode == SocketError.TooManyOpenSockets
                ? "open files: expected enough for every device's sockets, got too few (ulimit -n)"
                : exception.Message);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JournalException or InvalidDataException or ChildFailedException)
        {
            return Fail(Failed, exception.Message);
        }
    }

    /// <summary>Says in one line on stderr why the command ends.</summary>
    internal static int Fail(int code, string message)
    {
        Console.Error.WriteLine("dcc: " + message.ReplaceLineEndings(" "));
        return code;
    }
}
