using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Dcc.Core.Validation;

namespace Dcc.Hosting.Security;

/// <summary>
/// What a client of the coordinator proves itself with, and by whom it lets the coordinator prove itself. Files are read at every connection, so that
/// new ones are taken without a restart.
/// </summary>
public sealed record ClientSecurity
{
    private static readonly HashSet<string> NoneRevoked = [];

    /// <summary>PEM file of the authorities that may have issued the coordinator's certificate; null for those of the system.</summary>
    public string? Authorities { get; init; }

    /// <summary>PEM file of the client's own certificate, null for none.</summary>
    public string? Certificate { get; init; }

    /// <summary>PEM file of its key.</summary>
    public string? Key { get; init; }

    /// <summary>File with a token, null for none.</summary>
    public string? TokenFile { get; init; }

    /// <summary>The token itself, where there is no file.</summary>
    public string? Token { get; init; }

    /// <summary>Whether a token may travel without TLS beyond loopback.</summary>
    public bool IsInsecure { get; init; }

    /// <summary>Notes what is wrong with the files, or does not go with the addresses.</summary>
    public void Check(string field, IEnumerable<string> addresses, List<InputFault> faults)
    {
        if (Certificate is null != Key is null)
        {
            faults.Add(new InputFault(Certificate is null ? "certificate" : "key", "a file, as the other one of certificate and key is given", "nothing"));
            return;
        }

        if (TokenFile is not null && Token is not null)
        {
            faults.Add(new InputFault("token-file", "no file, as the environment has a token", TokenFile));
        }

        var plain = addresses.Where(address => Uri.TryCreate(address, UriKind.Absolute, out var uri) && uri.Scheme == Uri.UriSchemeHttp).ToList();
        if (plain.Count > 0 && (Authorities ?? Certificate) is not null)
        {
            faults.Add(new InputFault(field, "https://HOST:PORT with ca or certificate", plain[0]));
        }

        if ((TokenFile ?? Token) is not null && !IsInsecure && plain.Find(address => !new Uri(address).IsLoopback) is { } remote)
        {
            faults.Add(new InputFault(field, "https://HOST:PORT beyond loopback, as a token must not be readable on the way (or insecure)", remote));
        }

        try
        {
            _ = Authorities is null ? null : CertificateFiles.ReadAll("ca", Authorities);
            _ = Certificate is null ? null : Own();
            _ = Bearer();
        }
        catch (InvalidInputException exception)
        {
            faults.AddRange(exception.Faults);
        }
    }

    /// <summary>How to connect by TLS.</summary>
    public SslClientAuthenticationOptions Tls(TimeProvider time)
    {
        // The platform builds a chain before anybody is asked, and must fetch nothing from where the peer's certificate says. Every handshake has a
        // copy of the policy.
        var policy = new X509ChainPolicy { DisableCertificateDownloads = true, RevocationMode = X509RevocationMode.NoCheck };
        policy.ApplicationPolicy.Add(CertificateTrust.Server);
        var tls = new SslClientAuthenticationOptions { CertificateChainPolicy = policy };
        if (Authorities is { } authorities)
        {
            policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            tls.RemoteCertificateValidationCallback = (_, certificate, chain, errors) =>
            {
                if ((errors & ~SslPolicyErrors.RemoteCertificateChainErrors) != SslPolicyErrors.None)
                {
                    throw new AuthenticationException($"the coordinator's certificate is not for the host of its address ({errors})");
                }

                var verdict = CertificateTrust.Judge(
                    (X509Certificate2)certificate!, chain!.ChainPolicy.ExtraStore, CertificateFiles.ReadAll("ca", authorities), NoneRevoked,
                    CertificateTrust.Server, time.GetUtcNow());
                return verdict == CertificateVerdict.Trusted ? true : throw new AuthenticationException(
                    $"the coordinator's certificate is {KebabCase.Name(verdict)} (ca {authorities})");
            };
        }

        if (Certificate is not null)
        {
            tls.LocalCertificateSelectionCallback = (_, _, _, _, _) => Own();
        }

        return tls;
    }

    /// <summary>The token to send with every call, null for none.</summary>
    /// <exception cref="InvalidInputException">Its file cannot be read, or others can read it.</exception>
    public string? Bearer() => TokenFile is null ? Token : CertificateFiles.Try(
        "token-file", "a token", TokenFile, () => SecretFile.ReadLine("token-file", TokenFile));

    /// <summary>Tells whether what the client proves itself with has changed.</summary>
    public byte[] Fingerprint()
    {
        // Of nothing there is no hash, which would load OpenSSL.
        string[] files = [.. new[] { Certificate, Key, TokenFile }.OfType<string>()];
        return files.Length == 0 ? [] : FileFingerprint.Of(files);
    }

    // The chain's other certificates are not sent: the authorities that issue to devices are in the coordinator's bundle.
    private X509Certificate2 Own() => CertificateFiles.ReadOwn(Certificate!, Key!).Own;
}
