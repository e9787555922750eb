namespace Dcc.Links.Ledger;

/// <summary>
/// Splits one direction of a plaintext HTTP/2 connection with prior knowledge (RFC 9113), fed in any pieces, into frames, and DATA frames into gRPC
/// messages. Judges nothing it can count without: what breaks the framing ends the parsing, and all further bytes are told as they come.
/// </summary>
internal sealed class Http2Parser
{
    // A record of type handshake: the first byte of every TLS connection, and as HTTP/2 neither a preface nor SETTINGS.
    private const byte TlsHandshake = 0x16;

    private readonly IHttp2Listener listener;
    private readonly GrpcStreams streams;
    private readonly byte[] header = new byte[FrameHeader.Bytes];
    private Place place;
    private LedgerLayer foreignLayer = LedgerLayer.Other;
    private bool isFirstByte = true;
    private bool isFirstFrame = true;

    // Of the preface or of a frame's header.
    private int seen;
    private FrameHeader frame;
    private GrpcStream? stream;

    // Bytes to come of the frame, padding excluded.
    private int remaining;
    private int padding;

    // Stream that a CONTINUATION must follow on, 0 for none.
    private int continued;

    internal Http2Parser(LinkDirection direction, IHttp2Listener listener)
    {
        this.listener = listener;
        streams = new GrpcStreams(listener);
        place = direction == LinkDirection.Up ? Place.Preface : Place.Header;
    }

    private enum Place
    {
        Preface,
        Header,
        Content,
        PadLength,
        Data,
        Padding,
        Foreign,
    }

    private static ReadOnlySpan<byte> Preface => "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8;

    internal void Feed(ReadOnlySpan<byte> bytes)
    {
        if (isFirstByte && !bytes.IsEmpty)
        {
            isFirstByte = false;
            if (bytes[0] == TlsHandshake)
            {
                GiveUp(LedgerLayer.Tls);
            }
        }

        while (!bytes.IsEmpty)
        {
            bytes = bytes[Take(bytes)..];
        }
    }

    /// <summary>Tells everything that is still incomplete. Bytes fed afterwards are told as foreign.</summary>
    internal void End()
    {
        switch (place)
        {
            case Place.Preface:
                Rest(LedgerLayer.ControlFrames, seen);
                break;
            case Place.Header:
                Rest(seen > FrameHeader.TypeOffset ? FrameHeader.LayerOf((FrameType)header[FrameHeader.TypeOffset]) : LedgerLayer.Other, seen);
                break;
            case Place.Content:
                listener.Frame(frame.Type, FrameHeader.Bytes + frame.Length - remaining);
                break;
            default:
                break;
        }

        GiveUp(LedgerLayer.Other);
    }

    private int Take(ReadOnlySpan<byte> bytes) => place switch
    {
        Place.Preface => TakePreface(bytes),
        Place.Header => TakeHeader(bytes),
        Place.Content => TakeContent(bytes),
        Place.PadLength => TakePadLength(bytes[0]),
        Place.Data => TakeData(bytes),
        Place.Padding => TakePadding(bytes),
        _ => TakeForeign(bytes),
    };

    private int TakePreface(ReadOnlySpan<byte> bytes)
    {
        var expected = Preface[seen..];
        var common = bytes.CommonPrefixLength(expected);
        seen += common;
        if (common == expected.Length)
        {
            Rest(LedgerLayer.ControlFrames, Preface.Length);
            place = Place.Header;
            seen = 0;
        }
        else if (common < bytes.Length)
        {
            Rest(LedgerLayer.Other, seen);
            GiveUp(LedgerLayer.Other);
        }

        return common;
    }

    private int TakeHeader(ReadOnlySpan<byte> bytes)
    {
        var taken = Math.Min(FrameHeader.Bytes - seen, bytes.Length);
        bytes[..taken].CopyTo(header.AsSpan(seen));
        seen += taken;
        if (seen == FrameHeader.Bytes)
        {
            frame = FrameHeader.Read(header);
            seen = 0;
            if (IsInPlace(frame))
            {
                Begin();
            }
            else
            {
                Rest(LedgerLayer.Other, FrameHeader.Bytes);
                GiveUp(LedgerLayer.Other);
            }
        }

        return taken;
    }

    private bool IsInPlace(in FrameHeader next) => next.IsPossible
        && (!isFirstFrame || next.OpensConnection)
        && (continued == 0 ? next.Type != FrameType.Continuation : next.Type == FrameType.Continuation && next.Stream == continued);

    private void Begin()
    {
        isFirstFrame = false;
        remaining = frame.Length;
        padding = 0;
        if (frame.Type != FrameType.Data)
        {
            continued = frame.IsContinued ? frame.Stream : 0;
            place = Place.Content;
            EndContentWhenDone();
            return;
        }

        stream = streams.Find(frame.Stream);
        stream.TakeFrameHeader(FrameHeader.Bytes);
        place = frame.IsPaddedData ? Place.PadLength : Place.Data;
        EndDataWhenDone();
    }

    private int TakeContent(ReadOnlySpan<byte> bytes)
    {
        var taken = Math.Min(remaining, bytes.Length);
        remaining -= taken;
        EndContentWhenDone();
        return taken;
    }

    private void EndContentWhenDone()
    {
        if (remaining == 0)
        {
            place = Place.Header;
            listener.Frame(frame.Type, FrameHeader.Bytes + frame.Length);
            if (frame.EndsStream)
            {
                streams.End(frame.Stream);
            }
        }
    }

    private int TakePadLength(byte length)
    {
        stream!.TakeFrameHeader(1);
        remaining--;
        if (length > remaining)
        {
            GiveUp(LedgerLayer.Other);
            return 1;
        }

        padding = length;
        remaining -= length;
        place = Place.Data;
        EndDataWhenDone();
        return 1;
    }

    private int TakeData(ReadOnlySpan<byte> bytes)
    {
        var taken = Math.Min(remaining, bytes.Length);
        remaining -= taken;
        stream!.TakeContent(bytes[..taken], listener);
        EndDataWhenDone();
        return taken;
    }

    private int TakePadding(ReadOnlySpan<byte> bytes)
    {
        var taken = Math.Min(padding, bytes.Length);
        padding -= taken;
        stream!.TakeFrameHeader(taken);
        EndDataWhenDone();
        return taken;
    }

    private void EndDataWhenDone()
    {
        if (remaining > 0)
        {
            return;
        }

        place = padding > 0 ? Place.Padding : Place.Header;
        if (padding == 0 && frame.EndsStream)
        {
            streams.End(frame.Stream);
        }
    }

    private int TakeForeign(ReadOnlySpan<byte> bytes)
    {
        Rest(foreignLayer, bytes.Length);
        return bytes.Length;
    }

    private void GiveUp(LedgerLayer layer)
    {
        place = Place.Foreign;
        foreignLayer = layer;
        streams.EndAll();
    }

    private void Rest(LedgerLayer layer, long bytes)
    {
        if (bytes > 0)
        {
            listener.Rest(LayerBytes.Of(layer, bytes));
        }
    }
}
