namespace Dcc.Coordinator.Runs;

/// <summary>
/// The deadline of a run's open round. The run's loop sets it and asks whether it has passed; a timer only wakes the loop, for it may go off a little
/// early at times, or while it is being set again.
/// </summary>
internal sealed class RoundDeadline : IDisposable
{
    private readonly TimeSpan length;
    private readonly TimeProvider time;
    private readonly ITimer timer;
    private int round;
    private long awaitedSince;
    private volatile bool isReached;

    /// <param name="length">How long after it is set it passes.</param>
    /// <param name="time">The clock.</param>
    /// <param name="wake">Called from the timer; must not wait.</param>
    internal RoundDeadline(TimeSpan length, TimeProvider time, Action wake)
    {
        this.length = length;
        this.time = time;
        timer = time.CreateTimer(_ => Reach(wake), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Sets it anew, for this round.</summary>
    internal void Await(int open)
    {
        round = open;
        awaitedSince = time.GetTimestamp();
        timer.Change(length, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Whether it has passed, told once, and for which round.</summary>
    internal bool TryTake(out int passed)
    {
        passed = round;
        if (!isReached)
        {
            return false;
        }

        isReached = false;
        var left = length - time.GetElapsedTime(awaitedSince);
        if (left > TimeSpan.Zero)
        {
            timer.Change(left, Timeout.InfiniteTimeSpan);
            return false;
        }

        return true;
    }

    public void Dispose() => timer.Dispose();

    private void Reach(Action wake)
    {
        isReached = true;
        wake();
    }
}
