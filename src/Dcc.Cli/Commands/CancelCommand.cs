using System.CommandLine;
using System.Globalization;
using Dcc.Cli.Watching;

namespace Dcc.Cli.Commands;

/// <summary>dcc cancel: ends a run of a coordinator somewhere, at once or at the end of its open round.</summary>
internal static class CancelCommand
{
    internal static Command Create()
    {
        var remote = new RemoteOptions();
        var drain = new Option<bool>("--drain") { Description = "When the open round is committed, so that no report is lost." };
        var command = new DccCommand("cancel", "End a remote run for good, at once or after its open round.")
        {
            Purpose = "Ends a run before its last round: its devices are told and their processes end with exit code 1. What was committed stays in "
                + "the store. With --drain the open round is committed first; a coordinator that is restarted meanwhile has to be asked again.",
            Examples = [("dcc cancel", "the only run of the coordinator on this machine"), ("dcc cancel edge.example:5080 --run harbour --drain", "one of several, after its round")],
            ExitCodes = "0 the run is cancelled or will be, 1 the coordinator cannot do it now, 2 bad input (no coordinator at the address, no such run, or several "
                + "to choose from).",
        };
        remote.AddTo(command, drain);
        command.SetAction(async (parsed, cancellation) =>
        {
            await Task.Yield();
            using var coordinator = new RemoteRun(remote.Address(parsed), remote.Security(parsed), TimeSpan.Zero, _ => { });
            var run = remote.Choose(parsed, await coordinator.All(cancellation).ConfigureAwait(false));
            var status = await coordinator.End(run, parsed.GetValue(drain), cancellation).ConfigureAwait(false);
            Console.Out.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"{run}  {(status.State is "running" or "stalled" ? "draining" : status.State)}  round {status.Round} of {status.Rounds}"));
            return Program.Done;
        });
        return command;
    }
}
