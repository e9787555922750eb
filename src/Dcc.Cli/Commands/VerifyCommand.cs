using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
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
            using var journal = Open(path);
            var engine = await ProgressDisplay
                .Run("verify", progress => Task.Run(() => Verify(journal, parsed.GetValue(relearn), progress, cancellation)), display.Quiet(parsed))
                .ConfigureAwait(false);
            CheckSummary(Path.Combine(path, "summary.json"), engine);
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

    private static SqliteJournal Open(string directory)
    {
        var file = Path.Combine(directory, "journal.db");
        if (!File.Exists(file))
        {
            throw new InvalidInputException("DIR", "the output folder of a run, with a journal.db", directory);
        }

        try
        {
            return SqliteJournal.OpenExisting(file);
        }
        catch (InvalidDataException exception)
        {
            throw new InvalidInputException("DIR", "the output folder of a run", exception.Message);
        }
    }

    private static RoundEngine Verify(SqliteJournal journal, bool relearn, IProgressDisplay progress, CancellationToken cancellation)
    {
        var runs = journal.Runs();
        if (runs.Count != 1)
        {
            throw new JournalException(0, $"the journal holds {runs.Count} runs in place of one");
        }

        DeviceSession[]? sessions = null;
        RunParameters? parameters = null;
        var engine = RunReplay.Replay(journal, runs[0], replayed =>
        {
            cancellation.ThrowIfCancellationRequested();
            if (relearn)
            {
                parameters ??= RunParameters.FromJson(journal.Read(runs[0]).First().Body);
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

    // A journal cut short after its end or a summary of another run would go unnoticed without this.
    private static void CheckSummary(string path, RoundEngine engine)
    {
        if (!File.Exists(path))
        {
            return;
        }

        var stated = Digest(Inputs.ReadFile("DIR", path));
        if (stated != engine.Digest)
        {
            throw new InvalidDataException($"summary.json states digest {stated ?? "nothing"}, the journal gives {engine.Digest}");
        }
    }

    private static string? Digest(byte[] summary)
    {
        try
        {
            return JsonNode.Parse(summary)?["digest"]?.GetValue<string>();
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return null;
        }
    }
}
