using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using Dcc.Cli.Runs;
using Dcc.Cli.Scenarios;
using Dcc.Cli.Terminal;
using Dcc.Core.Devices;
using Dcc.Core.Validation;
using Dcc.Hosting.Security;
using Dcc.Links;
using Dcc.Links.Ledger;
using Dcc.Protocol;
using Dcc.Protocol.V1;
using Grpc.Core;
using Grpc.Net.Client;
using RunParameters = Dcc.Core.Engine.RunParameters;

namespace Dcc.Cli.Emulation;

/// <summary>
/// A run of real processes on loopback: one coordinator, agents with K devices each, and in this process the links between them. This process
/// starts, watches and disturbs them; the result comes from the journal they leave.
/// </summary>
internal sealed class EmulatedRun : IDisposable
{
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan EndGrace = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan StopGrace = TimeSpan.FromSeconds(5);

    /// <summary>No stop takes longer: the agents end together, then the coordinator, each within its grace, and a little for the killing.</summary>
    internal static readonly TimeSpan LongestStop = (2 * StopGrace) + TimeSpan.FromSeconds(5);

    private readonly RunParameters parameters;
    private readonly EventsFile events;
    private readonly IProgressDisplay progress;
    private readonly RunProgress shown;
    private readonly Stopwatch clock = Stopwatch.StartNew();
    private readonly ChildProcess coordinator;
    private readonly ChildProcess[] agents;
    private readonly int devicesPerProcess;
    private readonly EmulatedNetwork network;
    private readonly LinkInstruments instruments;
    private readonly FaultInjector faults;
    private readonly RunNotes notes;
    private readonly EdgeSystem emulated;
    private readonly bool isTls;
    private readonly ConcurrentBag<Timer> timers = [];
    private readonly TaskCompletionSource broken = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly GrpcChannel channel;
    private readonly Operation.OperationClient operation;
    private long openedAt;
    private ulong earlierJoins;
    private ulong joins;

    internal EmulatedRun(
        RunParameters parameters, EdgeSystem emulated, Scenario scenario, int devicesPerProcess, string http, EmulatedAuthority? authority,
        AgentCgroups cgroups, RunFolder folder, EventsFile events, LinkInstruments instruments, IProgressDisplay progress)
    {
        isTls = authority is not null;
        this.instruments = instruments;
        this.parameters = parameters;
        this.emulated = emulated;
        this.devicesPerProcess = devicesPerProcess;
        this.events = events;
        this.progress = progress;
        shown = new RunProgress(progress, tellsEvents: false);
        var endPoint = new IPEndPoint(IPAddress.Loopback, FreePort.Find());
        var scheme = isTls ? Uri.UriSchemeHttps : Uri.UriSchemeHttp;
        var address = $"{scheme}://{endPoint}";
        var logs = Directory.CreateDirectory(folder.File("logs")).FullName;
        var system = Path.GetFullPath(folder.File("system.json"));
        folder.Write("system.json", writer => writer.Write(parameters.EmulatedSystem));
        coordinator = new ChildProcess(
            "Dcc.Coordinator", "coordinator",
            [
                "--listen", address, "--http", http, "--store", Path.GetFullPath(folder.Journal), .. Limits(parameters.Devices),
                .. authority?.CoordinatorArguments ?? [],
            ],
            logs, cgroup: null, (what, why) => Note(what, "coordinator", null, why));
        network = new EmulatedNetwork(scenario.Links, endPoint, parameters.Seed, instruments, authority?.PlaintextTap, (device, direction, moment, message) =>
            Guard(() => faults!.Seen(device, direction, moment, message)));
        agents = [.. Enumerable.Range(0, (parameters.Devices + devicesPerProcess - 1) / devicesPerProcess).Select(index =>
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
                    "--coordinator", network.Addresses(scheme, first, last - first + 1), "--run", InProcessRun.Name, "--devices", range,
                    "--system", system, .. authority?.AgentArguments(first, last) ?? [],
                ],
                logs, cgroups.Of(index),
                (what, why) => Note(what, name, first == last ? first : null, why ?? (what is "started" or "restarted" ? host : null)));
        })];
        var target = new EmulatedFaultTarget(network, coordinator, AgentOf);
        faults = new FaultInjector(scenario, target, After, NoteFault);
        channel = GrpcChannel.ForAddress(address, new GrpcChannelOptions
        {
            HttpHandler = new SocketsHttpHandler
            {
                EnableMultipleHttp2Connections = true, SslOptions = (authority?.Operator ?? new ClientSecurity()).Tls(TimeProvider.System),
            },
            DisposeHttpClient = true,
            MaxReceiveMessageSize = null,
            InitialReconnectBackoff = TimeSpan.FromMilliseconds(50),
            MaxReconnectBackoff = TimeSpan.FromMilliseconds(200),
        });
        operation = new Operation.OperationClient(channel);
        notes = new RunNotes(operation, InProcessRun.Name, network.Ledgers);
    }

    /// <summary>Per committed round, milliseconds from push to report by device; negative where unknown.</summary>
    internal Dictionary<int, float[]> RoundTrips { get; } = [];

    /// <summary>Per committed round, seconds since the start when this process heard of it.</summary>
    internal Dictionary<int, double> RoundEnds { get; } = [];

    /// <summary>Streams that were established again.</summary>
    internal int Retries => (int)Math.Max(0, (long)(earlierJoins + joins) - parameters.Devices);

    /// <summary>Processes that were started again.</summary>
    internal int Restarts => coordinator.Restarts + agents.Sum(agent => agent.Restarts);

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
            children.Add(coordinator.KeepRunning(() => Task.FromResult(false), over.Token));
            run = Run(children, over.Token, failed.Token);
            noting = notes.Run(parameters, emulated, over.Token);
            await FirstFault(run, children).ConfigureAwait(false);
            await over.CancelAsync().ConfigureAwait(false);
            faults.Dispose();
            await Task.WhenAll(agents.Select(agent => agent.WaitForEnd(EndGrace))).ConfigureAwait(false);
            Note("finished", null, null, null);
        }
        finally
        {
            faults.Dispose();
            await failed.CancelAsync().ConfigureAwait(false);
            await over.CancelAsync().ConfigureAwait(false);
            await Task.WhenAll(agents.Select(agent => agent.Stop(StopGrace))).ConfigureAwait(false);
            await coordinator.Stop(StopGrace).ConfigureAwait(false);
            await network.DisposeAsync().ConfigureAwait(false);
            await Task.WhenAll(run, noting).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await Task.WhenAll(children).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    public void Dispose()
    {
        channel.Dispose();
        foreach (var timer in timers)
        {
            timer.Dispose();
        }

        coordinator.Dispose();
        Array.ForEach(agents, agent => agent.Dispose());
    }

    private async Task Run(List<Task> children, CancellationToken over, CancellationToken cancellation)
    {
        progress.Advance(0, "starting the coordinator");
        await CreateRun(cancellation).ConfigureAwait(false);
        coordinator.Joined = true;
        faults.Start();
        lock (children)
        {
            children.AddRange(agents.Select(agent => agent.KeepRunning(() => IsFinished(cancellation), over)));
        }

        progress.Advance(0, "waiting for the devices");
        while (!await Watch(cancellation).ConfigureAwait(false))
        {
            await Task.Delay(RetryDelay, cancellation).ConfigureAwait(false);
        }
    }

    // Ends with the run, or with the first child that fails.
    private async Task FirstFault(Task run, List<Task> children)
    {
        while (!run.IsCompleted)
        {
            Task[] watched;
            lock (children)
            {
                watched = [run, broken.Task, .. children.Where(child => !child.IsCompletedSuccessfully), Task.Delay(RetryDelay)];
            }

            var first = await Task.WhenAny(watched).ConfigureAwait(false);
            await first.ConfigureAwait(false);
        }

        await run.ConfigureAwait(false);
    }

    private async Task<bool> IsFinished(CancellationToken cancellation)
    {
        try
        {
            var status = await operation.GetRunAsync(new RunRequest { Run = InProcessRun.Name }, cancellationToken: cancellation).ConfigureAwait(false);
            return status.State == "finished";
        }
        catch (RpcException)
        {
            // Nobody to ask: the child is started again, and learns of the end itself.
            return false;
        }
    }

    private async Task CreateRun(CancellationToken cancellation)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(StartTimeout);
        var request = new CreateRunRequest { Run = InProcessRun.Name, Parameters = Wire.ToMessage(parameters) };
        while (true)
        {
            try
            {
                await operation.CreateRunAsync(request, cancellationToken: patience.Token).ConfigureAwait(false);
                return;
            }
            catch (RpcException exception) when (exception.StatusCode == StatusCode.InvalidArgument)
            {
                throw new InvalidInputException("run", "parameters that the coordinator takes", exception.Status.Detail);
            }
            catch (RpcException exception)
            {
                cancellation.ThrowIfCancellationRequested();
                if (exception.StatusCode != StatusCode.Unavailable || patience.IsCancellationRequested)
                {
                    throw new ChildFailedException($"the coordinator did not take the run ({exception.Status.Detail}); its log is {coordinator.LogPath}");
                }

                await Task.Delay(RetryDelay, cancellation).ConfigureAwait(false);
            }
        }
    }

    // True when the run is over, false when the coordinator is gone and must be asked again.
    private async Task<bool> Watch(CancellationToken cancellation)
    {
        var state = "";
        try
        {
            using var call = operation.WatchRun(new RunRequest { Run = InProcessRun.Name }, cancellationToken: cancellation);
            await foreach (var update in call.ResponseStream.ReadAllAsync(cancellation).ConfigureAwait(false))
            {
                state = update.Status?.State ?? state;
                Take(update);
            }
        }
        catch (RpcException exception) when (exception.StatusCode is StatusCode.Unavailable or StatusCode.Internal or StatusCode.Cancelled or StatusCode.Unknown)
        {
            cancellation.ThrowIfCancellationRequested();
        }
        catch (RpcException exception)
        {
            throw new ChildFailedException($"the coordinator no longer has the run ({exception.Status.Detail}); its log is {coordinator.LogPath}");
        }
        catch (IOException)
        {
            // The connection broke in the middle of a message.
        }

        if (state == "cancelled")
        {
            throw new ChildFailedException("the run was cancelled by an operator");
        }

        return state == "finished";
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
                    AgentOf((int)device).Joined = true;
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
        // The others were noted by this process.
        if (happened.Kind is not ("joined" or "left" or "refused" or "absent" or "released" or "withdrawn" or "suspected"))
        {
            return;
        }

        int? device = happened.HasDevice ? (int)happened.Device : null;
        if (happened.Kind == "joined")
        {
            AgentOf((int)happened.Device).Joined = true;
        }

        events.Write(clock.Elapsed.TotalSeconds, happened.Kind, round: (int)happened.Round, device: device, reason: happened.Reason);
    }

    private void TakeRound(RoundCommitted round)
    {
        // Who has a cost took part.
        for (var device = 0; device < round.Cost.Count; device++)
        {
            AgentOf(device).Joined |= !float.IsNaN(round.Cost[device]);
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

    // All devices have one address here, and each may be there twice while its old connection is found dead.
    private static string[] Limits(int devices)
    {
        const int WithinDefaults = 5000;
        var most = (2 * devices).ToString(CultureInfo.InvariantCulture);
        return devices <= WithinDefaults ? [] : ["--max-connections-per-peer", most, "--max-streams-per-peer", most, "--max-devices", most];
    }

    private ChildProcess AgentOf(int device) => agents[device / devicesPerProcess];

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

    private void NoteFault(string kind, TimelineFault fault)
    {
        events.WriteFault(clock.Elapsed, kind, fault);
        notes.Add(new RunEvent { Kind = kind, Reason = fault.ToString(), Round = (uint)(fault.Round ?? shown.OpenRound) });
        if (kind == "fault")
        {
            Say(fault.ToString());
            if (OnLink(fault.Action) is { } onLink)
            {
                instruments.Count(onLink);
            }
        }
    }

    private static LinkFault? OnLink(FaultAction action) => action switch
    {
        Partition => LinkFault.Partition,
        ChangeLink => LinkFault.Change,
        ResetConnections => LinkFault.Reset,
        RefuseConnections => LinkFault.Refuse,
        LimitBytes => LinkFault.Limit,
        SlowClose => LinkFault.SlowClose,
        _ => null,
    };

    private void Note(string kind, string? process, int? device, string? reason)
    {
        events.Write(clock.Elapsed.TotalSeconds, kind, device: device, process: process, reason: reason);
        var happened = new RunEvent { Kind = kind, Process = process ?? "", Round = (uint)shown.OpenRound, Reason = reason ?? "" };
        if (device is { } only)
        {
            happened.Device = (uint)only;
        }

        notes.Add(happened);
        if (kind is "killed" or "exited" or "restarted")
        {
            Say(kind == "killed" && reason is not null ? $"{process} {kind}, {reason}" : $"{process} {kind}");
        }
    }

    private void Say(string what) => progress.Say(EventLines.Text(clock.Elapsed, shown.OpenRound, what));
}
