namespace Dcc.Links.Ledger;

/// <summary>Books one direction of a connection at the device's socket.</summary>
internal sealed class Bookkeeper : IHttp2Listener
{
    private readonly LinkDirection direction;
    private readonly DeviceBooks books;
    private readonly ConnectionCauses causes;
    private readonly MessageMeaning meaning;
    private readonly MessageRelay? relay;
    private readonly Http2Parser parser;

    // A chunk belongs to the algorithm where anything booked with it or next after it does: then its segment would not exist otherwise.
    private long chunks;
    private long algorithmChunks;
    private long undecidedChunks;
    private long undecidedTls;
    private bool hasBooked;
    private (LedgerCause Cause, int Round) booked;

    internal Bookkeeper(
        LinkDirection direction, TapMoment moment, DeviceBooks books, ConnectionCauses causes, MessageMeaning meaning, MessageObserver? observer)
    {
        this.direction = direction;
        this.books = books;
        this.causes = causes;
        this.meaning = meaning;
        relay = observer is null ? null : new MessageRelay(direction, moment, observer);
        parser = new Http2Parser(direction, this);
    }

    internal void Take(ReadOnlySpan<byte> bytes)
    {
        lock (books.Gate)
        {
            books.Add(direction, new LedgerTotals.Transport { RawBytes = bytes.Length });
            Feed(bytes, tls: 0);
        }

        relay?.Flush();
    }

    /// <summary>Books what TLS carried, and its own bytes for that under the same cause; the caller holds the lock.</summary>
    internal void Feed(ReadOnlySpan<byte> bytes, long tls)
    {
        parser.Feed(bytes);
        chunks++;
        undecidedChunks++;
        undecidedTls += tls;
        DecideChunks();
    }

    /// <summary>Books TLS bytes that carried nothing, and how often they were read or written; the caller holds the lock.</summary>
    internal void BookTls(LedgerCause cause, int round, long bytes, long reads)
    {
        books.Book(direction, cause, round, LayerBytes.Of(LedgerLayer.Tls, bytes + undecidedTls));
        undecidedTls = 0;
        chunks += reads;
        books.BookChunks(direction, cause, round, reads);
    }

    /// <summary>Books what is left and the segments; the caller holds the lock.</summary>
    /// <param name="segments">Null for unknown: then chunks stand for data segments.</param>
    internal void Close((long Data, long Bare, long Bytes)? segments)
    {
        parser.End();
        DecideChunks();
        var (data, bare, bytes) = segments ?? (chunks, 0, 0);
        books.Add(direction, new LedgerTotals.Transport
        {
            KernelBytes = bytes,
            DataSegments = data,
            BareSegments = bare,
            AlgorithmSegments = chunks == 0 ? 0 : data * ((double)algorithmChunks / chunks),
        });
    }

    public void Message(ReadOnlySpan<byte> head, bool isReadable, in LayerBytes bytes)
    {
        var message = isReadable ? meaning(direction, head) : default;
        var (cause, round) = causes.OfMessage(direction, message);
        Book(cause, round, bytes);
        books.CountMessage(direction, cause, message.Kind);
        relay?.Add(message);
    }

    public void Frame(FrameType type, long bytes)
    {
        var (cause, round) = causes.OfFrame(direction, type);
        Book(cause, round, LayerBytes.Of(FrameHeader.LayerOf(type), bytes));
    }

    public void Rest(in LayerBytes bytes)
    {
        var (cause, round) = causes.OfRest(direction);
        Book(cause, round, bytes);
    }

    private void Book(LedgerCause cause, int round, in LayerBytes bytes)
    {
        books.Book(direction, cause, round, bytes);
        booked = hasBooked && booked.Cause == LedgerCause.Algorithm ? booked : (cause, round);
        hasBooked = true;
    }

    private void DecideChunks()
    {
        if (hasBooked)
        {
            algorithmChunks += booked.Cause == LedgerCause.Algorithm ? undecidedChunks : 0;
            books.BookChunks(direction, booked.Cause, booked.Round, undecidedChunks);
            books.Book(direction, booked.Cause, booked.Round, LayerBytes.Of(LedgerLayer.Tls, undecidedTls));
            undecidedChunks = 0;
            undecidedTls = 0;
            hasBooked = false;
        }
    }
}
