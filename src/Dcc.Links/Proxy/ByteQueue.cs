using System.Buffers;

namespace Dcc.Links.Proxy;

/// <summary>
/// Bytes on their way, first in first out, in pooled buffers that are held only while they carry something. Its owner's lock guards all but the
/// content of the span it hands out, which only the one writer consumes.
/// </summary>
internal sealed class ByteQueue
{
    private readonly Queue<(byte[] Buffer, int Length, TimeSpan Since)> buffers = new();
    private int offset;

    /// <summary>Takes over a rented buffer.</summary>
    internal void Append(byte[] buffer, int length, TimeSpan now) => buffers.Enqueue((buffer, length, now));

    /// <summary>The first bytes, as many as lie together.</summary>
    internal ReadOnlyMemory<byte> Peek(int limit)
    {
        var (buffer, length, _) = buffers.Peek();
        return buffer.AsMemory(offset, Math.Min(limit, length - offset));
    }

    /// <summary>Drops bytes of the span that was peeked at.</summary>
    /// <returns>Since when its buffer was here, if these were the last of it.</returns>
    internal TimeSpan? Consume(int bytes)
    {
        offset += bytes;
        if (offset < buffers.Peek().Length)
        {
            return null;
        }

        var (buffer, _, since) = buffers.Dequeue();
        ArrayPool<byte>.Shared.Return(buffer);
        offset = 0;
        return since;
    }

    internal void Clear()
    {
        while (buffers.TryDequeue(out var first))
        {
            ArrayPool<byte>.Shared.Return(first.Buffer);
        }

        offset = 0;
    }
}
