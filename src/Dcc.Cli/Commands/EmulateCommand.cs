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
using Dcc.Hosting.Telemetry;
using Dcc.Journal;
using Dcc.Links;

namespace Dcc.Cli.Commands;

/// <summary>dcc emulate: a run of a real coordinator and real agents.</summary>
internal static class EmulateCommand
{
    internal static Command Create()
    {
        var options = new RunOptions();
        var output = new OutputOptions();
        var scenarioName = Inputs.Scenario("SCENARIO", required: false);
        var perProcess = Inputs.Number<int>("--devices-per-process", "Devices hosted by one agent process [1].", "K");
        var deviceClass = new Option<string?>("--device-class")
        {
            Description = "What the host of every device is taken to be, over what the scenario says [unlimited]. Takes root and cgroups.",
            HelpName = string.Join('|', DeviceClass.Names),
        };
        Inputs.Complete(deviceClass, DeviceClass.Names);
        var page = PageAddress.Option();
        var display = new DisplayOptions();
        var open = new Option<bool>("--open") { Description = "Open the run's report.html afterwards." };
        var tls = new Option<bool>("--tls")
        {
            Description = "Mutual TLS with certificates made for this run. Faults at protocol points are refused then: a link cannot see them.",
        };
        var metrics = new Option<string?>("--metrics")
        {
            Description = "Serve /metrics of the links here, such as http://127.0.0.1:9102 [nowhere]. The coordinator's are on its own port.",
            HelpName = "URL",
        };
        var command = new DccCommand("emulate", "Run real processes behind emulated links: a coordinator and its agents.")
        {
            Purpose = "Starts a coordinator and agents as processes on loopback, each device behind a link that is emulated without root, lets the "
                + "scenario's faults happen, and measures what the network carried. Whatever breaks on the way, the digest is that of dcc simulate. "
                + "Ctrl-C ends every process that was started.",
            Examples =
            [
                ("dcc emulate --output out/a", "ten devices behind Wi-Fi, five rounds"),
                ("dcc emulate chaos --seed 7", "random faults, the same for the same seed"),
                ("dcc emulate --devices 200 --devices-per-process 50 --link lte", "many devices in few processes"),
                ("dcc emulate --device-class pi-zero-2 --steps 10000000", "on boards with 0.188 of a core and 512 MiB"),
                ("dcc emulate satellite --quiet --json | jq .approximateCost", "for a script"),
            ],
        };
        command.Add(scenarioName);
        options.AddTo(command, perProcess, deviceClass, tls);
        command.Add("Output", [.. output.All, output.NoReport, .. display.All, open, page, metrics]);

        command.SetAction(async (parsed, cancellation) =>
        {
            // Signals are handled only from here on: nothing may be started before.
            await Task.Yield();
            var file = parsed.GetValue(scenarioName) is { } named ? ScenarioFile.Open(named) : null;
            var (parameters, system, scenario) = options.Read(parsed, file);
            var devicesPerProcess = parsed.GetValue(perProcess) ?? scenario.DevicesPerProcess ?? 1;
            if (devicesPerProcess is < 1 or > Scenario.MostDevicesPerProcess)
            {
                throw new InvalidInputException(
                    "devices-per-process", string.Create(CultureInfo.InvariantCulture, $"a whole number from 1 to {Scenario.MostDevicesPerProcess}"),
                    devicesPerProcess.ToString(CultureInfo.InvariantCulture));
            }

            if (parsed.GetValue(deviceClass) is { } one)
            {
                scenario = scenario with { Classes = [.. Enumerable.Repeat(Class(one), parameters.Devices)] };
            }

            if (ClassPlan.Mixed(scenario.Classes, devicesPerProcess) is { } mixed)
            {
                throw new InvalidInputException("devices-per-process", "devices of one class in each process", mixed);
            }

            using var authority = parsed.GetValue(tls) ? Authority(scenario) : null;
            var http = PageAddress.Read(parsed.GetValue(page));
            using var instruments = new LinkInstruments();
            using var bridge = new PrometheusBridge(instruments.Meter);
            using var listener = Listen(parsed.GetValue(metrics), bridge);
            using var folder = output.Claim(parsed, "emulate");
            using var cgroups = new AgentCgroups(AgentCgroups.Root, scenario.Classes, devicesPerProcess);
            if (cgroups.Fault is { } fault)
            {
                await Console.Error.WriteLineAsync($"dcc: device classes are NOT enforced, agents run without limits: {fault}").ConfigureAwait(false);
            }

            if (!display.Quiet(parsed))
            {
                await Console.Error.WriteLineAsync($"page {http}/").ConfigureAwait(false);
            }

            var summary = await ProgressDisplay
                .Run(
                    "emulate",
                    progress => Emulate(
                        parameters, system, scenario, devicesPerProcess, http, authority, cgroups, folder, instruments, progress, cancellation),
                    display.Quiet(parsed))
                .ConfigureAwait(false);
            if (output.WantsReport(parsed))
            {
                ReportCommand.WriteAtEnd(folder, cancellation);
            }

            display.Print(parsed, () => summary.ToJsonLine(folder.DirectoryPath), () => ResultTable.Write(summary, folder.DirectoryPath));
            if (parsed.GetValue(open))
            {
                await Open(folder.File("report.html")).ConfigureAwait(false);
            }

            return Program.Done;
        });
        return command;
    }

    private static DeviceClass Class(string name) => DeviceClass.Find(name)
        ?? throw new InvalidInputException(
            "device-class", string.Join('|', DeviceClass.Names), name + NearestName.Hint(name, DeviceClass.Names));

    private static EmulatedAuthority Authority(Scenario scenario) =>
        scenario.Timeline.FirstOrDefault(fault => fault.Trigger is AtPoint) is { } unseen
            ? throw new InvalidInputException("tls", "a scenario without faults at protocol points, which links cannot see through TLS", unseen.ToString())
            : new EmulatedAuthority();

    // A report that cannot be shown is there all the same.
    private static async Task Open(string report)
    {
        var fault = File.Exists(report) ? await DesktopOpener.Open(report).ConfigureAwait(false) : "the run wrote none";
        if (fault is not null)
        {
            await Console.Error.WriteLineAsync($"dcc: --open: {report} could not be opened: {fault}").ConfigureAwait(false);
        }
    }

    private static IDisposable? Listen(string? address, PrometheusBridge bridge)
    {
        if (address is null)
        {
            return null;
        }

        var faults = new List<InputFault>();
        MetricsListener.CheckAddress("metrics", address, faults);
        return faults.Count == 0 ? MetricsListener.Start(address, bridge.Registry) : throw new InvalidInputException(faults);
    }

    private static async Task<RunSummary> Emulate(
        RunParameters parameters, EdgeSystem system, Scenario scenario, int devicesPerProcess, string http, EmulatedAuthority? authority,
        AgentCgroups cgroups, RunFolder folder, LinkInstruments instruments, IProgressDisplay progress, CancellationToken cancellation)
    {
        var clock = Stopwatch.StartNew();
        using var events = new EventsFile(folder.File("events.jsonl"));
        using var run = new EmulatedRun(
            parameters, system, scenario, devicesPerProcess, http, authority, cgroups, folder, events, instruments, progress);
        await run.Execute(cancellation).ConfigureAwait(false);
        progress.Advance(1, "evaluating the result");
        using var journal = SqliteJournal.OpenExisting(folder.Journal);
        var network = new RunResult.NetworkRun(run.RoundTrips, run.Faults)
        {
            Scenario = scenario.Name, RoundEnds = run.RoundEnds, Ledgers = run.Ledgers, Retries = run.Retries, Restarts = run.Restarts,
            DeviceClasses = scenario.NamesClasses ? [.. scenario.Classes.Select(one => one.Name)] : null,
            DeviceClassesEnforced = scenario.NamesClasses ? cgroups.Fault is null : null,
        };
        return new RunResult(folder, system)
        {
            Relearned = round => progress.Advance((round + 1.0) / (parameters.Rounds + 1), "evaluating the result"),
        }.Write(journal, sessions: null, network, () => clock.Elapsed.TotalSeconds, cancellation);
    }
}
