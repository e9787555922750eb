using System.Threading.Channels;
using Dcc.Protocol.V1;

namespace Dcc.Coordinator.Runs;

/// <summary>Those who watch a run. One that does not keep up loses the oldest updates.</summary>
internal sealed class RunWatchers
{
    private const int Capacity = 1024;

    private readonly List<Channel<RunUpdate>> watchers = [];

    /// <summary>Whether anybody watches: an update that nobody sees need not be made.</summary>
    internal bool Any => watchers.Count > 0;

    internal static Channel<RunUpdate> Create(Action<RunUpdate>? dropped) => Channel.CreateBounded(
        new BoundedChannelOptions(Capacity) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true }, dropped);

    internal void Add(Channel<RunUpdate> watcher) => watchers.Add(watcher);

    internal void Remove(Channel<RunUpdate> watcher) => watchers.Remove(watcher);

    internal void Tell(RunUpdate update) => watchers.ForEach(watcher => watcher.Writer.TryWrite(update));

    /// <summary>Ends every watch: the run is over.</summary>
    internal void End()
    {
        watchers.ForEach(watcher => watcher.Writer.TryComplete());
        watchers.Clear();
    }
}
