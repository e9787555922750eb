using System.CommandLine;
using System.Diagnostics;
using Dcc.Cli.Runs;
using Dcc.Cli.Scenarios;
using Dcc.Cli.Simulation;
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
        var output = new OutputOptions();
        var scenarioName = Inputs.Scenario("SCENARIO", required: false);
        var display = new DisplayOptions();
        var command = new DccCommand("simulate", "Run the same algorithm in one process.")
        {
            Purpose = "Makes the run of dcc emulate without processes or sockets, with the same digest. Where a scenario or --link is named, its links "
                + "and faults set the times of messages in virtual time; they cannot change the result, but for --staleness, where the order of arrival "
                + "is part of it. Learning takes no virtual time, so device classes have no effect.",
            Examples =
            [
                ("dcc simulate --devices 50 --rounds 20 --alpha 2", "a larger system"),
                ("dcc simulate --link geo-satellite", "how long its rounds would take"),
                ("dcc simulate --quiet --json | jq .digest", "for a script"),
            ],
        };
        command.Add(scenarioName);
        options.AddTo(command);
        command.Add("Output", [.. output.All, output.NoReport, .. display.All]);

        command.SetAction(async (parsed, cancellation) =>
        {
            await Task.Yield();
            var file = parsed.GetValue(scenarioName) is { } named ? ScenarioFile.Open(named) : null;

            // Links and faults cannot change the result; where some are named they set virtual times.
            var (parameters, system, scenario) = options.Read(parsed, file);
            var timed = file is not null || options.NamesLink(parsed) ? scenario : null;
            using var folder = output.Claim(parsed, "simulate");
            if (scenario.NamesClasses && !display.Quiet(parsed))
            {
                await Console.Error.WriteLineAsync("dcc: device classes have no effect here: learning takes no virtual time").ConfigureAwait(false);
            }

            var summary = await ProgressDisplay
                .Run("simulate", progress => Task.Run(() => Simulate(parameters, system, timed, folder, progress, cancellation)), display.Quiet(parsed))
                .ConfigureAwait(false);
            if (output.WantsReport(parsed))
            {
                ReportCommand.WriteAtEnd(folder, cancellation);
            }

            display.Print(parsed, () => summary.ToJsonLine(folder.DirectoryPath), () => ResultTable.Write(summary, folder.DirectoryPath));
            return Program.Done;
        });
        return command;
    }

    private static RunSummary Simulate(
        RunParameters parameters, EdgeSystem system, Scenario? timed, RunFolder folder, IProgressDisplay progress, CancellationToken cancellation)
    {
        var clock = Stopwatch.StartNew();
        using var events = new EventsFile(folder.File("events.jsonl"));
        using var journal = SqliteJournal.Open(folder.Journal);
        using var network = timed is null ? null : new VirtualNetwork(timed, parameters.Seed, events.WriteFault);
        var run = new InProcessRun(parameters, system, journal, network, events, progress);
        run.Execute(cancellation);
        progress.Advance(1, "evaluating the result");
        var carried = network is null ? null : new RunResult.NetworkRun(run.RoundTrips, network.Faults)
        {
            Scenario = timed!.Name, RoundEnds = run.RoundEnds, VirtualSeconds = network.Now.TotalSeconds,
        };
        return new RunResult(folder, system).Write(journal, run.Sessions, carried, () => clock.Elapsed.TotalSeconds, cancellation);
    }
}
