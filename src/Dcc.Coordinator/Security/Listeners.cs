using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Dcc.Coordinator.Telemetry;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Options;

namespace Dcc.Coordinator.Security;

/// <summary>
/// The coordinator's ports, each a pipeline from the socket to HTTP:
/// <code>
///   gRPC   socket -- bytes -- limits -- TLS, if https -- tap, if asked for -- HTTP/2
///   pages  socket -- TLS, if https -- HTTP/1.1
/// </code>
/// </summary>
internal sealed class Listeners(
    IOptions<CoordinatorOptions> options, SecurityFiles files, PeerLimits limits, TransportBytes bytes)
{
    // One process may host this many devices behind one connection; Kestrel's default of 100 would let further calls wait in silence.
    private const int StreamsPerConnection = 10_000;

    private static readonly List<SslApplicationProtocol> Pages = [SslApplicationProtocol.Http11];
    private static readonly List<SslApplicationProtocol> Grpc = [SslApplicationProtocol.Http2];

    internal void Open(KestrelServerOptions kestrel)
    {
        var settings = options.Value;
        Listen(kestrel, settings.Listen, HttpProtocols.Http2, isGrpc: true);
        if (settings.Http != CoordinatorOptions.None)
        {
            Listen(kestrel, settings.Http, HttpProtocols.Http1, isGrpc: false);
        }

        kestrel.Limits.Http2.MaxStreamsPerConnection = StreamsPerConnection;
        kestrel.Limits.KeepAliveTimeout = TimeSpan.FromSeconds(settings.Limits.IdleSeconds);
        kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(settings.Limits.HandshakeSeconds);
        kestrel.Limits.MaxRequestBodySize = null;
        kestrel.Limits.MinRequestBodyDataRate = null;
    }

    private void Listen(KestrelServerOptions kestrel, string address, HttpProtocols protocols, bool isGrpc)
    {
        var uri = new Uri(address);
        var isTls = SecurityOptions.IsTls(address);
        if (IPAddress.TryParse(uri.DnsSafeHost, out var ip))
        {
            kestrel.Listen(ip, uri.Port, Configure);
        }
        else
        {
            kestrel.ListenLocalhost(uri.Port, Configure);
        }

        void Configure(ListenOptions endpoint)
        {
            // Without TLS a port speaks one version of HTTP only; with it nothing is gained by more.
            endpoint.Protocols = protocols;
            if (isGrpc)
            {
                bytes.Count(endpoint);
                limits.Guard(endpoint, isTls);
            }

            if (isTls)
            {
                endpoint.UseHttps(new TlsHandshakeCallbackOptions
                {
                    OnConnection = _ => ValueTask.FromResult(isGrpc ? OfGrpc() : OfPages()),
                    HandshakeTimeout = TimeSpan.FromSeconds(options.Value.Limits.HandshakeSeconds),
                });
            }

            if (isGrpc && isTls)
            {
                PeerLimits.NoteHandshake(endpoint);
                if (options.Value.Security.PlaintextTap is { } tap)
                {
                    PlaintextTap.Show(endpoint, tap);
                }
            }
        }
    }

    // Any certificate is taken, and none: what it is worth is judged call by call, where the peer can be told (see Access). The platform builds its
    // chain all the same, and by default fetches the issuer from wherever the certificate says, while the handshake waits: it trusts nobody here and
    // downloads nothing. No session is resumed: a ticket would carry the client's certificate, and devices connect rarely.
#pragma warning disable CA5359
    private SslServerAuthenticationOptions OfGrpc() => new()
    {
        ServerCertificateContext = files.Server,
        ApplicationProtocols = Grpc,
        ClientCertificateRequired = options.Value.Security.ClientCa is not null,
        RemoteCertificateValidationCallback = (_, _, _, _) => true,
        CertificateChainPolicy = new X509ChainPolicy
        {
            DisableCertificateDownloads = true, RevocationMode = X509RevocationMode.NoCheck, TrustMode = X509ChainTrustMode.CustomRootTrust,
        },
        AllowTlsResume = false,
    };
#pragma warning restore CA5359

    private SslServerAuthenticationOptions OfPages() => new() { ServerCertificateContext = files.Server, ApplicationProtocols = Pages };
}
