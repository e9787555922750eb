using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Dcc.Cli.Runs;
using Dcc.Cli.Terminal;
using Dcc.Core.Validation;
using Dcc.Journal;

namespace Dcc.Cli.Commands;

/// <summary>dcc runs: what a coordinator's store keeps.</summary>
internal static class RunsCommand
{
    private const string StoreVariable = "Coordinator__Store";
    private const string DefaultStore = "dcc-coordinator.db";
    private const int NameWidth = 12;

    internal static Command Create()
    {
        var command = new DccCommand("runs", "List, show, export and delete the runs of a coordinator's store.")
        {
            Purpose = "Looks after what a coordinator has written, whether one is running or not: a journal file or a PostgreSQL database. Every run is "
                + "replayed and so verified on the way, which takes as long as a coordinator's recovery. A coordinator that is running keeps its runs "
                + "in memory: to delete one, stop it first. A password for PostgreSQL comes from PGPASSWORD, PGPASSFILE or " + StoreVariable + ".",
            Examples =
            [
                ("dcc runs list", "of dcc-coordinator.db in this folder"),
                ("dcc runs list --store postgres://dcc@db.example/runs", "of a database"),
                ("dcc runs export harbour --output out/harbour", "a folder for dcc verify"),
                ("dcc runs delete harbour", "a run that is over"),
            ],
        };
        foreach (var sub in (Command[])[List(), Show(), Export(), Delete()])
        {
            command.Add(sub);
        }

        return command;
    }

    private static Command List()
    {
        var (store, json) = (Store(), Json("Print a JSON object a line."));
        var command = new Command("list", "The runs, one a line: name, state, round/rounds, devices, digest.") { store, json };
        command.SetAction(async (parsed, cancellation) =>
        {
            // Signals are handled only from here on.
            await Task.Yield();
            using var opened = Open(parsed.GetValue(store));
            var names = opened.Runs();
            var width = names.Select(name => name.Length).DefaultIfEmpty(0).Max();
            var damaged = false;
            foreach (var run in names.Select(name => StoredRun.Read(opened, name, cancellation)))
            {
                Console.Out.WriteLine(parsed.GetValue(json) ? ToJson(run, withParameters: false) : run.ToLine(width));
                if (run.Damage is { } damage)
                {
                    damaged = true;
                    Console.Error.WriteLine($"dcc: run '{run.Name}': {damage}".ReplaceLineEndings(" "));
                }
            }

            return damaged ? Program.Failed : Program.Done;
        });
        return command;
    }

    private static Command Show()
    {
        var (name, store, json) = (Name(), Store(), Json("Print one JSON object."));
        var command = new Command("show", "One run: its state and its parameters.") { name, store, json };
        command.SetAction(async (parsed, cancellation) =>
        {
            await Task.Yield();
            using var opened = Open(parsed.GetValue(store));
            var run = StoredRun.Read(opened, Known(opened, parsed.GetRequiredValue(name)), cancellation);
            if (parsed.GetValue(json))
            {
                Console.Out.WriteLine(ToJson(run, withParameters: true));
            }
            else
            {
                Print(run);
            }

            return run.Damage is { } damage ? Program.Fail(Program.Failed, $"run '{run.Name}': {damage}") : Program.Done;
        });
        return command;
    }

    private static Command Export()
    {
        var (name, store, force) = (Name(), Store(), new Option<bool>("--force") { Description = "Replace the run that the output folder holds." });
        var output = new Option<string>("--output") { Description = "The folder to write.", HelpName = "DIR", Required = true };
        var command = new Command("export", "Write a run's output folder, as far as its journal tells: dcc verify takes it.") { name, output, force, store };
        command.SetAction(async (parsed, cancellation) =>
        {
            await Task.Yield();
            using var opened = Open(parsed.GetValue(store));
            var known = Known(opened, parsed.GetRequiredValue(name));
            using var folder = RunFolder.Claim(parsed.GetValue(output), "export", parsed.GetValue(force), TimeProvider.System.GetLocalNow());
            RunExport.Write(opened, known, folder, cancellation);
            Console.Out.WriteLine(folder.DirectoryPath);
            return Program.Done;
        });
        return command;
    }

    private static Command Delete()
    {
        var (name, store, force) = (Name(), Store(), new Option<bool>("--force") { Description = "Delete a run too that is unfinished or damaged." });
        var command = new Command("delete", "Delete a run for good. Refused while a coordinator has the store open.") { name, force, store };
        command.SetAction(async (parsed, cancellation) =>
        {
            await Task.Yield();
            using var opened = Open(parsed.GetValue(store));
            var known = Known(opened, parsed.GetRequiredValue(name));
            if (!parsed.GetValue(force) && StoredRun.Read(opened, known, cancellation) is { IsOver: false } run)
            {
                throw new InvalidInputException("NAME", "a run that is finished or cancelled (--force deletes any)", $"{known}, which is {run.State}");
            }

            opened.Delete(known);
            Console.Out.WriteLine($"deleted {known}");
            return Program.Done;
        });
        return command;
    }

    private static Argument<string> Name() => new("NAME") { Description = "The run's name (dcc runs list)." };

    private static Option<bool> Json(string description) => new("--json") { Description = description };

    private static Option<string?> Store() => new("--store")
    {
        Description = $"A journal file or a PostgreSQL address [{StoreVariable} of the environment, or {DefaultStore}].",
        HelpName = "FILE|URL",
    };

    private static IJournalArchive Open(string? argument)
    {
        var location = argument is null
            ? StoreLocation.Parse(Environment.GetEnvironmentVariable(StoreVariable) ?? DefaultStore)
            : StoreLocation.ParseArgument(argument);
        try
        {
            return location.OpenExisting();
        }
        catch (InvalidDataException exception)
        {
            throw new InvalidInputException("store", "a journal of this program", exception.Message);
        }
    }

    private static string Known(IJournalArchive store, string name)
    {
        var names = store.Runs();
        return names.Contains(name) ? name : throw new InvalidInputException(
            "NAME", "a run of the store (dcc runs list)", name + NearestName.Hint(name, names));
    }

    private static string ToJson(StoredRun run, bool withParameters)
    {
        var json = new JsonObject
        {
            ["run"] = run.Name, ["state"] = run.State, ["round"] = run.Round, ["rounds"] = run.Engine?.Parameters.Rounds,
            ["devices"] = run.Engine?.Parameters.Devices, ["digest"] = run.Digest, ["created"] = run.Created, ["damage"] = run.Damage,
        };
        if (withParameters)
        {
            json["parameters"] = run.Engine is { } engine ? JsonNode.Parse(engine.Parameters.ToJson()) : null;
        }

        return json.ToJsonString();
    }

    private static void Print(StoredRun run)
    {
        Screen.WriteFact("run", run.Name, NameWidth);
        Screen.WriteFact("state", run.State, NameWidth);
        Screen.WriteFact("created", run.Created?.ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture) ?? "not noted", NameWidth);
        if (run.Engine is not { } engine)
        {
            return;
        }

        Screen.WriteFact("round", string.Create(CultureInfo.InvariantCulture, $"{run.Round} of {engine.Parameters.Rounds}"), NameWidth);
        Screen.WriteFact("digest", run.Digest ?? "-", NameWidth);
        foreach (var (name, value) in JsonNode.Parse(engine.Parameters.ToJson())!.AsObject())
        {
            Screen.WriteFact(JsonNamingPolicy.KebabCaseLower.ConvertName(name), Describe(value), NameWidth + 8);
        }
    }

    // Long ones are said, not shown: --json has them.
    private static string Describe(JsonNode? value) => value switch
    {
        null => "none",
        JsonArray { Count: > 0 } array when array.All(item => JsonNode.DeepEquals(item, array[0])) => $"{array[0]} for every device",
        JsonArray array => string.Create(CultureInfo.InvariantCulture, $"{array.Count} values, one for each device"),
        _ when value.ToString() is var text && text.StartsWith('{') => "known (--json shows it)",
        _ => value.ToString(),
    };
}
