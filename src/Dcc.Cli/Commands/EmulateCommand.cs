using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Dcc.Cli.Emulation;
using Dcc.Cli.Runs;
using Dcc.Cli.Scenarios;
using Dcc.Cli.Terminal;
using Dcc.Core.Devices;
using Dcc.Core.Engine;
using Dcc.Core.Validation;
using Dcc.Journal;

namespace Dcc.Cli.Commands;

/// <summary>dcc emulate: a run of a real coordinator and real agents.</summary>
internal static class EmulateCommand
{
    // An agent's command line names the address of each of its devices' links; one argument may have 128 KiB.
    private const int MostDevicesPerProcess = 4000;

    internal static Command Create()
    {
        var options = new RunOptions();
        var output = new OutputOptions();
        var scenarioName = Inputs.Scenario("SCENARIO", required: false);
        var perProcess = Inputs.Number<int>("--devices-per-process", "Devices hosted by one agent process [1].", "K");
        var page = PageAddress.Option();
        var command = new Command("emulate", "Run the algorithm as a coordinator and agents, each a process, over gRPC on loopback.") { scenarioName, perProcess, page };
        foreach (var option in output.All.Concat(options.All))
        {
            command.Add(option);
        }

        command.SetAction(async (parsed, cancellation) =>
        {
            // Signals are handled only from here on: nothing may be started before.
            await Task.Yield();
            var file = parsed.GetValue(scenarioName) is { } named ? ScenarioFile.Open(named) : null;
            var (parameters, system, scenario) = options.Read(parsed, file);
            var devicesPerProcess = parsed.GetValue(perProcess) ?? scenario.DevicesPerProcess ?? 1;
            if (devicesPerProcess is < 1 or > MostDevicesPerProcess)
            {
                throw new InvalidInputException(
                    "devices-per-process", string.Create(CultureInfo.InvariantCulture, $"a whole number from 1 to {MostDevicesPerProcess}"),
                    devicesPerProcess.ToString(CultureInfo.InvariantCulture));
            }

            var http = PageAddress.Read(parsed.GetValue(page));
            using var folder = output.Claim(parsed, "emulate");
            await Console.Error.WriteLineAsync($"page {http}/").ConfigureAwait(false);
            var summary = await ProgressDisplay
                .Run("emulate", progress => Emulate(parameters, system, scenario, devicesPerProcess, http, folder, progress, cancellation))
                .ConfigureAwait(false);
            ResultTable.Write(summary, folder.DirectoryPath);
            return Program.Done;
        });
        return command;
    }

    private static async Task<RunSummary> Emulate(
        RunParameters parameters, EdgeSystem system, Scenario scenario, int devicesPerProcess, string http, RunFolder folder, IProgressDisplay progress,
        CancellationToken cancellation)
    {
        var clock = Stopwatch.StartNew();
        using var events = new EventsFile(folder.File("events.jsonl"));
        using var run = new EmulatedRun(parameters, system, scenario, devicesPerProcess, http, folder, events, progress);
        await run.Execute(cancellation).ConfigureAwait(false);
        progress.Advance(1, "evaluating the result");
        using var journal = SqliteJournal.OpenExisting(folder.Journal);
        var network = new RunResult.NetworkRun(run.RoundTrips, run.Faults)
        {
            Ledgers = run.Ledgers, Retries = run.Retries, Restarts = run.Restarts,
        };
        return new RunResult(folder, system).Write(journal, sessions: null, network, () => clock.Elapsed.TotalSeconds, cancellation);
    }
}
