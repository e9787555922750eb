namespace Dcc.Links.Ledger;

/// <summary>A device's or a run's bytes over all rounds: by layer, as raw bytes, and as TCP segments. A snapshot, which does not change.</summary>
public sealed class LedgerTotals
{
    /// <summary>Header bytes of a TCP segment: IPv4 20, TCP 20, timestamps 12. The two SYN of a connection carry 8 more, not counted.</summary>
    public const int SegmentHeaderBytes = 52;

    private const int Directions = 2;
    private const int Causes = (int)LedgerCause.Retry + 1;

    private readonly long[] bytes = new long[Directions * Causes * LayerBytes.Count];
    private readonly long[] messages = new long[Directions * Causes];
    private readonly Transport[] transports = new Transport[Directions];

    internal LedgerTotals()
    {
    }

    /// <summary>What is known of one direction beside its layers.</summary>
    internal struct Transport
    {
        internal long RawBytes;
        internal long KernelBytes;
        internal long DataSegments;
        internal long BareSegments;
        internal double AlgorithmSegments;
    }

    /// <summary>Rounds for which a report was sent, repeats not counted.</summary>
    public long DeviceRounds { get; internal set; }

    /// <summary>
    /// Closed connections whose segments nobody counted: for these a read or write at the device's socket stands for a data segment, bare segments
    /// are missing, and <see cref="KernelBytes"/> says nothing.
    /// </summary>
    public long ConnectionsWithoutSegments { get; internal set; }

    /// <summary>Whether the layers add up to the raw bytes, both ways. Not while a connection is in the middle of a frame or message.</summary>
    public bool AddsUp => TotalBytes(LinkDirection.Up) == RawBytes(LinkDirection.Up) && TotalBytes(LinkDirection.Down) == RawBytes(LinkDirection.Down);

    /// <summary>Bytes of the algorithm's cause up and down, without TCP/IP headers.</summary>
    public long AlgorithmBytes => Bytes(LinkDirection.Up, LedgerCause.Algorithm) + Bytes(LinkDirection.Down, LedgerCause.Algorithm);

    /// <summary>
    /// The cost of one round of one device, up and down together: bytes of the algorithm's cause in all layers, plus
    /// <see cref="SegmentHeaderBytes"/> for each data segment that carries some, over <see cref="DeviceRounds"/>. Data segments are the kernel's,
    /// per connection and direction; their share that carries the algorithm is estimated as the share among the reads or writes at the device's
    /// socket, which for small messages are one a segment. Bare acknowledgements, heartbeats, joining and retries are not in it. Null before the
    /// first report; too small while a connection is open, because its segments are counted at its end.
    /// </summary>
    public double? IpBytesPerDeviceRound => DeviceRounds == 0
        ? null
        : (AlgorithmBytes + (SegmentHeaderBytes * (transports[0].AlgorithmSegments + transports[1].AlgorithmSegments))) / DeviceRounds;

    /// <summary>The sum of devices.</summary>
    /// <param name="parts">Any number of them.</param>
    public static LedgerTotals Sum(IEnumerable<LedgerTotals> parts)
    {
        var sum = new LedgerTotals();
        foreach (var part in parts)
        {
            sum.Add(part);
        }

        return sum;
    }

    /// <summary>Bytes of one layer and cause.</summary>
    public long Bytes(LinkDirection direction, LedgerCause cause, LedgerLayer layer) => bytes[Index(direction, cause, layer)];

    /// <summary>Bytes of one cause, all layers.</summary>
    public long Bytes(LinkDirection direction, LedgerCause cause)
    {
        var sum = 0L;
        for (var layer = 0; layer < LayerBytes.Count; layer++)
        {
            sum += Bytes(direction, cause, (LedgerLayer)layer);
        }

        return sum;
    }

    /// <summary>Bytes of one layer, all causes.</summary>
    public long Bytes(LinkDirection direction, LedgerLayer layer)
    {
        var sum = 0L;
        for (var cause = 0; cause < Causes; cause++)
        {
            sum += Bytes(direction, (LedgerCause)cause, layer);
        }

        return sum;
    }

    /// <summary>The layers' sum.</summary>
    public long TotalBytes(LinkDirection direction)
    {
        var sum = 0L;
        for (var cause = 0; cause < Causes; cause++)
        {
            sum += Bytes(direction, (LedgerCause)cause);
        }

        return sum;
    }

    /// <summary>Bytes that crossed the device's socket, counted before any parsing.</summary>
    public long RawBytes(LinkDirection direction) => transports[(int)direction].RawBytes;

    /// <summary>
    /// Payload bytes of closed connections as the kernel counted them. Down it counts what the device acknowledged: less than the raw bytes after a
    /// reset.
    /// </summary>
    public long KernelBytes(LinkDirection direction) => transports[(int)direction].KernelBytes;

    /// <summary>Whole gRPC messages of a cause.</summary>
    public long Messages(LinkDirection direction, LedgerCause cause) => messages[((int)direction * Causes) + (int)cause];

    /// <summary>TCP segments of closed connections that carried data, times <see cref="SegmentHeaderBytes"/>.</summary>
    public long DataSegmentHeaderBytes(LinkDirection direction) => SegmentHeaderBytes * DataSegments(direction);

    /// <summary>TCP segments of closed connections without data (acknowledgements, SYN, FIN), times <see cref="SegmentHeaderBytes"/>.</summary>
    public long BareSegmentHeaderBytes(LinkDirection direction) => SegmentHeaderBytes * BareSegments(direction);

    /// <summary>TCP segments of closed connections that carried data.</summary>
    public long DataSegments(LinkDirection direction) => transports[(int)direction].DataSegments;

    /// <summary>TCP segments of closed connections without data.</summary>
    public long BareSegments(LinkDirection direction) => transports[(int)direction].BareSegments;

    internal void AddBytes(LinkDirection direction, LedgerCause cause, in LayerBytes added)
    {
        for (var layer = 0; layer < LayerBytes.Count; layer++)
        {
            bytes[Index(direction, cause, (LedgerLayer)layer)] += added[layer];
        }
    }

    internal void CountMessage(LinkDirection direction, LedgerCause cause) => messages[((int)direction * Causes) + (int)cause]++;

    internal void Add(LinkDirection direction, in Transport added)
    {
        ref var transport = ref transports[(int)direction];
        transport.RawBytes += added.RawBytes;
        transport.KernelBytes += added.KernelBytes;
        transport.DataSegments += added.DataSegments;
        transport.BareSegments += added.BareSegments;
        transport.AlgorithmSegments += added.AlgorithmSegments;
    }

    private void Add(LedgerTotals other)
    {
        for (var i = 0; i < bytes.Length; i++)
        {
            bytes[i] += other.bytes[i];
        }

        for (var i = 0; i < messages.Length; i++)
        {
            messages[i] += other.messages[i];
        }

        Add(LinkDirection.Up, other.transports[(int)LinkDirection.Up]);
        Add(LinkDirection.Down, other.transports[(int)LinkDirection.Down]);
        DeviceRounds += other.DeviceRounds;
        ConnectionsWithoutSegments += other.ConnectionsWithoutSegments;
    }

    private static int Index(LinkDirection direction, LedgerCause cause, LedgerLayer layer) =>
        ((((int)direction * Causes) + (int)cause) * LayerBytes.Count) + (int)layer;
}
