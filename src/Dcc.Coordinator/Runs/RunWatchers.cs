using System.Threading.Channels;
using Dcc.Protocol.V1;

namespace Dcc.Coordinator.Runs;

/// <summary>
/// Those who watch a run. Each begins with what happened so far and is then told everything as it happens; what happens is kept for those who begin
/// later. One that does not keep up loses the oldest updates.
/// </summary>
/// <param name="history">Keeps what happened.</param>
/// <param name="time">Clock of events.</param>
/// <param name="describe">The run's status now; made only where somebody watches.</param>
internal sealed class RunWatchers(RunHistory history, TimeProvider time, Func<RunStatus> describe)
{
    private const int Capacity = 1024;

    private readonly List<Channel<RunUpdate>> watchers = [];

    internal static Channel<RunUpdate> Create(Action<RunUpdate>? dropped) => Channel.CreateBounded(
        new BoundedChannelOptions(Capacity) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true }, dropped);

    /// <summary>Somebody begins to watch.</summary>
    /// <param name="watcher">From <see cref="Create"/>.</param>
    /// <param name="connected">The devices that have a stream.</param>
    internal void Add(Channel<RunUpdate> watcher, IEnumerable<uint> connected)
    {
        watchers.Add(watcher);
        watcher.Writer.TryWrite(new RunUpdate { Status = describe() });
        watcher.Writer.TryWrite(new RunUpdate { Snapshot = history.Snapshot(connected) });
    }

    internal void Remove(Channel<RunUpdate> watcher) => watchers.Remove(watcher);

    /// <summary>Tells what happened now, to a device where it is about one.</summary>
    internal void Happened(string kind, int round, int? device, string reason = "")
    {
        var happened = new RunEvent
        {
            Kind = kind, Round = (uint)round, Reason = reason, UnixMilliseconds = time.GetUtcNow().ToUnixTimeMilliseconds(),
        };
        if (device is { } only)
        {
            happened.Device = (uint)only;
        }

        Tell(happened);
    }

    /// <summary>Tells what somebody outside knows of the run.</summary>
    internal void Tell(NoteRunRequest note)
    {
        foreach (var happened in note.Events)
        {
            Tell(happened);
        }

        if (note.Costs is { } costs)
        {
            history.Note(costs);
            Tell(new RunUpdate { Costs = costs });
        }

        if (note.Bytes is { } bytes)
        {
            history.Note(bytes);
            Tell(new RunUpdate { Bytes = bytes });
        }
    }

    /// <summary>Tells the round that was committed last.</summary>
    internal void TellRound()
    {
        if (watchers.Count > 0)
        {
            Tell(new RunUpdate { Round = history.Last() });
            TellStatus();
        }
    }

    internal void TellStatus()
    {
        if (watchers.Count > 0)
        {
            Tell(new RunUpdate { Status = describe() });
        }
    }

    /// <summary>Ends every watch with the last status: the run is over.</summary>
    internal void End()
    {
        TellStatus();
        watchers.ForEach(watcher => watcher.Writer.TryComplete());
        watchers.Clear();
    }

    private void Tell(RunEvent happened)
    {
        history.Note(happened);
        Tell(new RunUpdate { Event = happened });
    }

    private void Tell(RunUpdate update) => watchers.ForEach(watcher => watcher.Writer.TryWrite(update));
}
