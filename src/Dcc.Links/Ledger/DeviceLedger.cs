namespace Dcc.Links.Ledger;

/// <summary>
/// The bytes that crossed one device's socket, over all its connections: up when they were read from it, down when they were written to it. Each
/// byte is in exactly one layer, cause and round; that of a frame or message is booked when its last byte is seen, or when the connection ends.
/// <code>
///   device  -- Up Sent, booked -->         link  -- Up Delivered, watched -->  coordinator
///           &lt;-- Down Delivered, booked --        &lt;-- Down Sent, watched --
/// </code>
/// </summary>
public sealed class DeviceLedger : ILinkTap
{
    private readonly DeviceBooks books;
    private readonly MessageMeaning meaning;
    private readonly MessageObserver? observer;
    private readonly SealedConnections? contents;

    /// <summary>An empty ledger.</summary>
    /// <param name="device">Index of the device, for its rows.</param>
    /// <param name="meaning">Tells what a message is for.</param>
    /// <param name="observer">Sees every message on its way, null for nobody; nothing where TLS hides them.</param>
    /// <param name="contents">Where the content of connections that TLS seals is told; null where there are none, or nobody tells.</param>
    public DeviceLedger(int device, MessageMeaning meaning, MessageObserver? observer = null, SealedConnections? contents = null)
    {
        this.contents = contents;
        Device = device;
        books = new DeviceBooks(device);
        this.meaning = meaning;
        this.observer = observer;
    }

    /// <summary>Index of the device.</summary>
    public int Device { get; }

    /// <inheritdoc/>
    public IConnectionTap Opened() =>
        contents is null ? new ConnectionLedger(books, meaning, observer) : contents.Add(new SealedConnection(books, meaning, contents));

    /// <summary>What is booked so far, over all rounds. May be called while the ledger is written.</summary>
    public LedgerTotals Totals() => books.Totals();

    /// <summary>
    /// What is booked so far, cell by cell, in the order of round, direction, cause, layer. May be called while the ledger is written.
    /// </summary>
    public IReadOnlyList<LedgerRow> Rows() => books.Rows();

    /// <summary>
    /// TCP segments of closed connections by round and cause, both directions. How many there were is the kernel's count; which was sent for what is
    /// estimated by the share of reads or writes at the device's socket, which for small messages are one a segment.
    /// </summary>
    public IReadOnlyList<SegmentRow> Segments() => books.Segments();
}
