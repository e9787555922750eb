using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Dcc.Core.Validation;
using Dcc.Hosting.Security;

namespace Dcc.Cli.Certificates;

/// <summary>A certificate and its private key, as PEM.</summary>
internal sealed record IssuedCertificate(string Certificate, string Key);

/// <summary>
/// A small authority of one's own: a self-signed ECDSA P-256 certificate that issues those of coordinators, devices and operators, and nothing below
/// it. What a certificate is good for is in its extended key usage, so that no device can pass for a coordinator.
/// </summary>
internal sealed class CertificateAuthority : IDisposable
{
    private const int SerialBytes = 16;

    // A small device's clock may be behind the authority's.
    private static readonly TimeSpan ClockSkew = TimeSpan.FromMinutes(5);

    private readonly X509Certificate2 own;

    private CertificateAuthority(X509Certificate2 own) => this.own = own;

    /// <summary>The authority's certificate, as PEM.</summary>
    internal string Certificate => own.ExportCertificatePem();

    /// <summary>A new authority.</summary>
    internal static (CertificateAuthority Authority, string Key) Create(string name, TimeSpan validity, DateTimeOffset now)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(Named(name), key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(X509BasicConstraintsExtension.CreateForCertificateAuthority(pathLengthConstraint: 0));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        return (new CertificateAuthority(request.CreateSelfSigned(now - ClockSkew, now + validity)), key.ExportPkcs8PrivateKeyPem());
    }

    /// <summary>The authority of two files.</summary>
    /// <exception cref="InvalidInputException">They cannot be read, others can read the key, or they are no authority's.</exception>
    internal static CertificateAuthority Open(string certificate, string key)
    {
        var own = CertificateFiles.ReadOwn(certificate, key).Own;
        return own.Extensions.OfType<X509BasicConstraintsExtension>().Any(extension => extension.CertificateAuthority)
            ? new CertificateAuthority(own)
            : throw new InvalidInputException("folder", "an authority, as dcc certs init makes it", certificate);
    }

    /// <summary>A coordinator's certificate.</summary>
    /// <param name="hosts">DNS names and IP addresses by which it is reached, at least one.</param>
    /// <param name="validity">How long it is in force.</param>
    /// <param name="now">From when.</param>
    internal IssuedCertificate IssueServer(IReadOnlyList<string> hosts, TimeSpan validity, DateTimeOffset now)
    {
        var names = new SubjectAlternativeNameBuilder();
        foreach (var host in hosts)
        {
            if (IPAddress.TryParse(host, out var address))
            {
                names.AddIpAddress(address);
            }
            else
            {
                names.AddDnsName(host);
            }
        }

        return Issue(hosts[0], names, CertificateTrust.Server, validity, now);
    }

    /// <summary>A device's or an operator's certificate.</summary>
    /// <exception cref="InvalidInputException">The run's name cannot stand in one.</exception>
    internal IssuedCertificate IssueClient(PeerIdentity holder, TimeSpan validity, DateTimeOffset now)
    {
        var uri = new Uri(holder.ToString());
        if (PeerIdentity.Parse(uri.AbsoluteUri) != holder)
        {
            // Dots alone mean the folder above.
            throw new InvalidInputException("run", "a name that can stand in a URI", holder.Run!);
        }

        var names = new SubjectAlternativeNameBuilder();
        names.AddUri(uri);
        return Issue(
            holder.Run is null ? "operator" : string.Create(CultureInfo.InvariantCulture, $"device {holder.First}-{holder.Last}"), names,
            CertificateTrust.Client, validity, now);
    }

    public void Dispose() => own.Dispose();

    private IssuedCertificate Issue(string subject, SubjectAlternativeNameBuilder names, Oid use, TimeSpan validity, DateTimeOffset now)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(Named(subject), key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(X509BasicConstraintsExtension.CreateForEndEntity(critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([use], critical: false));
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(own, includeKeyIdentifier: true, includeIssuerAndSerial: false));

        // A serial number is a positive integer: its first bit is 0. Nothing outlives the authority.
        var serial = RandomNumberGenerator.GetBytes(SerialBytes);
        serial[0] = (byte)((serial[0] & 0x3f) | 0x40);
        var (from, to) = (now - ClockSkew, now + validity);
        using var issued = request.Create(own, from < own.NotBefore ? own.NotBefore : from, to > own.NotAfter ? own.NotAfter : to, serial);
        return new IssuedCertificate(issued.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem());
    }

    private static X500DistinguishedName Named(string name)
    {
        var builder = new X500DistinguishedNameBuilder();
        builder.AddCommonName(name.Length <= 64 ? name : name[..64]);
        return builder.Build();
    }
}
