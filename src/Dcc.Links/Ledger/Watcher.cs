namespace Dcc.Links.Ledger;

/// <summary>Tells an observer of one direction's messages at the coordinator's end of the link, and books nothing.</summary>
internal sealed class Watcher : IHttp2Listener
{
    private readonly LinkDirection direction;
    private readonly MessageMeaning meaning;
    private readonly MessageRelay relay;
    private readonly Http2Parser parser;

    internal Watcher(LinkDirection direction, TapMoment moment, MessageMeaning meaning, MessageObserver observer)
    {
        this.direction = direction;
        this.meaning = meaning;
        relay = new MessageRelay(direction, moment, observer);
        parser = new Http2Parser(direction, this);
    }

    internal void Take(ReadOnlySpan<byte> bytes)
    {
        parser.Feed(bytes);
        relay.Flush();
    }

    public void Message(ReadOnlySpan<byte> head, bool isReadable, in LayerBytes bytes) =>
        relay.Add(isReadable ? meaning(direction, head) : default);

    public void Frame(FrameType type, long bytes)
    {
    }

    public void Rest(in LayerBytes bytes)
    {
    }
}
