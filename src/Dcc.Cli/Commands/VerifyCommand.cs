using System.CommandLine;
using System.Globalization;
using Dcc.Cli.Runs;
using Dcc.Cli.Terminal;
using Dcc.Core.Devices;
using Dcc.Core.Engine;
using Dcc.Core.Validation;
using Dcc.Journal;

namespace Dcc.Cli.Commands;

/// <summary>dcc verify: recomputes a run from its journal.</summary>
internal static class VerifyCommand
{
    internal static Command Create()
    {
        var directory = new Argument<string>("DIR") { Description = "Output folder of a run." };
        var relearn = new Option<bool>("--relearn") { Description = "Recompute the devices' reports too, by learning everything again." };
        var command = new Command("verify", "Recompute a run's thetas from its journal and compare every stored record.") { directory, relearn };
        command.SetAction(async (parsed, cancellation) =>
        {
            var path = parsed.GetRequiredValue(directory);
            using var journal = RunJournal.Open(path);
            var engine = await ProgressDisplay
                .Run("verify", progress => Task.Run(() => Verify(journal, parsed.GetValue(relearn), progress, cancellation)))
                .ConfigureAwait(false);
            var summary = Path.Combine(path, "summary.json");
            if (File.Exists(summary))
            {
                RunJournal.CheckDigest(Inputs.ReadFile("DIR", summary), engine);
            }

            var how = parsed.GetValue(relearn) ? "thetas and reports" : "thetas";
            var end = engine.Cancelled ? ", cancelled" : "";
            Console.Out.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"verified: {how} of {engine.Parameters.Devices} devices over {Math.Min(engine.Round, engine.Parameters.Rounds)} rounds{end}, digest {engine.Digest}"));
            return Program.Done;
        });
        return command;
    }

    private static RoundEngine Verify(SqliteJournal journal, bool relearn, IProgressDisplay progress, CancellationToken cancellation)
    {
        var run = RunJournal.SingleRun(journal);
        DeviceSession[]? sessions = null;
        RunParameters? parameters = null;
        var engine = RunReplay.Replay(journal, run, replayed =>
        {
            cancellation.ThrowIfCancellationRequested();
            if (relearn)
            {
                parameters ??= RunParameters.FromJson(journal.Read(run).First().Body);
                sessions ??= Sessions(parameters);
                RunReplay.Relearn(sessions, replayed.Round, cancellation);
                progress.Advance((replayed.Round.Round + 1.0) / (parameters.Rounds + 1), "learning again");
            }
        });
        return engine.Finished || engine.Cancelled
            ? engine
            : throw new JournalException(engine.Round + 1, string.Create(
                CultureInfo.InvariantCulture, $"it is missing: the run ends before round {engine.Round} of {engine.Parameters.Rounds} was committed"));
    }

    private static DeviceSession[] Sessions(RunParameters parameters)
    {
        if (parameters.EmulatedSystem is null)
        {
            throw new InvalidInputException("relearn", "a run of emulated devices, whose models the journal holds", "a run of real devices");
        }

        return RunReplay.Sessions(parameters, EdgeSystem.Parse(System.Text.Encoding.UTF8.GetBytes(parameters.EmulatedSystem)));
    }
}
