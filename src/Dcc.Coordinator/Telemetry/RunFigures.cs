using Dcc.Core.Engine;
using Dcc.Core.Learning;

namespace Dcc.Coordinator.Telemetry;

/// <summary>
/// What a run's loop shows to those who collect metrics. The loop alone writes; anybody reads at any time, without making it wait. Every number is
/// whole; two of them may be of different moments.
/// </summary>
internal sealed class RunFigures
{
    private static readonly int Refusals = Enum.GetValues<Refusal>().Length;

    private readonly TimeProvider time;
    private readonly int deviceSeries;
    private readonly bool[] hadStream;
    private readonly long[] refused = new long[Refusals];
    private volatile Theta theta = new(0, 0, 0, 0, []);
    private volatile Round? last;
    private long openedAt;
    private long accepted;
    private long duplicate;
    private long late;
    private long fenced;
    private long clipped;
    private long firstStreams;
    private long resumedStreams;
    private volatile int round;
    private volatile int missing;
    private volatile int absent;
    private volatile int reported;
    private volatile int released;
    private volatile bool isOver;
    private volatile bool isStalled;

    /// <summary>Shows a run as it is opened by this process.</summary>
    /// <param name="label">What it is called in metrics.</param>
    /// <param name="engine">New or recovered.</param>
    /// <param name="deviceSeries">Devices shown one by one: those with an index below.</param>
    /// <param name="time">Clock of ages.</param>
    internal RunFigures(string label, RoundEngine engine, int deviceSeries, TimeProvider time)
    {
        Label = label;
        Devices = engine.Parameters.Devices;
        Rounds = engine.Parameters.Rounds;
        this.deviceSeries = Math.Min(deviceSeries, Devices);
        this.time = time;
        hadStream = new bool[Devices];
        openedAt = time.GetTimestamp();
        Show(engine);
    }

    /// <summary>theta now. Of the devices only those that are shown one by one.</summary>
    internal sealed record Theta(double Min, double Mean, double Max, double Sum, double[] OfDevices);

    /// <summary>The last committed round; the gradient is that of the last one that moved theta.</summary>
    internal sealed record Round(double MeanCost, double? GradientNorm, double[] CostOfDevices);

    internal string Label { get; }

    internal int Devices { get; }

    internal int Rounds { get; }

    internal int OpenRound => Math.Min(round, Rounds);

    /// <summary>How long the open round has been open in this process; null once the run is over.</summary>
    internal TimeSpan? RoundAge => isOver ? null : time.GetElapsedTime(Volatile.Read(ref openedAt));

    internal int Reported => reported;

    internal int Absent => absent;

    /// <summary>Connected, report not yet in.</summary>
    internal int Awaited => Math.Max(0, missing - absent);

    /// <summary>Neither waited for nor counted.</summary>
    internal int Released => released;

    /// <summary>Whether the journal cannot be written.</summary>
    internal bool Stalled
    {
        get => isStalled;
        set => isStalled = value;
    }

    internal long Accepted => Volatile.Read(ref accepted);

    internal long Duplicate => Volatile.Read(ref duplicate);

    internal long Late => Volatile.Read(ref late);

    internal long Fenced => Volatile.Read(ref fenced);

    internal long Clipped => Volatile.Read(ref clipped);

    internal long FirstStreams => Volatile.Read(ref firstStreams);

    internal long ResumedStreams => Volatile.Read(ref resumedStreams);

    internal Theta CurrentTheta => theta;

    internal Round? LastRound => last;

    internal long Refused(Refusal refusal) => Volatile.Read(ref refused[(int)refusal]);

    /// <summary>Shows what changes with any input.</summary>
    internal void Show(RoundEngine engine)
    {
        var counters = engine.Counters;
        Volatile.Write(ref accepted, counters.Accepted);
        Volatile.Write(ref duplicate, counters.Duplicate);
        Volatile.Write(ref late, counters.Stale);
        Volatile.Write(ref fenced, counters.Fenced);
        Volatile.Write(ref clipped, counters.Clipped);
        for (var refusal = 0; refusal < Refusals; refusal++)
        {
            Volatile.Write(ref refused[refusal], counters.Refused((Refusal)refusal));
        }

        missing = engine.Missing;
        absent = engine.Absent;
        round = engine.Round;
        isOver = engine.Finished || engine.Cancelled;
        reported = engine.Finished ? Devices : engine.Reported;
        released = engine.Finished ? 0 : Devices - engine.Members;
    }

    /// <summary>A device's stream was taken: resumed where the device had one before, here or by what it holds.</summary>
    internal void Joined(int device, int lastRoundHeld)
    {
        if (hadStream[device] || lastRoundHeld >= 0)
        {
            Volatile.Write(ref resumedStreams, resumedStreams + 1);
        }
        else
        {
            Volatile.Write(ref firstStreams, firstStreams + 1);
        }

        hadStream[device] = true;
    }

    /// <summary>The next round was opened.</summary>
    internal void Opened(long at) => Volatile.Write(ref openedAt, at);

    /// <summary>theta moved, or is shown for the first time.</summary>
    internal void Moved(ReadOnlySpan<double> current)
    {
        double sum = 0, least = double.PositiveInfinity, most = double.NegativeInfinity;
        foreach (var value in current)
        {
            sum += value;
            least = Math.Min(least, value);
            most = Math.Max(most, value);
        }

        theta = new Theta(least, sum / Devices, most, sum, current[..deviceSeries].ToArray());
    }

    /// <summary>A round was committed, by this process or an earlier one.</summary>
    /// <param name="meanCost">Mean reported J.</param>
    /// <param name="gradientNorm">Of the last gradient, null for none yet.</param>
    /// <param name="reports">By device; empty for a round of an earlier process.</param>
    internal void Committed(double meanCost, double? gradientNorm, Report[] reports) => last = new Round(
        meanCost, gradientNorm, deviceSeries == 0 ? [] : [.. reports.Take(deviceSeries).Select(report => report.Cost)]);
}
