using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Dcc.Hosting.Security;
using Grpc.Health.V1;

namespace Dcc.Services.Tests.Security;

/// <summary>
/// A certificate may say where its issuer is to be had (authority information access, RFC 5280, 4.2.2.1). The platform's default is to fetch it during
/// the handshake: whoever connects could have the coordinator ask any address, and wait for it.
/// </summary>
public sealed class DownloadTests : IDisposable
{
    private readonly TestAuthority authority = new();
    private readonly TcpListener issuer = new(IPAddress.Loopback, 0);

    public DownloadTests() => issuer.Start();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        issuer.Dispose();
        authority.Dispose();
    }

    [Fact]
    public async Task Coordinator_ClientsCertificateNamesAnIssuersAddress_IsNotAsked()
    {
        await using var host = await authority.Start();
        var address = new Uri(host.Address);
        using var certificate = Issue(CertificateTrust.Client, out _);
        using var tcp = new TcpClient();
        await tcp.ConnectAsync(address.Host, address.Port, Cancellation);
        await using var tls = new SslStream(tcp.GetStream());
#pragma warning disable CA5359
        await tls.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions
            {
                TargetHost = address.Host, ApplicationProtocols = [SslApplicationProtocol.Http2],
                RemoteCertificateValidationCallback = (_, _, _, _) => true,

                // Offline: this side must not be the one that asks.
                ClientCertificateContext = SslStreamCertificateContext.Create(certificate, null, offline: true),
            },
            Cancellation);
#pragma warning restore CA5359

        // An answer comes from the inside of a handshake that the coordinator has ended, whatever it did for it: HTTP/2's preface and empty settings.
        await tls.WriteAsync("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\u0004\0\0\0\0\0"u8.ToArray(), Cancellation);
        Assert.NotEqual(0, await tls.ReadAsync(new byte[9], Cancellation));
        Assert.False(issuer.Pending());
    }

    [Fact]
    public async Task Client_CoordinatorsCertificateNamesAnIssuersAddress_IsNotAsked()
    {
        using var certificate = Issue(CertificateTrust.Server, out var root);
        SecretFile.Write("", authority.Files.KeyOf("far"), certificate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem(), overwrite: false);
        SecretFile.WritePublic("", authority.Files.CertificateOf("far"), certificate.ExportCertificatePem(), overwrite: false);
        SecretFile.WritePublic("", authority.Files.CertificateOf("far-ca"), root, overwrite: false);
        var client = new ClientSecurity { Authorities = authority.Files.CertificateOf("far-ca") };
        await using var host = await CoordinatorHost.StartAs(
            client, ("Coordinator:Listen", "https://127.0.0.1:0"), ("Coordinator:Security:Certificate", authority.Files.CertificateOf("far")),
            ("Coordinator:Security:Key", authority.Files.KeyOf("far")));
        var health = await new Health.HealthClient(host.Channel).CheckAsync(new HealthCheckRequest(), cancellationToken: Cancellation);
        Assert.Equal(HealthCheckResponse.Types.ServingStatus.Serving, health.Status);
        Assert.False(issuer.Pending());
    }

    // Of an authority that nobody knows, at the listener's address.
    private X509Certificate2 Issue(Oid use, out string root)
    {
        using var rootKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var rootRequest = new CertificateRequest("CN=far away", rootKey, HashAlgorithmName.SHA256);
        rootRequest.CertificateExtensions.Add(X509BasicConstraintsExtension.CreateForCertificateAuthority());
        using var own = rootRequest.CreateSelfSigned(TestAuthority.Now.AddHours(-1), TestAuthority.Now.AddDays(1));
        root = own.ExportCertificatePem();
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=leaf", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([use], critical: false));
        request.CertificateExtensions.Add(new X509AuthorityInformationAccessExtension(null, [$"http://{issuer.LocalEndpoint}/ca.crt"]));
        using var issued = request.Create(own, own.NotBefore, own.NotAfter, [1, 2, 3, 4]);
        return issued.CopyWithPrivateKey(key);
    }
}
