namespace Dcc.Cli.Overhead;

/// <summary>Lets parties go on together, step by step.</summary>
/// <param name="parties">How many there are.</param>
/// <param name="passed">Told of every step when the last party has arrived and before any goes on: 0, 1, ...</param>
internal sealed class Lockstep(int parties, Action<int> passed)
{
    private readonly Lock gate = new();
    private TaskCompletionSource next = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int waiting;
    private int step;

    /// <summary>Waits for all parties.</summary>
    internal Task Arrive(CancellationToken cancellation)
    {
        lock (gate)
        {
            if (++waiting < parties)
            {
                return next.Task.WaitAsync(cancellation);
            }

            waiting = 0;
            passed(step++);
            next.SetResult();
            next = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return Task.CompletedTask;
        }
    }
}
