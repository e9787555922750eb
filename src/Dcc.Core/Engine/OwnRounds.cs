namespace Dcc.Core.Engine;

/// <summary>
/// How far each device is in a run with asynchronous updates, which reports wait to be committed, and whether they may: a commit takes all that wait,
/// unless the push of somebody else, still to be answered, would then be more than S commits older than theta.
/// </summary>
/// <remarks>
/// Whoever is waited for has such an old push and has not reported; once all of them have, everything that waits is committed. So a run never
/// waits for nobody, and with S = 0 every commit is everybody's.
/// </remarks>
/// <param name="devices">N.</param>
/// <param name="last">R: a device that is there has no push of its own to answer.</param>
/// <param name="staleness">S.</param>
internal sealed class OwnRounds(int devices, int last, int staleness)
{
    private readonly int[] rounds = new int[devices];
    private readonly long[] pushedAt = new long[devices];
    private readonly bool[] hasReported = new bool[devices];
    private readonly List<int> waiting = [];

    // Before this device nobody stands against the next commit.
    private int cleared;

    /// <summary>Commits so far: which theta is the newest.</summary>
    internal long Commits { get; private set; }

    /// <summary>Every device's own round, 0..R.</summary>
    internal ReadOnlySpan<int> Rounds => rounds;

    /// <summary>Whose reports wait.</summary>
    internal int Waiting => waiting.Count;

    internal bool HasReported(int device) => hasReported[device];

    /// <summary>Whether a device has made all its rounds and waits for the last evaluation.</summary>
    internal bool IsDone(int device) => rounds[device] == last;

    /// <summary>A report for the device's own round is there.</summary>
    internal void Take(int device)
    {
        hasReported[device] = true;
        waiting.Add(device);
    }

    /// <summary>Whether all reports that wait may be committed now.</summary>
    internal bool MayCommit()
    {
        while (cleared < rounds.Length
            && (hasReported[cleared] || IsDone(cleared) || Commits + 1 - pushedAt[cleared] <= staleness))
        {
            cleared++;
        }

        return waiting.Count > 0 && cleared == rounds.Length;
    }

    /// <summary>Commits them: their devices begin their next rounds, with pushes from the new theta.</summary>
    /// <returns>The devices, ascending.</returns>
    internal int[] Commit()
    {
        var devices = waiting.Order().ToArray();
        waiting.Clear();
        cleared = 0;
        Commits++;
        foreach (var device in devices)
        {
            hasReported[device] = false;
            pushedAt[device] = Commits;
            rounds[device]++;
        }

        return devices;
    }
}
