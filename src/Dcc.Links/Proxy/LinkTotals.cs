namespace Dcc.Links.Proxy;

/// <summary>Sums over the connections of a link; guarded by the link's lock.</summary>
internal sealed class LinkTotals
{
    private readonly long[] bytes = new long[2];
    private readonly long[] losses = new long[2];
    private readonly TimeSpan[] delay = new TimeSpan[2];

    internal long Connections { get; set; }

    internal long Resets { get; set; }

    /// <summary>Segments of the connections that are over.</summary>
    internal SegmentCounts Segments { get; private set; }

    internal void Delivered(LinkDirection direction, int count, TimeSpan late)
    {
        bytes[(int)direction] += count;
        delay[(int)direction] += late;
    }

    internal void Lost(LinkDirection direction, long transmissions) => losses[(int)direction] += transmissions;

    internal void Closed(SegmentCounts? segments) => Segments = Segments.Plus(segments ?? default);

    internal LinkCounts Read(int open) => new()
    {
        Connections = Connections,
        Open = open,
        Resets = Resets,
        UpBytes = bytes[0],
        DownBytes = bytes[1],
        UpDelay = delay[0],
        DownDelay = delay[1],
        UpLosses = losses[0],
        DownLosses = losses[1],
    };
}
