using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Connections;

namespace Dcc.Coordinator.Telemetry;

/// <summary>
/// Counts the bytes that the connections of a port carry, in a middleware between socket and HTTP: all of HTTP/2 is in it, TCP/IP is not. Bytes are
/// counted when HTTP has consumed or written them. Nothing is allocated per read or write.
/// </summary>
internal sealed class TransportBytes
{
    private long received;
    private long transmitted;

    internal long Received => Interlocked.Read(ref received);

    internal long Transmitted => Interlocked.Read(ref transmitted);

    /// <summary>Counts every connection of this port.</summary>
    internal void Count(IConnectionBuilder port) => port.Use(next => async connection =>
    {
        var transport = connection.Transport;
        var own = new ConnectionBytes();
        connection.Features.Set(own);
        connection.Transport = new CountedPipe(new CountedReader(transport.Input, this, own), new CountedWriter(transport.Output, this, own));
        try
        {
            await next(connection).ConfigureAwait(false);
        }
        finally
        {
            connection.Transport = transport;
        }
    });

    private sealed record CountedPipe(PipeReader Input, PipeWriter Output) : IDuplexPipe;

    private sealed class CountedReader(PipeReader inner, TransportBytes bytes, ConnectionBytes own) : PipeReader
    {
        private ReadOnlySequence<byte> buffer;

        // Pooled: it waits once for every message.
        [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
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
            var length = buffer.Slice(buffer.Start, consumed).Length;
            Interlocked.Add(ref bytes.received, length);
            own.Received += length;
            buffer = default;
            inner.AdvanceTo(consumed, examined);
        }

        public override void CancelPendingRead() => inner.CancelPendingRead();

        public override void Complete(Exception? exception = null) => inner.Complete(exception);

        public override ValueTask CompleteAsync(Exception? exception = null) => inner.CompleteAsync(exception);
    }

    private sealed class CountedWriter(PipeWriter inner, TransportBytes bytes, ConnectionBytes own) : PipeWriter
    {
        public override bool CanGetUnflushedBytes => inner.CanGetUnflushedBytes;

        public override long UnflushedBytes => inner.UnflushedBytes;

        public override void Advance(int count)
        {
            Interlocked.Add(ref bytes.transmitted, count);
            own.Transmitted += count;
            inner.Advance(count);
        }

        public override Memory<byte> GetMemory(int sizeHint = 0) => inner.GetMemory(sizeHint);

        public override Span<byte> GetSpan(int sizeHint = 0) => inner.GetSpan(sizeHint);

        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) => inner.FlushAsync(cancellationToken);

        public override void CancelPendingFlush() => inner.CancelPendingFlush();

        public override void Complete(Exception? exception = null) => inner.Complete(exception);

        public override ValueTask CompleteAsync(Exception? exception = null) => inner.CompleteAsync(exception);
    }
}

/// <summary>What one connection has carried at its socket; each direction is written by whoever reads or writes it.</summary>
internal sealed class ConnectionBytes
{
    private long received;
    private long transmitted;

    internal long Received
    {
        get => Volatile.Read(ref received);
        set => Volatile.Write(ref received, value);
    }

    internal long Transmitted
    {
        get => Volatile.Read(ref transmitted);
        set => Volatile.Write(ref transmitted, value);
    }
}
