namespace Dcc.Agent;

/// <summary>
/// Whether the loop that talks to the coordinator still turns. It does so at every attempt to connect and, on a stream, at least once in a
/// heartbeat; an evaluation may take as long as it takes, since learning has no bound that would hold for every device.
/// </summary>
internal sealed class Pulse(TimeProvider time)
{
    // An attempt is given up after 15 s and made again after 5 s; the rest is for a processor that is busy elsewhere.
    private static readonly TimeSpan Least = TimeSpan.FromSeconds(60);
    private const int SilentHeartbeats = 4;

    private long last = time.GetTimestamp();
    private long limitTicks = Least.Ticks;
    private volatile bool isOver;

    /// <summary>Whether it has been silent for longer than it may be.</summary>
    internal bool IsHung => !isOver && time.GetElapsedTime(Volatile.Read(ref last)).Ticks > Volatile.Read(ref limitTicks);

    /// <summary>It turned.</summary>
    internal void Beat() => Volatile.Write(ref last, time.GetTimestamp());

    /// <summary>How often it turns from now on.</summary>
    internal void Expect(TimeSpan heartbeat)
    {
        Beat();
        Volatile.Write(ref limitTicks, Math.Max(Least.Ticks, SilentHeartbeats * heartbeat.Ticks));
    }

    /// <summary>It has nothing more to do.</summary>
    internal void End() => isOver = true;
}
