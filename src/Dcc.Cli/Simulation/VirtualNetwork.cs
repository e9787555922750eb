using Dcc.Cli.Emulation;
using Dcc.Cli.Scenarios;
using Dcc.Links;
using Dcc.Links.Ledger;

namespace Dcc.Cli.Simulation;

/// <summary>
/// When the messages of a run would arrive over a scenario's links and through its faults, in virtual time. Learning and starting take no time;
/// the watchdogs of the real programs are not modelled. Nothing here can change a result, but for the order of arrival with
/// asynchronous updates.
/// </summary>
internal sealed class VirtualNetwork : IFaultTarget, IDisposable
{
    // What a stream's set-up carries beside the push, as measured with emulate: preface, settings, headers, hello; settings, headers, welcome.
    private const int HelloBytes = 310;
    private const int WelcomeBytes = 220;

    // An HTTP/2 DATA frame's header and gRPC's message prefix.
    private const int FrameBytes = 14;

    // The agents' back-off, without its jitter.
    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(5);

    private readonly VirtualClock clock = new();
    private readonly Device[] devices;
    private readonly FaultInjector faults;
    private readonly List<Action> held = [];
    private readonly Queue<int> arrived = [];
    private readonly int devicesPerProcess;
    private TimeSpan coordinatorDownUntil;
    private bool coordinatorPaused;

    /// <summary>Every device begins to connect at time zero.</summary>
    internal VirtualNetwork(Scenario scenario, ulong seed, Action<TimeSpan, string, TimelineFault> note)
    {
        devices = [.. scenario.Links.Select((settings, index) => new Device
        {
            Link = new VirtualLink(clock, settings, seed, index, () => Disconnect(index, FirstDelay)),
        })];
        devicesPerProcess = scenario.DevicesPerProcess ?? 1;
        faults = new FaultInjector(scenario, this, clock.After, (kind, fault) => note(clock.Now, kind, fault));
        faults.Start();
        for (var device = 0; device < devices.Length; device++)
        {
            Connect(device, FirstDelay);
        }
    }

    private sealed class Device
    {
        internal required VirtualLink Link { get; init; }

        internal bool Connected { get; set; }

        internal bool Refused { get; set; }

        internal bool Paused { get; set; }

        internal List<Action> Held { get; } = [];

        // While its process is away.
        internal TimeSpan DownUntil { get; set; }

        // The push that is to be answered; none before the first.
        internal int Round { get; set; } = -1;

        internal int PushBytes { get; set; }

        internal int ReportBytes { get; set; }

        internal bool Reported { get; set; }

        internal TimeSpan PushedAt { get; set; }

        internal float RoundTrip { get; set; }

        // Callbacks of an earlier connection attempt are void.
        internal int Epoch { get; set; }
    }

    /// <summary>Since the start.</summary>
    internal TimeSpan Now => clock.Now;

    /// <summary>Faults injected so far.</summary>
    internal int Faults => faults.Injected;

    /// <summary>Lets a round's pushes and reports travel.</summary>
    /// <param name="opened">The round.</param>
    /// <param name="pushes">Protobuf bytes of the push, by device.</param>
    /// <param name="reports">Protobuf bytes of the report, by device.</param>
    /// <param name="cancellation">Ends the work.</param>
    /// <returns>Milliseconds from push to report, by device.</returns>
    internal float[] Carry(int opened, int[] pushes, int[] reports, CancellationToken cancellation)
    {
        for (var device = 0; device < devices.Length; device++)
        {
            Open(device, opened, pushes[device], reports[device]);
        }

        for (var device = 0; device < devices.Length; device++)
        {
            if (devices[device].Connected)
            {
                Push(device);
            }
        }

        clock.RunUntil(() => arrived.Count == devices.Length, cancellation);
        arrived.Clear();
        return Array.ConvertAll(devices, device => device.RoundTrip);
    }

    /// <summary>Lets one device's push and report travel, whatever the others do.</summary>
    internal void Send(int device, int opened, int pushBytes, int reportBytes)
    {
        Open(device, opened, pushBytes, reportBytes);
        if (devices[device].Connected)
        {
            Push(device);
        }
    }

    /// <summary>The next device whose report arrives, and the milliseconds since its push.</summary>
    internal (int Device, float RoundTrip) Receive(CancellationToken cancellation)
    {
        clock.RunUntil(() => arrived.Count > 0, cancellation);
        var device = arrived.Dequeue();
        return (device, devices[device].RoundTrip);
    }

    public void Dispose() => faults.Dispose();

    public void Partition(int device, bool up, bool down) => devices[device].Link.Partition(up, down);

    public void Change(int device, LinkSettings settings) => devices[device].Link.Change(settings);

    public void Refuse(int device, bool refuse) => devices[device].Refused = refuse;

    public void Reset(int device) => Disconnect(device, FirstDelay);

    public void Limit(int device, LinkDirection direction, int bytes) => devices[device].Link.Limit(direction, bytes);

    public void SlowClose(int device, TimeSpan time) => Disconnect(device, time + FirstDelay);

    public void KillAgents(IReadOnlyList<int> devices, TimeSpan restartAfter)
    {
        foreach (var index in OfProcesses(devices))
        {
            this.devices[index].DownUntil = clock.Now + restartAfter;
            this.devices[index].Paused = false;
            Disconnect(index, restartAfter);
        }
    }

    public void PauseAgents(IReadOnlyList<int> devices, bool pause)
    {
        foreach (var device in OfProcesses(devices).Select(index => this.devices[index]))
        {
            device.Paused = pause;
            if (!pause)
            {
                Release(device.Held);
            }
        }
    }

    public void EndCoordinator(bool kill, TimeSpan restartAfter)
    {
        coordinatorDownUntil = clock.Now + restartAfter;
        for (var device = 0; device < devices.Length; device++)
        {
            Disconnect(device, FirstDelay);
        }
    }

    public void PauseCoordinator(bool pause)
    {
        coordinatorPaused = pause;
        if (!pause)
        {
            Release(held);
        }
    }

    private void Open(int index, int opened, int pushBytes, int reportBytes)
    {
        var device = devices[index];
        (device.Round, device.PushBytes, device.ReportBytes, device.Reported) = (opened, pushBytes, reportBytes, false);
    }

    // Every device of every process that hosts one of these.
    private IEnumerable<int> OfProcesses(IReadOnlyList<int> named) => named.Select(device => device / devicesPerProcess).Distinct()
        .SelectMany(process => Enumerable.Range(process * devicesPerProcess, devicesPerProcess).TakeWhile(device => device < devices.Length));

    private static void Release(List<Action> waiting)
    {
        var released = waiting.ToList();
        waiting.Clear();
        released.ForEach(action => action());
    }

    private void Disconnect(int index, TimeSpan retryAfter)
    {
        var device = devices[index];
        device.Epoch++;
        device.Connected = false;
        device.Held.Clear();
        device.Link.Clear();
        var later = clock.Now + retryAfter;
        clock.At(later > device.DownUntil ? later : device.DownUntil, Current(device, () => Connect(index, FirstDelay)));
    }

    // Three-way handshake, then hello and welcome.
    private void Connect(int index, TimeSpan delay)
    {
        var device = devices[index];
        if (device.Refused || clock.Now < coordinatorDownUntil)
        {
            clock.After(delay, Current(device, () => Connect(index, 2 * delay < LongestDelay ? 2 * delay : LongestDelay)));
            return;
        }

        device.Link.Send(LinkDirection.Up, 0, Current(device, () =>
            device.Link.Send(LinkDirection.Down, 0, Current(device, () =>
                device.Link.Send(LinkDirection.Up, HelloBytes, AtCoordinator(device, () => Welcome(index)))))));
    }

    private void Welcome(int index)
    {
        var device = devices[index];
        var epoch = device.Epoch;
        device.Connected = true;
        device.Link.Send(LinkDirection.Down, WelcomeBytes, () => { });
        if (epoch == device.Epoch && device.Round >= 0 && !device.Reported)
        {
            Push(index);
        }
    }

    private void Push(int index)
    {
        var device = devices[index];
        var epoch = device.Epoch;
        var pushed = device.Round;
        device.PushedAt = clock.Now;
        faults.Seen(index, LinkDirection.Down, TapMoment.Sent, new MessageInfo(MessageKind.Push, pushed));
        if (epoch == device.Epoch)
        {
            device.Link.Send(LinkDirection.Down, FrameBytes + device.PushBytes, AtDevice(device, () => Answer(index, pushed)));
        }
    }

    private void Answer(int index, int pushed)
    {
        var device = devices[index];
        var epoch = device.Epoch;
        faults.Seen(index, LinkDirection.Down, TapMoment.Delivered, new MessageInfo(MessageKind.Push, pushed));
        if (epoch != device.Epoch)
        {
            return;
        }

        faults.Seen(index, LinkDirection.Up, TapMoment.Sent, new MessageInfo(MessageKind.Report, pushed));
        if (epoch == device.Epoch)
        {
            device.Link.Send(LinkDirection.Up, FrameBytes + device.ReportBytes, AtCoordinator(device, () => Take(index, pushed)));
        }
    }

    private void Take(int index, int reported)
    {
        var device = devices[index];
        if (reported == device.Round && !device.Reported)
        {
            device.Reported = true;
            device.RoundTrip = (float)(clock.Now - device.PushedAt).TotalMilliseconds;
            arrived.Enqueue(index);
        }

        faults.Seen(index, LinkDirection.Up, TapMoment.Delivered, new MessageInfo(MessageKind.Report, reported));
    }

    private static Action Current(Device device, Action action)
    {
        var epoch = device.Epoch;
        return () =>
        {
            if (epoch == device.Epoch)
            {
                action();
            }
        };
    }

    // A process that is stopped finds what arrived when it goes on.
    private static Action AtDevice(Device device, Action action) => Current(device, () => Run(device.Paused, device.Held, Current(device, action)));

    private Action AtCoordinator(Device device, Action action) => Current(device, () => Run(coordinatorPaused, held, Current(device, action)));

    private static void Run(bool paused, List<Action> waiting, Action action)
    {
        if (paused)
        {
            waiting.Add(action);
        }
        else
        {
            action();
        }
    }
}
