namespace Dcc.Links.Ledger;

/// <summary>
/// One connection whose content TLS seals: its bytes are counted at the device's socket, and booked when whoever holds the keys tells what they were,
/// provided that they have crossed that socket. What nobody tells is TLS's own: the handshake, the farewell, and what a fault cut off.
/// </summary>
internal sealed class SealedConnection : IConnectionTap
{
    // TLS 1.3 (RFC 8446, 5.2): a header of 5 bytes, the content's type, and the 16 bytes of authentication that all its usual ciphers have.
    private const int RecordOverhead = 22;
    private const int RecordContent = 16 * 1024;

    private readonly DeviceBooks books;
    private readonly SealedConnections contents;
    private readonly Way up;
    private readonly Way down;
    private readonly Watcher downDeparture;
    private readonly LedgerCause setUp;
    private readonly int round;
    private SegmentCounts? segments;

    internal SealedConnection(DeviceBooks books, MessageMeaning meaning, SealedConnections contents)
    {
        this.books = books;
        this.contents = contents;
        lock (books.Gate)
        {
            var causes = new ConnectionCauses(books.History);
            (setUp, round) = causes.OfFrame(LinkDirection.Up, FrameType.Settings);
            up = new Way(new Bookkeeper(LinkDirection.Up, TapMoment.Sent, books, causes, meaning, observer: null));
            down = new Way(new Bookkeeper(LinkDirection.Down, TapMoment.Delivered, books, causes, meaning, observer: null));
            downDeparture = new Watcher(LinkDirection.Down, TapMoment.Sent, meaning, (_, _, message) =>
            {
                if (message.Kind == MessageKind.End)
                {
                    causes.AnnounceEnd();
                }
            });
        }
    }

    /// <summary>One direction.</summary>
    private sealed class Way(Bookkeeper bookkeeper)
    {
        private readonly Queue<(byte[] Content, long End)> told = [];
        private long raw;
        private long reads;
        private long taken;
        private long contentsTaken;

        internal Bookkeeper Bookkeeper => bookkeeper;

        internal void Cross(int bytes)
        {
            raw += bytes;
            reads++;
            Drain();
        }

        internal void Tell(ReadOnlySpan<byte> content, long end)
        {
            told.Enqueue((content.ToArray(), end));
            Drain();
        }

        // The rest, of bytes and of reads or writes.
        internal void Settle(LedgerCause cause, int round) =>
            bookkeeper.BookTls(cause, round, raw - taken, Math.Max(0, reads - contentsTaken));

        private void Drain()
        {
            while (told.TryPeek(out var next) && next.End <= raw)
            {
                told.Dequeue();

                // How much of the rest is this record's is known; that it is never more than there is, needs no such knowledge.
                var records = (next.Content.Length + RecordContent - 1) / RecordContent;
                var tls = Math.Clamp(records * RecordOverhead, 0, Math.Max(0, next.End - taken - next.Content.Length));
                taken += next.Content.Length + tls;
                contentsTaken++;
                bookkeeper.Feed(next.Content, tls);
            }
        }
    }

    /// <summary>What was inside of some bytes of one direction.</summary>
    /// <param name="direction">Which.</param>
    /// <param name="content">The plaintext, following on from the one told before.</param>
    /// <param name="end">How many bytes the connection had carried in this direction with it, everything included.</param>
    internal void Tell(LinkDirection direction, ReadOnlySpan<byte> content, long end)
    {
        lock (books.Gate)
        {
            if (direction == LinkDirection.Down)
            {
                // The device may answer before its link tells that it has the end.
                downDeparture.Take(content);
            }

            WayOf(direction).Tell(content, end);
        }
    }

    /// <summary>Books what is left; nothing more is told.</summary>
    internal void Settle()
    {
        lock (books.Gate)
        {
            up.Settle(setUp, round);
            down.Settle(setUp, round);
            if (segments is null)
            {
                books.CountConnectionWithoutSegments();
            }

            up.Bookkeeper.Close(segments is { } s ? (s.UpData, s.UpBare, s.UpBytes) : null);
            down.Bookkeeper.Close(segments is { } t ? (t.DownData, t.DownBare, t.DownBytes) : null);
        }
    }

    public void Connected(int port) => contents.Listen(port, this);

    public void Sent(LinkDirection direction, ReadOnlySpan<byte> bytes)
    {
        if (direction == LinkDirection.Up)
        {
            Cross(direction, bytes.Length);
        }
    }

    public void Delivered(LinkDirection direction, ReadOnlySpan<byte> bytes)
    {
        if (direction == LinkDirection.Down)
        {
            Cross(direction, bytes.Length);
        }
    }

    public void Closed(SegmentCounts? segments) => this.segments ??= segments;

    private void Cross(LinkDirection direction, int bytes)
    {
        lock (books.Gate)
        {
            books.Add(direction, new LedgerTotals.Transport { RawBytes = bytes });
            WayOf(direction).Cross(bytes);
        }
    }

    private Way WayOf(LinkDirection direction) => direction == LinkDirection.Up ? up : down;
}
