using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Dcc.Hosting.Security;

/// <summary>What a certificate is worth.</summary>
public enum CertificateVerdict
{
    /// <summary>Issued by one of the authorities for this use, and in force.</summary>
    Trusted,

    /// <summary>Issued by nobody known, or not for this use.</summary>
    Untrusted,

    /// <summary>Good but for the time: expired, or not in force yet.</summary>
    Expired,

    /// <summary>Withdrawn.</summary>
    Revoked,
}

/// <summary>Judges certificates by a bundle of authorities of one's own; the system's are not asked, and nothing is downloaded.</summary>
public static class CertificateTrust
{
    /// <summary>Use of a TLS server's certificate.</summary>
    public static Oid Server { get; } = new("1.3.6.1.5.5.7.3.1");

    /// <summary>Use of a TLS client's certificate.</summary>
    public static Oid Client { get; } = new("1.3.6.1.5.5.7.3.2");

    /// <summary>A serial number as the list of withdrawn ones has it: in upper case, without zeros before it, which tools show or leave out as they like.</summary>
    /// <param name="hexadecimal">At least one hexadecimal digit.</param>
    public static string Serial(string hexadecimal) => hexadecimal.ToUpperInvariant().TrimStart('0') is { Length: > 0 } digits ? digits : "0";

    /// <summary>Judges a certificate.</summary>
    /// <param name="certificate">Whose possession the handshake has proved.</param>
    /// <param name="sent">Further certificates that its owner sent.</param>
    /// <param name="authorities">Whom to trust.</param>
    /// <param name="revoked">Serial numbers that are withdrawn, as <see cref="Serial"/> writes them.</param>
    /// <param name="use"><see cref="Server"/> or <see cref="Client"/>.</param>
    /// <param name="now">The time.</param>
    public static CertificateVerdict Judge(
        X509Certificate2 certificate, X509Certificate2Collection? sent, X509Certificate2Collection authorities, IReadOnlySet<string> revoked, Oid use,
        DateTimeOffset now)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(authorities);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.VerificationTime = now.UtcDateTime;
        chain.ChainPolicy.ApplicationPolicy.Add(use);
        if (sent is not null)
        {
            chain.ChainPolicy.ExtraStore.AddRange(sent);
        }

        var isGood = chain.Build(certificate);
        try
        {
            if (!isGood && chain.ChainStatus.Any(status => status.Status != X509ChainStatusFlags.NotTimeValid))
            {
                return CertificateVerdict.Untrusted;
            }

            // An intermediate authority may be withdrawn, and with it all that it issued.
            return chain.ChainElements.Any(element => revoked.Contains(Serial(element.Certificate.SerialNumber))) ? CertificateVerdict.Revoked
                : isGood ? CertificateVerdict.Trusted
                : CertificateVerdict.Expired;
        }
        finally
        {
            // Copies of the chain's own.
            foreach (var element in chain.ChainElements)
            {
                element.Certificate.Dispose();
            }
        }
    }
}
