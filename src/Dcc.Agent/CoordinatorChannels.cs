using Dcc.Hosting.Security;
using Dcc.Protocol.V1;
using Grpc.Net.Client;

namespace Dcc.Agent;

/// <summary>
/// The process's channels to coordinators: devices with the same address share a connection. A connection shows its certificate once, when it is
/// made; so a channel is made anew where the coordinator refuses what the files no longer hold.
/// </summary>
internal sealed class CoordinatorChannels(ClientSecurity security) : IDisposable
{
    // New streams take a new connection after it, and with it new files; a stream that is open keeps its own.
    private static readonly TimeSpan ConnectionLifetime = TimeSpan.FromMinutes(5);

    private readonly Lock gate = new();
    private readonly Dictionary<string, Latest> latest = new(StringComparer.Ordinal);

    // Those before the latest too: a stream that is open there goes on until the coordinator ends it.
    private readonly List<GrpcChannel> made = [];

    private sealed record Latest(Coordination.CoordinationClient Client, byte[] Fingerprint);

    internal Coordination.CoordinationClient Open(string address)
    {
        lock (gate)
        {
            return (latest.TryGetValue(address, out var known) ? known : Make(address)).Client;
        }
    }

    /// <summary>
    /// What to try in a refused client's stead: the one that another device has had made since, or a new one where the files have changed; null where
    /// there is nothing else to show.
    /// </summary>
    internal Coordination.CoordinationClient? Renew(string address, Coordination.CoordinationClient refused)
    {
        lock (gate)
        {
            var known = latest[address];
            return known.Client != refused ? known.Client
                : known.Fingerprint.AsSpan().SequenceEqual(security.Fingerprint()) ? null
                : Make(address).Client;
        }
    }

    /// <summary>A channel as agents have it.</summary>
    internal static GrpcChannel Create(string address, ClientSecurity security) => GrpcChannel.ForAddress(address.Split(FailoverHandler.Separator)[0], new GrpcChannelOptions
    {
        HttpHandler = MayBeSeveral(address) ? new FailoverHandler(address, () => Handler(address, security)) : Handler(address, security),
        DisposeHttpClient = true,
        ThrowOperationCanceledOnCancellation = true,

        // The pipeline around a stream decides when to try again; the channel must not hold its attempts back (for up to 2 minutes).
        InitialReconnectBackoff = TimeSpan.FromMilliseconds(50),
        MaxReconnectBackoff = TimeSpan.FromMilliseconds(200),
    });

    public void Dispose() => made.ForEach(channel => channel.Dispose());

    private static bool MayBeSeveral(string address) => address.Contains(FailoverHandler.Separator, StringComparison.Ordinal)
        || new Uri(address).HostNameType == UriHostNameType.Dns;

    private static SocketsHttpHandler Handler(string address, ClientSecurity security)
    {
        var handler = new SocketsHttpHandler
        {
            EnableMultipleHttp2Connections = true,
            ConnectTimeout = TimeSpan.FromSeconds(5),
            PooledConnectionLifetime = ConnectionLifetime,

            // Trace ids are derived on both sides: no traceparent, whatever is being traced.
            ActivityHeadersPropagator = null,
        };

        // Without TLS an agent needs nothing of OpenSSL, which would be an eighth of its memory.
        if (address.Contains("https:", StringComparison.OrdinalIgnoreCase))
        {
            handler.SslOptions = security.Tls(TimeProvider.System);
        }

        return handler;
    }

    private Latest Make(string address)
    {
        // The files first: what changes after it counts as changed.
        var fingerprint = security.Fingerprint();
        made.Add(Create(address, security));
        return latest[address] = new Latest(new Coordination.CoordinationClient(made[^1]), fingerprint);
    }
}
