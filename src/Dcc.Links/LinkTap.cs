namespace Dcc.Links;

/// <summary>
/// Sees the bytes of one link's connections as they pass through a proxy, without changing them. Calls for one connection and direction come in
/// order; the two directions call at the same time.
/// </summary>
public interface ILinkTap
{
    /// <summary>A connection was accepted from the device's side.</summary>
    IConnectionTap Opened();
}

/// <summary>Sees the bytes of one connection.</summary>
public interface IConnectionTap
{
    /// <summary>The connection to the other side is open.</summary>
    /// <param name="port">Its port on this side, by which the other side knows it.</param>
    void Connected(int port)
    {
    }

    /// <summary>Bytes were read from the sender's socket; the link takes them on when this call returns, so what it does to the link hits them.</summary>
    void Sent(LinkDirection direction, ReadOnlySpan<byte> bytes);

    /// <summary>Bytes were written to the receiver's socket.</summary>
    void Delivered(LinkDirection direction, ReadOnlySpan<byte> bytes);

    /// <summary>The connection is over.</summary>
    /// <param name="segments">TCP segments on the device's side of the proxy, null where the platform does not tell.</param>
    void Closed(SegmentCounts? segments);
}

/// <summary>TCP segments of the connection between device and proxy, as the kernel counted them (TCP_INFO).</summary>
/// <param name="UpData">Segments with data from the device.</param>
/// <param name="UpBare">Segments without data from the device: acknowledgements, SYN, FIN.</param>
/// <param name="DownData">Segments with data to the device.</param>
/// <param name="DownBare">Segments without data to the device.</param>
/// <param name="UpBytes">Payload bytes received from the device.</param>
/// <param name="DownBytes">Payload bytes that the device acknowledged.</param>
public readonly record struct SegmentCounts(long UpData, long UpBare, long DownData, long DownBare, long UpBytes, long DownBytes)
{
    /// <summary>Both together, as of two connections.</summary>
    public SegmentCounts Plus(SegmentCounts other) => new(
        UpData + other.UpData, UpBare + other.UpBare, DownData + other.DownData, DownBare + other.DownBare, UpBytes + other.UpBytes,
        DownBytes + other.DownBytes);
}
