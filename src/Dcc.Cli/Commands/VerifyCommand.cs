using System.CommandLine;
using System.Globalization;
using System.Text.Json;
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
        var display = new DisplayOptions();
        var command = new DccCommand("verify", "Recompute a run from its journal and compare every stored record.")
        {
            Purpose = "Recomputes every hash, push and theta of a run from journal.db, and compares the digest with that of summary.json; what differs "
                + "is named with its record. With --relearn every device learns every round again, and its reports are compared too.",
            Examples = [("dcc verify out/a", "seconds at most"), ("dcc verify out/a --relearn", "as long as the run itself computed")],
            ExitCodes = "0 it is what it says, 1 it is not, 2 bad input (one line on stderr).",
        };
        command.Add(directory);
        command.Add("Options", [relearn, .. display.All]);
        command.SetAction(async (parsed, cancellation) =>
        {
            var path = parsed.GetRequiredValue(directory);
            using var journal = RunJournal.Open(path);
            RoundEngine engine;
            try
            {
                engine = await ProgressDisplay
                    .Run("verify", progress => Task.Run(() => Verify(journal, parsed.GetValue(relearn), progress, cancellation)), display.Quiet(parsed))
                    .ConfigureAwait(false);
            }
            catch (JournalException exception)
            {
                throw new InvalidDataException($"{Path.Combine(path, "journal.db")}: {exception.Message}", exception);
            }

            var summary = Path.Combine(path, "summary.json");
            if (File.Exists(summary))
            {
                RunJournal.CheckDigest(Inputs.ReadFile("DIR", summary), engine);
            }

            var relearned = parsed.GetValue(relearn);
            display.Print(parsed, () => ToJsonLine(engine, relearned), () => Console.Out.WriteLine(ToText(engine, relearned)));
            return Program.Done;
        });
        return command;
    }

    private static int Rounds(RoundEngine engine) => Math.Min(engine.Round, engine.Parameters.Rounds);

    private static string ToText(RoundEngine engine, bool relearned) => string.Create(
        CultureInfo.InvariantCulture,
        $"verified: {(relearned ? "thetas and reports" : "thetas")} of {engine.Parameters.Devices} devices over {Rounds(engine)} rounds{(engine.Cancelled ? ", cancelled" : "")}\ndigest {engine.Digest}");

    private static string ToJsonLine(RoundEngine engine, bool relearned) => JsonSerializer.Serialize(new
    {
        digest = engine.Digest, devices = engine.Parameters.Devices, rounds = Rounds(engine), cancelled = engine.Cancelled, relearned,
    });

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
                RunReplay.Relearn(sessions, replayed, cancellation);
                progress.Advance((replayed.Round.Round + 1.0) / (parameters.Rounds + 1), "learning again");
            }
        });
        return engine.Finished || engine.Cancelled
            ? engine
            : throw new JournalException(engine.Records, string.Create(
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
