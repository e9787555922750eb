using System.Buffers.Binary;
using System.Net.Sockets;
using Dcc.Core.Validation;
using Dcc.Links;
using Dcc.Links.Ledger;

namespace Dcc.Cli.Emulation;

/// <summary>
/// Takes from the coordinator what its TLS connections carry, over a Unix socket in the emulation's private folder: per connection the device's
/// port, then records of a direction, the bytes that the socket had carried by then, a length and the plaintext (see the coordinator's
/// PlaintextTap).
/// </summary>
internal sealed class PlaintextReceiver : IAsyncDisposable
{
    private const int HeaderBytes = 13;
    private const int Backlog = 4096;

    private readonly SealedConnections contents;
    private readonly Socket listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly CancellationTokenSource stop = new();
    private readonly Task accepting;

    internal PlaintextReceiver(string path, SealedConnections contents)
    {
        this.contents = contents;
        listener.Bind(EndPoint(path));
        listener.Listen(Backlog);
        accepting = Accept();
    }

    /// <summary>Takes what is still under way, once the coordinator has ended.</summary>
    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync().ConfigureAwait(false);
        await accepting.ConfigureAwait(false);
        listener.Dispose();
        stop.Dispose();
    }

    private static UnixDomainSocketEndPoint EndPoint(string path)
    {
        try
        {
            return new UnixDomainSocketEndPoint(path);
        }
        catch (ArgumentException)
        {
            throw new InvalidInputException("TMPDIR", "a temporary folder with a path of at most 80 characters", path);
        }
    }

    private async Task Accept()
    {
        var reading = new List<Task>();
        try
        {
            while (true)
            {
                reading.Add(Read(await listener.AcceptAsync(stop.Token).ConfigureAwait(false)));
                reading.RemoveAll(task => task.IsCompletedSuccessfully);
            }
        }
        catch (OperationCanceledException)
        {
            // The coordinator is gone, so each of these ends.
            await Task.WhenAll(reading).ConfigureAwait(false);
        }
    }

    private async Task Read(Socket socket)
    {
        await using var stream = new BufferedStream(new NetworkStream(socket, ownsSocket: true));
        var header = new byte[HeaderBytes];
        try
        {
            await stream.ReadExactlyAsync(header.AsMemory(0, sizeof(int))).ConfigureAwait(false);
            var take = contents.At(BinaryPrimitives.ReadInt32LittleEndian(header));
            while (true)
            {
                await stream.ReadExactlyAsync(header).ConfigureAwait(false);
                var content = new byte[BinaryPrimitives.ReadInt32LittleEndian(header.AsSpan(9))];
                await stream.ReadExactlyAsync(content).ConfigureAwait(false);

                // This process's own connection as an operator has no link.
                take?.Invoke((LinkDirection)header[0], content, BinaryPrimitives.ReadInt64LittleEndian(header.AsSpan(1)));
            }
        }
        catch (Exception exception) when (exception is EndOfStreamException or IOException)
        {
            // The connection is over, or the coordinator was killed.
        }
    }
}
