using Dcc.Links;
using Dcc.Links.Model;

namespace Dcc.Cli.Simulation;

/// <summary>A device's link and the one connection over it, in virtual time: messages arrive whole and in order, when the link model says so.</summary>
internal sealed class VirtualLink
{
    private readonly VirtualClock clock;
    private readonly Way[] ways;

    /// <summary>An idle link.</summary>
    /// <param name="clock">The simulation's.</param>
    /// <param name="settings">What it does.</param>
    /// <param name="seed">The run's seed.</param>
    /// <param name="device">The device's index.</param>
    /// <param name="broken">Called when the connection is given up: something did not get through for too long.</param>
    internal VirtualLink(VirtualClock clock, LinkSettings settings, ulong seed, int device, Action broken)
    {
        this.clock = clock;
        Broken = broken;
        ways = [.. Enum.GetValues<LinkDirection>().Select(direction => new Way(new LinkModel(settings, direction, seed, device)))];
    }

    private sealed class Way(LinkModel model)
    {
        internal LinkModel Model => model;

        internal LinkFlow Flow { get; set; } = new(model);

        internal Queue<(int Bytes, Action Arrived)> Messages { get; } = new();

        // Of the first message, those that are still missing.
        internal int Arrived { get; set; }

        internal int? BytesLeft { get; set; }
    }

    private Action Broken { get; }

    internal void Change(LinkSettings settings) => Array.ForEach(ways, way => way.Model.Change(settings));

    internal void Partition(bool up, bool down) =>
        (ways[(int)LinkDirection.Up].Model.Partitioned, ways[(int)LinkDirection.Down].Model.Partitioned) = (up, down);

    /// <summary>Resets the connection after so many more bytes.</summary>
    internal void Limit(LinkDirection direction, int bytes) => ways[(int)direction].BytesLeft = bytes;

    /// <summary>Forgets everything under way: the connection is gone.</summary>
    internal void Clear()
    {
        foreach (var way in ways)
        {
            way.Flow = new LinkFlow(way.Model);
            way.Messages.Clear();
            way.Arrived = 0;
            way.BytesLeft = null;
        }
    }

    /// <summary>Sends a message.</summary>
    /// <param name="direction">Which way.</param>
    /// <param name="bytes">Payload of the connection, 0 for a bare segment.</param>
    /// <param name="arrived">Called when its last byte arrives.</param>
    internal void Send(LinkDirection direction, int bytes, Action arrived)
    {
        var way = ways[(int)direction];
        if (way.BytesLeft is { } left)
        {
            way.BytesLeft = left - bytes;
            if (left < bytes)
            {
                Broken();
                return;
            }
        }

        way.Messages.Enqueue((bytes, arrived));
        way.Flow.Send(clock.Now, bytes);
        Await(way);
    }

    private void Await(Way way)
    {
        if (way.Flow.NextEvent is { } next)
        {
            var flow = way.Flow;
            clock.At(next, () => Advance(way, flow));
        }
    }

    private void Advance(Way way, LinkFlow flow)
    {
        if (way.Flow != flow)
        {
            return;
        }

        var arrival = flow.Advance(clock.Now);
        if (flow.Reset)
        {
            Broken();
            return;
        }

        way.Arrived += arrival.Bytes;
        var bare = arrival.Bare;
        while (way.Flow == flow && way.Messages.TryPeek(out var first) && (first.Bytes == 0 ? bare > 0 : way.Arrived >= first.Bytes))
        {
            way.Messages.Dequeue();
            way.Arrived -= first.Bytes;
            bare -= first.Bytes == 0 ? 1 : 0;
            first.Arrived();
        }

        if (way.Flow == flow)
        {
            Await(way);
        }
    }
}
