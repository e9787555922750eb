using System.CommandLine;
using System.Globalization;
using Dcc.Cli.Terminal;
using Dcc.Cli.Watching;
using Dcc.Protocol.V1;
using Google.Protobuf;

namespace Dcc.Cli.Commands;

/// <summary>dcc watch: a run of a coordinator somewhere, live.</summary>
internal static class WatchCommand
{
    // Longer than a pod takes to be started elsewhere.
    private const double DefaultPatience = 300;

    private static readonly JsonFormatter Json = new(JsonFormatter.Settings.Default.WithFormatDefaultValues(true));

    internal static Command Create()
    {
        var remote = new RemoteOptions();
        var patience = Inputs.Number<double>(
            "--give-up-after", $"How long the coordinator may be away before the watch ends [{DefaultPatience}].", "SECONDS");
        var json = new Option<bool>("--json") { Description = "Print every update as a line of JSON, and no progress." };
        var quiet = new Option<bool>("--quiet") { Description = "Say nothing but errors (with --json: and the updates)." };
        var command = new DccCommand("watch", "Show a remote run on the terminal, live.")
        {
            Purpose = "Follows a run until it ends: every round as it is committed, devices that leave and come back, and what is left to do. It only "
                + "looks on; neither its end nor its network touches the run. A coordinator that is restarted is connected to again, after growing "
                + "delays of up to 5 s.",
            Examples =
            [
                ("dcc watch", "the only run of the coordinator on this machine"),
                ("dcc watch http://edge.example:5080 --run harbour", "one of several, elsewhere"),
                ("dcc watch https://edge.example:5080 --ca ca.pem --token-file operator", "by TLS, with a token"),
                ("dcc watch --json | jq .round.meanCost", "its cost, round by round"),
            ],
            ExitCodes = "0 the run finished, 1 it was cancelled, the watch was interrupted or the coordinator stayed away, 2 bad input (no "
                + "coordinator at the address, no such run, or several to choose from).",
        };
        remote.AddTo(command, patience, json, quiet);
        command.SetAction(async (parsed, cancellation) =>
        {
            // Signals are handled only from here on.
            await Task.Yield();
            var seconds = Inputs.Within("give-up-after", parsed.GetValue(patience) ?? DefaultPatience, 0, 86_400);
            return await Watch(
                parsed, remote, TimeSpan.FromSeconds(seconds), parsed.GetValue(json), parsed.GetValue(quiet), cancellation).ConfigureAwait(false);
        });
        return command;
    }

    private static async Task<int> Watch(
        ParseResult parsed, RemoteOptions options, TimeSpan patience, bool json, bool quiet, CancellationToken cancellation)
    {
        Action<string> say = what =>
        {
            if (!quiet)
            {
                Console.Error.WriteLine("watch: " + what);
            }
        };
        using var remote = new RemoteRun(options.Address(parsed), options.Security(parsed), patience, what => say(what));
        var run = options.Choose(parsed, await remote.All(cancellation).ConfigureAwait(false));
        var end = json
            ? await remote.Follow(run, Print, cancellation).ConfigureAwait(false)
            : await ProgressDisplay.Run("watch", Show, quiet).ConfigureAwait(false);
        if (end.State == "cancelled")
        {
            return Program.Fail(Program.Failed, string.Create(CultureInfo.InvariantCulture, $"the run '{run}' was cancelled in round {end.Round}"));
        }

        if (!json && !quiet)
        {
            Screen.WriteFact("run", $"{run}, finished", nameWidth: 10);
            Screen.WriteFact("size", string.Create(CultureInfo.InvariantCulture, $"{end.Devices} devices, {end.Rounds} rounds"), nameWidth: 10);
            Screen.WriteFact("mean theta", end.MeanTheta.ToString("F4", CultureInfo.InvariantCulture), nameWidth: 10);
            Screen.WriteFact("digest", end.Digest, nameWidth: 10);
        }

        return Program.Done;

        Task<RunStatus> Show(IProgressDisplay display)
        {
            var progress = new RunProgress(display, tellsEvents: true);
            say = what =>
            {
                progress.Lost();
                display.Say(what);
            };
            return remote.Follow(run, progress.Take, cancellation);
        }
    }

    // An update of a kind that a newer coordinator added has no content here.
    private static void Print(RunUpdate update)
    {
        if (update.ContentCase != RunUpdate.ContentOneofCase.None)
        {
            Console.Out.WriteLine(Json.Format(update));
        }
    }
}
