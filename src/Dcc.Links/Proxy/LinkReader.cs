using System.Buffers;
using System.Net.Sockets;

namespace Dcc.Links.Proxy;

/// <summary>Reads a sender's socket into its pump, no further than the link has room. Holds no buffer while there is nothing to read.</summary>
internal static class LinkReader
{
    /// <summary>Bytes of one read at most.</summary>
    internal const int ReadBytes = 64 * 1024;

    private const int WouldBlock = -1;

    /// <summary>Reads until the sender's stream ends or the connection is stopped.</summary>
    internal static async Task ReadAsync(Socket sender, LinkPump pump)
    {
        var how = StreamEnd.Finish;
        try
        {
            while (true)
            {
                how = await ReadableAsync(sender, how).ConfigureAwait(false);
                var room = await pump.RoomAsync().ConfigureAwait(false);
                var read = room == 0 ? 0 : Read(sender, pump, room);
                if (read == 0 || (read == WouldBlock && how == StreamEnd.Reset))
                {
                    break;
                }
            }
        }
        catch (Exception broken) when (broken is SocketException or ObjectDisposedException)
        {
            how = StreamEnd.Reset;
        }

        pump.SendEnd(how);
    }

    // Completes when there is something to read; only then is a buffer rented.
    private static async ValueTask<StreamEnd> ReadableAsync(Socket sender, StreamEnd how)
    {
        try
        {
            if (how != StreamEnd.Reset)
            {
                await sender.ReceiveAsync(Memory<byte>.Empty, SocketFlags.None).ConfigureAwait(false);
            }

            return how;
        }
        catch (SocketException)
        {
            // What came before the reset can still be read.
            return StreamEnd.Reset;
        }
    }

    // Bytes read, 0 at the end of the stream or of the connection.
    private static int Read(Socket sender, LinkPump pump, int room)
    {
        var wanted = Math.Min(room, Math.Clamp(sender.Available, 1, ReadBytes));
        var buffer = ArrayPool<byte>.Shared.Rent(wanted);
        var read = sender.Receive(buffer.AsSpan(0, Math.Min(room, buffer.Length)), SocketFlags.None, out var error);
        if (error == SocketError.Success && read > 0)
        {
            return pump.TakeOn(buffer, read) ? read : 0;
        }

        ArrayPool<byte>.Shared.Return(buffer);
        return error switch
        {
            SocketError.Success => 0,
            SocketError.WouldBlock => WouldBlock,
            _ => throw new SocketException((int)error),
        };
    }
}
