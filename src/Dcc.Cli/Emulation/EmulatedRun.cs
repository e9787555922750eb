using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using Dcc.Cli.Runs;
using Dcc.Cli.Scenarios;
using Dcc.Cli.Terminal;
using Dcc.Core.Devices;
using Dcc.Hosting.Security;
using Dcc.Links;
using Dcc.Links.Ledger;
using Dcc.Protocol.V1;
using RunParameters = Dcc.Core.Engine.RunParameters;

namespace Dcc.Cli.Emulation;

/// <summary>
/// A run of real processes on loopback: one coordinator, agents with K devices each, and in this process the links between them. This process
/// starts, watches and disturbs them; the result comes from the journal they leave.
/// </summary>
internal sealed class EmulatedRun : IDisposable
{
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan EndGrace = TimeSpan.FromSeconds(10);

    private readonly RunParameters parameters;
    private readonly IProgressDisplay progress;
    private readonly RunProgress shown;
    private readonly Stopwatch clock = Stopwatch.StartNew();
    private readonly EmulatedNetwork network;
    private readonly EmulatedProcesses processes;
    private readonly RunOperator runOperator;
    private readonly RunNotes notes;
    private readonly EmulatedEvents events;
    private readonly FaultInjector faults;
    private readonly EdgeSystem emulated;
    private readonly bool isTls;
    private readonly ConcurrentBag<Timer> timers = [];
    private readonly TaskCompletionSource broken = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long openedAt;
    private ulong earlierJoins;
    private ulong joins;

    internal EmulatedRun(
        RunParameters parameters, EdgeSystem emulated, Scenario scenario, int devicesPerProcess, string http, EmulatedAuthority? authority,
        AgentCgroups cgroups, RunFolder folder, EventsFile file, LinkInstruments instruments, IProgressDisplay progress)
    {
        isTls = authority is not null;
        this.parameters = parameters;
        this.emulated = emulated;
        this.progress = progress;
        shown = new RunProgress(progress, tellsEvents: false);
        var endPoint = new IPEndPoint(IPAddress.Loopback, FreePort.Find());
        var address = new Uri($"{(isTls ? Uri.UriSchemeHttps : Uri.UriSchemeHttp)}://{endPoint}");
        network = new EmulatedNetwork(scenario.Links, endPoint, parameters.Seed, instruments, authority?.PlaintextTap, (device, direction, moment, message) =>
            Guard(() => faults!.Seen(device, direction, moment, message)));
        notes = new RunNotes(InProcessRun.Name, network.Ledgers);
        events = new EmulatedEvents(clock, file, notes, shown, progress, instruments);
        processes = new EmulatedProcesses(parameters, scenario, devicesPerProcess, address, http, network, authority, cgroups, folder, events.Note);
        runOperator = new RunOperator(address, authority?.Operator ?? new ClientSecurity(), processes.Coordinator.LogPath);
        faults = new FaultInjector(scenario, new EmulatedFaultTarget(network, processes), After, events.Note);
    }

    /// <summary>Per committed round, milliseconds from push to report by device; negative where unknown.</summary>
    internal Dictionary<int, float[]> RoundTrips { get; } = [];

    /// <summary>Per committed round, seconds since the start when this process heard of it.</summary>
    internal Dictionary<int, double> RoundEnds { get; } = [];

    /// <summary>Streams that were established again.</summary>
    internal int Retries => (int)Math.Max(0, (long)(earlierJoins + joins) - parameters.Devices);

    /// <summary>Processes that were started again.</summary>
    internal int Restarts => processes.Restarts;

    /// <summary>Faults that were injected.</summary>
    internal int Faults => faults.Injected;

    /// <summary>What crossed each device's socket; final after <see cref="Execute"/>.</summary>
    internal IReadOnlyList<DeviceLedger> Ledgers => network.Ledgers;

    /// <summary>Runs to the end; whatever happens, no child is left.</summary>
    /// <exception cref="ChildFailedException">A child did not do its part.</exception>
    /// <exception cref="OperationCanceledException">Asked to stop.</exception>
    internal async Task Execute(CancellationToken cancellation)
    {
        using var over = new CancellationTokenSource();
        using var failed = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var children = new List<Task>();
        var run = Task.CompletedTask;
        var noting = Task.CompletedTask;
        try
        {
            children.Add(processes.Coordinator.KeepRunning(() => Task.FromResult(false), over.Token));
            run = Run(children, over.Token, failed.Token);
            noting = notes.Run(runOperator.Client, parameters, emulated, over.Token);
            await FirstFault(run, children).ConfigureAwait(false);
            await over.CancelAsync().ConfigureAwait(false);
            faults.Dispose();
            await processes.WaitForAgents(EndGrace).ConfigureAwait(false);
            events.Note("finished", process: null, device: null, reason: null);
        }
        finally
        {
            faults.Dispose();
            await failed.CancelAsync().ConfigureAwait(false);
            await over.CancelAsync().ConfigureAwait(false);
            await processes.Stop().ConfigureAwait(false);
            await network.DisposeAsync().ConfigureAwait(false);
            await Task.WhenAll(run, noting).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await Task.WhenAll(children).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    public void Dispose()
    {
        runOperator.Dispose();
        foreach (var timer in timers)
        {
            timer.Dispose();
        }

        processes.Dispose();
    }

    private async Task Run(List<Task> children, CancellationToken over, CancellationToken cancellation)
    {
        progress.Advance(0, "starting the coordinator");
        await runOperator.Create(parameters, cancellation).ConfigureAwait(false);
        processes.Coordinator.Joined = true;
        faults.Start();
        lock (children)
        {
            children.AddRange(processes.Agents.Select(agent => agent.KeepRunning(() => runOperator.IsFinished(cancellation), over)));
        }

        progress.Advance(0, "waiting for the devices");
        await runOperator.Watch(Take, cancellation).ConfigureAwait(false);
    }

    // Ends with the run, or with the first child that fails.
    private async Task FirstFault(Task run, List<Task> children)
    {
        while (!run.IsCompleted)
        {
            Task[] watched;
            lock (children)
            {
                watched = [run, broken.Task, .. children.Where(child => !child.IsCompletedSuccessfully), Task.Delay(LookInterval)];
            }

            var first = await Task.WhenAny(watched).ConfigureAwait(false);
            await first.ConfigureAwait(false);
        }

        await run.ConfigureAwait(false);
    }

    private void Take(RunUpdate update)
    {
        shown.Take(update);
        switch (update.ContentCase)
        {
            case RunUpdate.ContentOneofCase.Status:
                if (update.Status.OpenedUnixMilliseconds != openedAt)
                {
                    // A coordinator that was restarted counts from zero.
                    earlierJoins += joins;
                    openedAt = update.Status.OpenedUnixMilliseconds;
                }

                joins = update.Status.Joins;
                if (update.Status.Connected > 0)
                {
                    RoundOpened((int)update.Status.Round);
                }

                break;
            case RunUpdate.ContentOneofCase.Snapshot:
                foreach (var device in update.Snapshot.Connected)
                {
                    processes.AgentOf((int)device).Joined = true;
                }

                break;
            case RunUpdate.ContentOneofCase.Event:
                TakeEvent(update.Event);
                break;
            case RunUpdate.ContentOneofCase.Round:
                TakeRound(update.Round);
                break;
            default:
                break;
        }
    }

    private void TakeEvent(RunEvent happened)
    {
        if (happened.Kind == "joined")
        {
            processes.AgentOf((int)happened.Device).Joined = true;
        }

        events.Heard(happened);
    }

    private void TakeRound(RoundCommitted round)
    {
        // Who has a cost took part.
        for (var device = 0; device < round.Cost.Count; device++)
        {
            processes.AgentOf(device).Joined |= !float.IsNaN(round.Cost[device]);
        }

        RoundTrips[(int)round.Round] = [.. round.RoundTripMilliseconds];
        RoundEnds.TryAdd((int)round.Round, clock.Elapsed.TotalSeconds);
        RoundOpened((int)round.Round + 1);
    }

    // The links see rounds by their pushes, but not through TLS; then it is the coordinator that tells.
    private void RoundOpened(int round)
    {
        if (isTls)
        {
            Guard(() => faults.Opened(round));
        }
    }

    private void After(TimeSpan time, Action action) => timers.Add(new Timer(_ => Guard(action), null, time, Timeout.InfiniteTimeSpan));

    // On threads of links and timers, where an exception would end the process or leave a device waiting: it ends the run instead.
    private void Guard(Action inject)
    {
        try
        {
            inject();
        }
#pragma warning disable CA1031
        catch (Exception exception)
#pragma warning restore CA1031
        {
            broken.TrySetException(exception);
        }
    }
}
