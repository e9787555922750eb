using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using Dcc.Coordinator.Telemetry;
using Microsoft.AspNetCore.Connections;

namespace Dcc.Coordinator.Security;

/// <summary>
/// Shows a local program what connections carry inside of TLS, so that it can count what a link sees as sealed bytes only: dcc emulate, which asks
/// for it. A middleware between TLS and HTTP. Over a Unix socket per connection go the peer's port (4 bytes), then per read or flush: direction
/// (1 byte: 0 up, 1 down), what the connection's socket has carried that way so far (8), a length (4), the plaintext; little-endian.
/// </summary>
internal static class PlaintextTap
{
    private const byte Up = 0;
    private const byte Down = 1;

    /// <summary>Shows every connection of a port.</summary>
    internal static void Show(IConnectionBuilder port, string path) => port.Use(next => async connection =>
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(path)).ConfigureAwait(false);
        await using var stream = new NetworkStream(socket);
        var shown = new Shown(stream, connection.Features.Get<ConnectionBytes>()!);
        shown.Begin(((IPEndPoint)connection.RemoteEndPoint!).Port);
        var transport = connection.Transport;
        connection.Transport = new ShownPipe(new ShownReader(transport.Input, shown), new ShownWriter(transport.Output, shown));
        try
        {
            await next(connection).ConfigureAwait(false);
        }
        finally
        {
            connection.Transport = transport;
        }
    });

    private sealed record ShownPipe(PipeReader Input, PipeWriter Output) : IDuplexPipe;

    // Reader and writer tell it from threads of their own.
    private sealed class Shown(NetworkStream stream, ConnectionBytes bytes)
    {
        private readonly Lock gate = new();
        private readonly ArrayBufferWriter<byte> record = new();

        internal void Begin(int port)
        {
            Span<byte> header = stackalloc byte[sizeof(int)];
            BinaryPrimitives.WriteInt32LittleEndian(header, port);
            stream.Write(header);
        }

        internal void Tell(byte direction, in ReadOnlySequence<byte> content)
        {
            if (content.IsEmpty)
            {
                return;
            }

            lock (gate)
            {
                record.ResetWrittenCount();
                var header = record.GetSpan(13);
                header[0] = direction;
                BinaryPrimitives.WriteInt64LittleEndian(header[1..], direction == Up ? bytes.Received : bytes.Transmitted);
                BinaryPrimitives.WriteInt32LittleEndian(header[9..], (int)content.Length);
                record.Advance(13);
                foreach (var part in content)
                {
                    record.Write(part.Span);
                }

                stream.Write(record.WrittenSpan);
            }
        }
    }

    private sealed class ShownReader(PipeReader inner, Shown shown) : PipeReader
    {
        private ReadOnlySequence<byte> buffer;

        public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
        {
            var result = await inner.ReadAsync(cancellationToken).ConfigureAwait(false);
            buffer = result.Buffer;
            return result;
        }

        public override bool TryRead(out ReadResult result)
        {
            var read = inner.TryRead(out result);
            buffer = result.Buffer;
            return read;
        }

        public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

        public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
        {
            shown.Tell(Up, buffer.Slice(buffer.Start, consumed));
            buffer = default;
            inner.AdvanceTo(consumed, examined);
        }

        public override void CancelPendingRead() => inner.CancelPendingRead();

        public override void Complete(Exception? exception = null) => inner.Complete(exception);

        public override ValueTask CompleteAsync(Exception? exception = null) => inner.CompleteAsync(exception);
    }

    private sealed class ShownWriter(PipeWriter inner, Shown shown) : PipeWriter
    {
        private readonly ArrayBufferWriter<byte> unflushed = new();
        private Memory<byte> given;

        public override bool CanGetUnflushedBytes => inner.CanGetUnflushedBytes;

        public override long UnflushedBytes => inner.UnflushedBytes;

        public override void Advance(int count)
        {
            unflushed.Write(given.Span[..count]);
            given = given[count..];
            inner.Advance(count);
        }

        public override Memory<byte> GetMemory(int sizeHint = 0) => given = inner.GetMemory(sizeHint);

        public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

        // Told when it is written, for only then is its sealed length known.
        public override async ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
        {
            var result = await inner.FlushAsync(cancellationToken).ConfigureAwait(false);
            shown.Tell(Down, new ReadOnlySequence<byte>(unflushed.WrittenMemory));
            unflushed.ResetWrittenCount();
            return result;
        }

        public override void CancelPendingFlush() => inner.CancelPendingFlush();

        public override void Complete(Exception? exception = null) => inner.Complete(exception);

        public override ValueTask CompleteAsync(Exception? exception = null) => inner.CompleteAsync(exception);
    }
}
