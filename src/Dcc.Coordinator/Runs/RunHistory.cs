using Dcc.Core.Engine;
using Dcc.Protocol.V1;
using Push = Dcc.Core.Learning.Push;

namespace Dcc.Coordinator.Runs;

/// <summary>
/// What happened in a run so far, for whoever begins to watch it. Per committed round it keeps the pushes, to replay to devices that missed them
/// (32 bytes per device and round), and a summary (about 100 bytes); of events and notes the latest.
/// </summary>
internal sealed class RunHistory
{
    /// <summary>Joins, leaves and absences that are kept, other events that are kept, and events that one request may note.</summary>
    internal const int MostEvents = 1000;

    private const int MostRoundsShown = 1000;

    // Of theta per device and round a snapshot shows this many values, 800 kB, beside the last round's.
    private const int MostThetaShown = 200_000;

    private readonly List<Push[]> pushes = [];
    private readonly List<Summary> summaries = [];
    private readonly Queue<(long Order, RunEvent Event)> membership = [];
    private readonly Queue<(long Order, RunEvent Event)> otherEvents = [];
    private long noted;
    private ReferenceCosts? costs;
    private CarriedBytes? bytes;
    private float[] lastRoundTrips = [];
    private CommittedRound? last;

    /// <summary>When a round was committed and how long it took; null where an earlier process saw it.</summary>
    internal readonly record struct Timing(DateTimeOffset CommittedAt, TimeSpan? Duration);

    private readonly record struct Summary(double MeanTheta, double MinTheta, double MaxTheta, double MeanCost, double? GradientNorm, Timing? Timing);

    /// <summary>Rounds committed.</summary>
    internal int Rounds => pushes.Count;

    /// <summary>Mean reported J of the last committed round; null before the first.</summary>
    internal double? LastCost => Rounds == 0 ? null : summaries[^1].MeanCost;

    /// <summary>Norm of the gradient that moved theta last; null before the first.</summary>
    internal double? LastGradientNorm => Rounds == 0 ? null : summaries[^1].GradientNorm ?? (Rounds == 1 ? null : summaries[^2].GradientNorm);

    /// <summary>Adds a committed round.</summary>
    /// <param name="round">The round.</param>
    /// <param name="gradient">The gradient that moved theta; empty for the last evaluation.</param>
    /// <param name="timing">Null where it was read from the journal.</param>
    /// <param name="roundTrips">Milliseconds by device, negative where unknown.</param>
    internal void Add(CommittedRound round, ReadOnlySpan<double> gradient, Timing? timing, ReadOnlySpan<float> roundTrips)
    {
        double sum = 0, squares = 0, least = double.PositiveInfinity, most = double.NegativeInfinity;
        for (var i = 0; i < round.Pushes.Length; i++)
        {
            var theta = round.Pushes[i].Theta;
            sum += theta;
            least = Math.Min(least, theta);
            most = Math.Max(most, theta);
        }

        foreach (var partial in gradient)
        {
            squares += partial * partial;
        }

        var devices = round.Pushes.Length;
        pushes.Add(round.Pushes);
        summaries.Add(new Summary(
            sum / devices, least, most, round.MeanCost, gradient.IsEmpty ? null : Math.Sqrt(squares), timing));
        Array.Resize(ref lastRoundTrips, roundTrips.Length);
        roundTrips.CopyTo(lastRoundTrips);
        last = round;
    }

    /// <summary>The pushes of a device in rounds first..last.</summary>
    /// <param name="device">Its index.</param>
    /// <param name="first">The first round.</param>
    /// <param name="last">The last round.</param>
    /// <param name="engine">Knows what was not committed as a round of all yet, with asynchronous updates.</param>
    internal Push[] Missed(int device, int first, int last, RoundEngine engine)
    {
        var missed = new Push[last - first + 1];
        for (var i = 0; i < missed.Length; i++)
        {
            missed[i] = first + i < pushes.Count ? pushes[first + i][device] : engine.PushAhead(device, first + i);
        }

        return missed;
    }

    /// <summary>Keeps an event. Thousands of devices that join again after a crash must not push the crash out.</summary>
    internal void Note(RunEvent happened)
    {
        var events = happened.Kind is "joined" or "left" or "absent" or "released" or "withdrawn" ? membership : otherEvents;
        if (events.Count == MostEvents)
        {
            events.Dequeue();
        }

        events.Enqueue((noted++, happened));
    }

    /// <summary>Replaces the costs to compare with.</summary>
    internal void Note(ReferenceCosts reference) => costs = reference;

    /// <summary>Replaces the bytes that links carried.</summary>
    internal void Note(CarriedBytes carried) => bytes = carried;

    /// <summary>The last committed round with everything that is known of it.</summary>
    internal RoundCommitted Last() => Describe(Rounds - 1, withTheta: true, withReports: true);

    /// <summary>Everything, as a watch begins with it.</summary>
    internal RunSnapshot Snapshot(IEnumerable<uint> connected)
    {
        var snapshot = new RunSnapshot { Costs = costs, Bytes = bytes };
        snapshot.Connected.AddRange(connected);
        snapshot.Events.AddRange(membership.Concat(otherEvents).OrderBy(kept => kept.Order).Select(kept => kept.Event));
        var stride = ((Rounds - 1) / MostRoundsShown) + 1;
        for (var round = (Rounds - 1) % stride; round >= 0 && round < Rounds; round += stride)
        {
            var later = (Rounds - 1 - round) / stride;
            snapshot.Rounds.Add(Describe(round, (long)(later + 1) * pushes[round].Length <= MostThetaShown || later == 0, later == 0));
        }

        return snapshot;
    }

    private RoundCommitted Describe(int round, bool withTheta, bool withReports)
    {
        var summary = summaries[round];
        var message = new RoundCommitted
        {
            Round = (uint)round, MeanTheta = summary.MeanTheta, MinTheta = summary.MinTheta, MaxTheta = summary.MaxTheta, MeanCost = summary.MeanCost,
        };
        if (summary.GradientNorm is { } norm)
        {
            message.GradientNorm = norm;
        }

        if (summary.Timing is { } timing)
        {
            message.UnixMilliseconds = timing.CommittedAt.ToUnixTimeMilliseconds();
            if (timing.Duration is { } duration)
            {
                message.DurationMilliseconds = duration.TotalMilliseconds;
            }
        }

        if (withTheta)
        {
            message.Theta.AddRange(pushes[round].Select(push => (float)push.Theta));
        }

        if (withReports)
        {
            message.RoundTripMilliseconds.AddRange(lastRoundTrips);
            message.Cost.AddRange(last!.Reports.Select((report, device) => last.HasReport(device) ? (float)report.Cost : float.NaN));
        }

        return message;
    }
}
