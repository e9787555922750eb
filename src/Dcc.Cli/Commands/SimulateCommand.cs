using System.CommandLine;
using System.Diagnostics;
using Dcc.Cli.Runs;
using Dcc.Cli.Terminal;
using Dcc.Core.Devices;
using Dcc.Core.Engine;
using Dcc.Journal;

namespace Dcc.Cli.Commands;

/// <summary>dcc simulate: a run in one process.</summary>
internal static class SimulateCommand
{
    internal static Command Create()
    {
        var options = new RunOptions();
        var output = new Option<string?>("--output")
        {
            Description = "Output folder [a new one under ./runs].",
            HelpName = "DIR",
        };
        var force = new Option<bool>("--force") { Description = "Replace the run that the output folder holds." };
        var command = new Command("simulate", "Run the algorithm in one process.") { output, force };
        foreach (var option in options.All)
        {
            command.Add(option);
        }

        command.SetAction(async (parsed, cancellation) =>
        {
            var (parameters, system) = options.Read(parsed);
            using var folder = RunFolder.Claim(parsed.GetValue(output), "simulate", parsed.GetValue(force), TimeProvider.System.GetLocalNow());
            var summary = await ProgressDisplay
                .Run("simulate", progress => Simulate(parameters, system, folder, progress, cancellation))
                .ConfigureAwait(false);
            ResultTable.Write(summary, folder.DirectoryPath);
            return Program.Done;
        });
        return command;
    }

    private static RunSummary Simulate(
        RunParameters parameters, EdgeSystem system, RunFolder folder, IProgressDisplay progress, CancellationToken cancellation)
    {
        var clock = Stopwatch.StartNew();
        using var events = new EventLog(folder.File("events.jsonl"));
        using var journal = SqliteJournal.Open(folder.Journal);
        var run = new InProcessRun(parameters, system, journal, events, progress);
        run.Execute(cancellation);
        progress.Advance(1, "evaluating the result");
        RoundEngine? replayed = null;
        folder.Write("rounds.csv", writer =>
        {
            RoundsFile.WriteHeader(writer);
            replayed = RunReplay.Replay(journal, InProcessRun.Name, round =>
            {
                if (round.Round.Round < parameters.Rounds)
                {
                    RoundsFile.WriteRound(writer, round);
                }
            });
        });
        var policies = Array.ConvertAll(run.Sessions, session => session.Policy);
        var summary = RunSummary.Of(replayed!, system, policies, clock.Elapsed.TotalSeconds, cancellation);
        summary = summary with { WallSeconds = clock.Elapsed.TotalSeconds };
        folder.Write("summary.json", summary.Write);
        return summary;
    }
}
