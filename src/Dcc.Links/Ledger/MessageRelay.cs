namespace Dcc.Links.Ledger;

/// <summary>Keeps a chunk's messages until the chunk is booked and no lock is held: what the observer does may close the connection.</summary>
internal sealed class MessageRelay(LinkDirection direction, TapMoment moment, MessageObserver observer)
{
    private readonly List<MessageInfo> seen = [];

    internal void Add(MessageInfo message) => seen.Add(message);

    internal void Flush()
    {
        try
        {
            foreach (var message in seen)
            {
                observer(direction, moment, message);
            }
        }
        finally
        {
            seen.Clear();
        }
    }
}
