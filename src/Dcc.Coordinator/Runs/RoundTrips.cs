using Dcc.Core.Engine;

namespace Dcc.Coordinator.Runs;

/// <summary>
/// Milliseconds from a push to its report, by round and device, of the rounds that are not committed yet: one, or with asynchronous updates as many as
/// the quickest device is ahead of the slowest. A push that is sent again after a reconnection does not begin anew.
/// </summary>
internal sealed class RoundTrips
{
    private const float Unknown = -1;

    private readonly TimeProvider time;
    private readonly (int Round, long? At)[] pushed;
    private readonly Dictionary<int, float[]> rounds = [];

    // The array of a round that was committed serves the next one.
    private float[]? spare;

    /// <param name="engine">New or recovered.</param>
    /// <param name="isResumed">Whether an earlier process may have pushed the rounds that are open: when is not known.</param>
    /// <param name="time">The clock.</param>
    internal RoundTrips(RoundEngine engine, bool isResumed, TimeProvider time)
    {
        this.time = time;
        pushed = [.. Enumerable.Range(0, engine.Parameters.Devices).Select(device => (isResumed ? engine.RoundOf(device) : -1, (long?)null))];
    }

    internal void Pushed(int device, int round)
    {
        if (pushed[device].Round != round)
        {
            pushed[device] = (round, time.GetTimestamp());
        }
    }

    /// <summary>A device's report was taken.</summary>
    internal void Reported(int device, int round) =>
        Of(round)[device] = pushed[device] is ({ } last, { } at) && last == round ? (float)time.GetElapsedTime(at).TotalMilliseconds : Unknown;

    /// <summary>By device, negative where unknown.</summary>
    internal float[] Of(int round)
    {
        if (!rounds.TryGetValue(round, out var trips))
        {
            trips = spare ?? new float[pushed.Length];
            spare = null;
            Array.Fill(trips, Unknown);
            rounds.Add(round, trips);
        }

        return trips;
    }

    /// <summary>A round was committed, and nobody asks for it again.</summary>
    internal void Forget(int round) => rounds.Remove(round, out spare);
}
