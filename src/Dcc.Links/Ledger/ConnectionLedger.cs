namespace Dcc.Links.Ledger;

/// <summary>One connection's part in its device's ledger: two directions booked at the device's socket, and both watched at the other end.</summary>
internal sealed class ConnectionLedger : IConnectionTap
{
    private readonly DeviceBooks books;
    private readonly Bookkeeper up;
    private readonly Bookkeeper down;
    private readonly Watcher? upArrival;
    private readonly Watcher downDeparture;
    private bool isClosed;

    internal ConnectionLedger(DeviceBooks books, MessageMeaning meaning, MessageObserver? observer)
    {
        this.books = books;
        ConnectionCauses causes;
        lock (books.Gate)
        {
            causes = new ConnectionCauses(books.History);
            up = new Bookkeeper(LinkDirection.Up, TapMoment.Sent, books, causes, meaning, observer);
            down = new Bookkeeper(LinkDirection.Down, TapMoment.Delivered, books, causes, meaning, observer);
        }

        upArrival = observer is null ? null : new Watcher(LinkDirection.Up, TapMoment.Delivered, meaning, observer);
        downDeparture = new Watcher(LinkDirection.Down, TapMoment.Sent, meaning, (direction, moment, message) =>
        {
            if (message.Kind == MessageKind.End)
            {
                lock (books.Gate)
                {
                    causes.AnnounceEnd();
                }
            }

            observer?.Invoke(direction, moment, message);
        });
    }

    public void Sent(LinkDirection direction, ReadOnlySpan<byte> bytes)
    {
        if (direction == LinkDirection.Up)
        {
            up.Take(bytes);
        }
        else
        {
            downDeparture.Take(bytes);
        }
    }

    public void Delivered(LinkDirection direction, ReadOnlySpan<byte> bytes)
    {
        if (direction == LinkDirection.Down)
        {
            down.Take(bytes);
        }
        else
        {
            upArrival?.Take(bytes);
        }
    }

    public void Closed(SegmentCounts? segments)
    {
        lock (books.Gate)
        {
            if (isClosed)
            {
                return;
            }

            isClosed = true;
            if (segments is null)
            {
                books.CountConnectionWithoutSegments();
            }

            up.Close(segments is { } s ? (s.UpData, s.UpBare, s.UpBytes) : null);
            down.Close(segments is { } t ? (t.DownData, t.DownBare, t.DownBytes) : null);
        }
    }
}
