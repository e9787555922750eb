using System.Net;
using System.Net.Sockets;
using Dcc.Coordinator.Runs;
using Dcc.Coordinator.Telemetry;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Options;

namespace Dcc.Coordinator.Security;

/// <summary>Counts what each peer address has open, and refuses what is too much.</summary>
internal sealed class PeerLimits(IOptions<CoordinatorOptions> options, ProtocolFaults faults, TimeProvider time)
{
    // The platform's timers, of which one ends a handshake, may fire this much before their time by the clock that is measured with.
    private static readonly TimeSpan TimerGrain = TimeSpan.FromMilliseconds(20);

    private readonly LimitOptions limits = options.Value.Limits;
    private readonly OpenByPeer connections = new();
    private readonly OpenByPeer streams = new();

    /// <summary>Guards a port from the outside of its TLS, if it has one: closes what is too much and counts handshakes that fail.</summary>
    internal void Guard(IConnectionBuilder port, bool isTls) => port.Use(next => async connection =>
    {
        var peer = KeyOf((connection.RemoteEndPoint as IPEndPoint)?.Address);
        if (!connections.TryAdd(peer, limits.ConnectionsPerPeer))
        {
            // Before any byte of TLS or HTTP: there is nobody to tell the reason to.
            faults.Count(ProtocolFault.TooManyConnections);
            connection.Abort(new ConnectionAbortedException("Too many connections of one peer."));
            return;
        }

        var started = time.GetTimestamp();
        try
        {
            await next(connection).ConfigureAwait(false);
        }
        finally
        {
            connections.Remove(peer);
            if (isTls && connection.Features.Get<HandshakeDone>() is null && HasTried(connection, started))
            {
                faults.Count(ProtocolFault.HandshakeFailed);
            }
        }
    });

    /// <summary>Notes, on the inside of a port's TLS, that the handshake is done.</summary>
    internal static void NoteHandshake(IConnectionBuilder port) => port.Use(next => connection =>
    {
        connection.Features.Set(HandshakeDone.Instance);
        return next(connection);
    });

    /// <summary>A stream that is not an operator's begins; false where its peer has too many.</summary>
    internal bool TryOpenStream(IPAddress? peer) => streams.TryAdd(KeyOf(peer), limits.StreamsPerPeer);

    /// <summary>A stream that had begun has ended.</summary>
    internal void CloseStream(IPAddress? peer) => streams.Remove(KeyOf(peer));

    // A probe that opens a connection, says nothing and goes has not tried to shake hands.
    private bool HasTried(ConnectionContext connection, long started) =>
        connection.Features.Get<ConnectionBytes>() is { Received: > 0 } || time.GetElapsedTime(started) + TimerGrain >= TimeSpan.FromSeconds(limits.HandshakeSeconds);

    // Whoever has one IPv6 address has the 2^64 of its network.
    private static UInt128 KeyOf(IPAddress? peer)
    {
        var bytes = (peer ?? IPAddress.None).MapToIPv6().GetAddressBytes();
        if (peer is { AddressFamily: AddressFamily.InterNetworkV6, IsIPv4MappedToIPv6: false })
        {
            bytes.AsSpan(8).Clear();
        }

        return System.Buffers.Binary.BinaryPrimitives.ReadUInt128BigEndian(bytes);
    }

    private sealed class HandshakeDone
    {
        internal static HandshakeDone Instance { get; } = new();
    }

    private sealed class OpenByPeer
    {
        private readonly Lock gate = new();
        private readonly Dictionary<UInt128, int> open = [];

        internal bool TryAdd(UInt128 peer, int most)
        {
            lock (gate)
            {
                var count = open.GetValueOrDefault(peer);
                if (count >= most)
                {
                    return false;
                }

                open[peer] = count + 1;
                return true;
            }
        }

        internal void Remove(UInt128 peer)
        {
            lock (gate)
            {
                if (--open[peer] == 0)
                {
                    open.Remove(peer);
                }
            }
        }
    }
}

/// <summary>How many messages a stream's peer has sent in the current second.</summary>
internal struct MessageRate(int most, TimeProvider time)
{
    private long second = time.GetTimestamp();
    private int count;

    /// <summary>Another message; false where it is one too many.</summary>
    internal bool TryTake()
    {
        var now = time.GetTimestamp();
        if (time.GetElapsedTime(second, now) >= TimeSpan.FromSeconds(1))
        {
            (second, count) = (now, 0);
        }

        return ++count <= most;
    }
}
