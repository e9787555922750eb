using System.Buffers;

namespace Dcc.Links.Ledger;

/// <summary>One direction of one HTTP/2 stream, cut into gRPC messages: a flag, 4 bytes of length, the message.</summary>
internal sealed class GrpcStream(int id)
{
    /// <summary>How much of a message is kept to be told.</summary>
    internal const int GatheredBytes = 64 * 1024;

    private const int PrefixBytes = 5;

    // Told of no one yet.
    private LayerBytes pending;
    private int prefixSeen;
    private bool isCompressed;
    private uint length;
    private long received;
    private byte[]? gathered;
    private bool isForeign;

    internal int Id => id;

    internal void TakeFrameHeader(long bytes) => pending[(int)LedgerLayer.DataFrameHeaders] += bytes;

    internal void TakeContent(ReadOnlySpan<byte> content, IHttp2Listener listener)
    {
        while (!content.IsEmpty)
        {
            if (isForeign)
            {
                pending[(int)LedgerLayer.Other] += content.Length;
                return;
            }

            content = prefixSeen < PrefixBytes ? TakePrefix(content, listener) : TakeMessage(content, listener);
        }
    }

    /// <summary>Tells what is left: nothing more will complete it.</summary>
    internal void End(IHttp2Listener listener)
    {
        if (pending.Total > 0)
        {
            listener.Rest(pending);
        }

        Clear();
    }

    private ReadOnlySpan<byte> TakePrefix(ReadOnlySpan<byte> content, IHttp2Listener listener)
    {
        if (prefixSeen == 0)
        {
            if (content[0] > 1)
            {
                isForeign = true;
                return content;
            }

            isCompressed = content[0] == 1;
        }
        else
        {
            length = (length << 8) | content[0];
        }

        prefixSeen++;
        pending[(int)LedgerLayer.MessagePrefix]++;
        if (prefixSeen == PrefixBytes && length == 0)
        {
            Complete([], listener);
        }

        return content[1..];
    }

    private ReadOnlySpan<byte> TakeMessage(ReadOnlySpan<byte> content, IHttp2Listener listener)
    {
        var part = content[..(int)Math.Min(content.Length, length - received)];
        var isWhole = received == 0 && part.Length == length;
        if (!isWhole)
        {
            Gather(part);
        }

        received += part.Length;
        pending[(int)LedgerLayer.Payload] += part.Length;
        if (received == length)
        {
            Complete(isWhole ? part[..Math.Min(part.Length, GatheredBytes)] : gathered.AsSpan(0, (int)Math.Min(length, GatheredBytes)), listener);
        }

        return content[part.Length..];
    }

    private void Gather(ReadOnlySpan<byte> part)
    {
        gathered ??= ArrayPool<byte>.Shared.Rent((int)Math.Min(length, GatheredBytes));
        if (received < GatheredBytes)
        {
            part[..(int)Math.Min(part.Length, GatheredBytes - received)].CopyTo(gathered.AsSpan((int)received));
        }
    }

    private void Complete(ReadOnlySpan<byte> head, IHttp2Listener listener)
    {
        listener.Message(isCompressed ? [] : head, !isCompressed, pending);
        Clear();
    }

    private void Clear()
    {
        pending = default;
        prefixSeen = 0;
        length = 0;
        received = 0;
        if (gathered is not null)
        {
            ArrayPool<byte>.Shared.Return(gathered);
            gathered = null;
        }
    }
}
