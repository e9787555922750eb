using System.Collections.Concurrent;

namespace Dcc.Links.Ledger;

/// <summary>
/// Connections through links whose content TLS seals, and the way for whoever has it in plain to tell the ledgers: the server at their other end,
/// which knows a connection by its port.
/// </summary>
public sealed class SealedConnections
{
    private readonly ConcurrentBag<SealedConnection> all = [];
    private readonly ConcurrentDictionary<int, SealedConnection> open = [];

    /// <summary>Who takes the content of the connection that the server sees come from a port; null where no link has it.</summary>
    /// <param name="port">The port, at the time when the server accepted the connection.</param>
    public SealedContent? At(int port) => open.TryGetValue(port, out var connection) ? connection.Tell : null;

    /// <summary>Books what nobody told as TLS's own. Once, when all connections have ended and everything is told.</summary>
    public void Settle()
    {
        foreach (var connection in all)
        {
            connection.Settle();
        }
    }

    internal SealedConnection Add(SealedConnection connection)
    {
        all.Add(connection);
        return connection;
    }

    // A port that is used again belongs to the later connection.
    internal void Listen(int port, SealedConnection connection) => open[port] = connection;
}

/// <summary>Takes what was inside of a connection's bytes, each direction in order.</summary>
/// <param name="direction">Which way.</param>
/// <param name="content">The plaintext, following on from the one before.</param>
/// <param name="end">How many bytes the connection had carried in this direction with it at the server's socket, the handshake included.</param>
public delegate void SealedContent(LinkDirection direction, ReadOnlySpan<byte> content, long end);
