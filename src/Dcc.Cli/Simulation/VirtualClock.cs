namespace Dcc.Cli.Simulation;

/// <summary>Time that passes from one callback to the next.</summary>
internal sealed class VirtualClock
{
    private readonly PriorityQueue<Action, (TimeSpan Time, long Order)> callbacks = new();
    private long order;

    /// <summary>Since the simulation's start.</summary>
    internal TimeSpan Now { get; private set; }

    /// <summary>Calls back at a time, now at the earliest; in the order of the requests where times are equal.</summary>
    internal void At(TimeSpan time, Action action) => callbacks.Enqueue(action, (time > Now ? time : Now, order++));

    /// <summary>Calls back after a time; never after an infinite one.</summary>
    internal void After(TimeSpan time, Action action)
    {
        if (time != Timeout.InfiniteTimeSpan)
        {
            At(Now + time, action);
        }
    }

    /// <summary>Lets time pass until something holds.</summary>
    /// <exception cref="InvalidOperationException">Nothing is left that could make it hold.</exception>
    internal void RunUntil(Func<bool> holds, CancellationToken cancellation)
    {
        while (!holds())
        {
            cancellation.ThrowIfCancellationRequested();
            if (!callbacks.TryDequeue(out var action, out var due))
            {
                throw new InvalidOperationException($"Nothing happens any more after {Now}.");
            }

            Now = due.Time;
            action();
        }
    }
}
