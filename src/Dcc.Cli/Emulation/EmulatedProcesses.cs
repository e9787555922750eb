using System.Globalization;
using Dcc.Cli.Runs;
using Dcc.Cli.Scenarios;
using RunParameters = Dcc.Core.Engine.RunParameters;

namespace Dcc.Cli.Emulation;

/// <summary>Told what becomes of a process, of which device where it has one only, and why where that is known.</summary>
internal delegate void ProcessObserver(string kind, string process, int? device, string? reason);

/// <summary>The processes of an emulation: one coordinator, and agents with K devices each. Nothing is started until somebody keeps it running.</summary>
internal sealed class EmulatedProcesses : IDisposable
{
    private static readonly TimeSpan StopGrace = TimeSpan.FromSeconds(5);

    /// <summary>No stop takes longer: the agents end together, then the coordinator, each within its grace, and a little for the killing.</summary>
    internal static readonly TimeSpan LongestStop = (2 * StopGrace) + TimeSpan.FromSeconds(5);

    private readonly int devicesPerProcess;

    /// <summary>Describes the processes, and writes the system that the agents read.</summary>
    /// <param name="parameters">The run.</param>
    /// <param name="scenario">Knows what hosts the devices have.</param>
    /// <param name="devicesPerProcess">K.</param>
    /// <param name="address">Where the coordinator listens.</param>
    /// <param name="http">Where its page is.</param>
    /// <param name="network">What the agents connect to.</param>
    /// <param name="authority">Certificates for all of them; null without TLS.</param>
    /// <param name="cgroups">Where the agents run.</param>
    /// <param name="folder">Takes the system, the journal and the logs.</param>
    /// <param name="observer">Told of every start and end.</param>
    internal EmulatedProcesses(
        RunParameters parameters, Scenario scenario, int devicesPerProcess, Uri address, string http, EmulatedNetwork network,
        EmulatedAuthority? authority, AgentCgroups cgroups, RunFolder folder, ProcessObserver observer)
    {
        this.devicesPerProcess = devicesPerProcess;
        var logs = Directory.CreateDirectory(folder.File("logs")).FullName;
        var system = Path.GetFullPath(folder.File("system.json"));
        folder.Write("system.json", writer => writer.Write(parameters.EmulatedSystem));
        Coordinator = new ChildProcess(
            "Dcc.Coordinator", "coordinator",
            [
                "--listen", address.OriginalString, "--http", http, "--store", Path.GetFullPath(folder.Journal), .. Limits(parameters.Devices),
                .. authority?.CoordinatorArguments ?? [],
            ],
            logs, cgroup: null, (what, why) => observer(what, "coordinator", null, why));
        Agents = [.. Enumerable.Range(0, (parameters.Devices + devicesPerProcess - 1) / devicesPerProcess).Select(index =>
        {
            var first = index * devicesPerProcess;
            var last = Math.Min(first + devicesPerProcess, parameters.Devices) - 1;
            var range = first == last
                ? first.ToString(CultureInfo.InvariantCulture)
                : string.Create(CultureInfo.InvariantCulture, $"{first}-{last}");
            var name = $"agent-{range}";
            var host = scenario.Classes[first] is { Board: { } board, Name: var known }
                ? $"{known}, {board}: {(cgroups.Fault is null ? "enforced" : "NOT enforced")}"
                : null;
            return new ChildProcess(
                "Dcc.Agent", name,
                [
                    "--coordinator", network.Addresses(address.Scheme, first, last - first + 1), "--run", InProcessRun.Name, "--devices", range,
                    "--system", system, .. authority?.AgentArguments(first, last) ?? [],
                ],
                logs, cgroups.Of(index),
                (what, why) => observer(what, name, first == last ? first : null, why ?? (what is "started" or "restarted" ? host : null)));
        })];
    }

    internal ChildProcess Coordinator { get; }

    internal ChildProcess[] Agents { get; }

    /// <summary>Processes that were started again.</summary>
    internal int Restarts => Coordinator.Restarts + Agents.Sum(agent => agent.Restarts);

    internal ChildProcess AgentOf(int device) => Agents[device / devicesPerProcess];

    /// <summary>Waits for the agents to end by themselves, as they do after the run.</summary>
    internal Task WaitForAgents(TimeSpan patience) => Task.WhenAll(Agents.Select(agent => agent.WaitForEnd(patience)));

    /// <summary>Ends what is left, within <see cref="LongestStop"/>.</summary>
    internal async Task Stop()
    {
        await Task.WhenAll(Agents.Select(agent => agent.Stop(StopGrace))).ConfigureAwait(false);
        await Coordinator.Stop(StopGrace).ConfigureAwait(false);
    }

    public void Dispose()
    {
        Coordinator.Dispose();
        Array.ForEach(Agents, agent => agent.Dispose());
    }

    // All devices have one address here, and each may be there twice while its old connection is found dead.
    private static string[] Limits(int devices)
    {
        const int WithinDefaults = 5000;
        var most = (2 * devices).ToString(CultureInfo.InvariantCulture);
        return devices <= WithinDefaults ? [] : ["--max-connections-per-peer", most, "--max-streams-per-peer", most, "--max-devices", most];
    }
}
