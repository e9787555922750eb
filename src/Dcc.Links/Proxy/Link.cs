using Dcc.Links.Model;

namespace Dcc.Links.Proxy;

/// <summary>What the connections of one link share. Its lock guards all of it and the state of every pump; no tap is called under it.</summary>
internal sealed class Link
{
    private readonly TimeSpan start = LinkScheduler.Now;
    private readonly long?[] limits = new long?[2];

    internal Link(LinkSettings settings, ulong seed, int index, ILinkTap? tap, LinkInstruments? instruments, LinkScheduler scheduler)
    {
        Up = new LinkModel(settings, LinkDirection.Up, seed, index);
        Down = new LinkModel(settings, LinkDirection.Down, seed, index);
        (Settings, Tap, Instruments, Scheduler) = (settings, tap, instruments, scheduler);
    }

    internal Lock Gate { get; } = new();

    internal LinkModel Up { get; }

    internal LinkModel Down { get; }

    internal LinkSettings Settings { get; private set; }

    internal ILinkTap? Tap { get; }

    internal LinkInstruments? Instruments { get; }

    internal LinkScheduler Scheduler { get; }

    internal HashSet<LinkConnection> Connections { get; } = [];

    internal LinkTotals Totals { get; } = new();

    /// <summary>Time since the link's start.</summary>
    internal TimeSpan Now => LinkScheduler.Now - start;

    internal LinkModel this[LinkDirection direction] => direction == LinkDirection.Up ? Up : Down;

    internal void Change(LinkSettings settings)
    {
        Settings = settings;
        Up.Change(settings);
        Down.Change(settings);
    }

    internal void Limit(LinkDirection direction, long bytes) => limits[(int)direction] = bytes;

    /// <summary>A connection is over, and what was to end it with it.</summary>
    internal void Closed(LinkConnection connection, SegmentCounts? segments)
    {
        Totals.Closed(segments);
        Connections.Remove(connection);
        if (Connections.Count == 0)
        {
            limits.AsSpan().Clear();
        }
    }

    /// <summary>Takes bytes off a limit before they are written, no more than it leaves.</summary>
    internal int Reserve(LinkDirection direction, int bytes)
    {
        if (limits[(int)direction] is not { } left)
        {
            return bytes;
        }

        var reserved = (int)Math.Min(left, bytes);
        limits[(int)direction] = left - reserved;
        return reserved;
    }

    /// <summary>Gives back what was reserved and not written.</summary>
    /// <returns>Whether the limit is reached; it is then lifted, so that the next connection lives.</returns>
    internal bool Settle(LinkDirection direction, int unwritten)
    {
        if (limits[(int)direction] is not { } left)
        {
            return false;
        }

        limits[(int)direction] = left + unwritten == 0 ? null : left + unwritten;
        return left + unwritten == 0;
    }

    internal void Schedule(Scheduled item, TimeSpan? due) => Scheduler.Schedule(item, start + due);
}
