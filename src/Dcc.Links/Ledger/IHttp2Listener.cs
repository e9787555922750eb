namespace Dcc.Links.Ledger;

/// <summary>Told what one direction of a connection carries. Every byte is told exactly once, when it is known what it belongs to.</summary>
internal interface IHttp2Listener
{
    /// <summary>A gRPC message is complete.</summary>
    /// <param name="head">The message, or its first 64 KiB; empty where it is compressed.</param>
    /// <param name="isReadable">False for a compressed message.</param>
    /// <param name="bytes">The message, its prefix, and the DATA frame headers since the message before it on its stream.</param>
    void Message(ReadOnlySpan<byte> head, bool isReadable, in LayerBytes bytes);

    /// <summary>A frame other than DATA is complete or, when the connection ends, cut off.</summary>
    /// <param name="type">Its type.</param>
    /// <param name="bytes">Its bytes, header included.</param>
    void Frame(FrameType type, long bytes);

    /// <summary>Bytes that belong to no whole message or frame: the preface, what was cut off, what is not gRPC.</summary>
    void Rest(in LayerBytes bytes);
}
