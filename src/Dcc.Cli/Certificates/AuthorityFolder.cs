using System.Security.Cryptography.X509Certificates;
using Dcc.Core.Validation;
using Dcc.Hosting.Security;

namespace Dcc.Cli.Certificates;

/// <summary>
/// Where an authority keeps its files: <c>ca.pem</c> for everybody, <c>ca.key</c> for itself, <c>revoked.txt</c> for coordinators, and beside them
/// the certificates it issues, NAME.pem and NAME.key. Keys are written with mode 600, whole or not at all.
/// </summary>
internal sealed class AuthorityFolder(string path)
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    internal string Authorities => Path.Combine(path, "ca.pem");

    internal string Revoked => Path.Combine(path, "revoked.txt");

    private string AuthorityKey => Path.Combine(path, "ca.key");

    internal string CertificateOf(string name) => Path.Combine(path, name + ".pem");

    internal string KeyOf(string name) => Path.Combine(path, name + ".key");

    /// <summary>Makes the authority.</summary>
    /// <exception cref="InvalidInputException">There is one already.</exception>
    internal CertificateAuthority Create(string name, TimeSpan validity, bool overwrite, DateTimeOffset now)
    {
        if (!Directory.Exists(path) && !OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path, OwnerOnly);
        }

        Directory.CreateDirectory(path);
        var (authority, key) = CertificateAuthority.Create(name, validity, now);

        // The key first: it is what must not be lost, and with it stands whether there is an authority.
        SecretFile.Write("folder", AuthorityKey, key, overwrite);
        SecretFile.WritePublic("folder", Authorities, authority.Certificate, overwrite: true);
        return authority;
    }

    /// <summary>The authority that is there.</summary>
    /// <exception cref="InvalidInputException">There is none, or others can read its key.</exception>
    internal CertificateAuthority Open() => CertificateAuthority.Open(Authorities, AuthorityKey);

    /// <summary>Writes a certificate and its key; the key comes first, so that a coordinator or agent that reads between the two keeps the old ones.</summary>
    /// <exception cref="InvalidInputException">They exist already.</exception>
    internal void Write(string name, IssuedCertificate issued, bool overwrite)
    {
        SecretFile.Write("name", KeyOf(name), issued.Key, overwrite);
        SecretFile.WritePublic("name", CertificateOf(name), issued.Certificate, overwrite: true);
    }

    /// <summary>Adds a serial number to those that are withdrawn.</summary>
    /// <param name="serial">In hexadecimal.</param>
    /// <param name="remark">What people may want to know of it.</param>
    internal void Revoke(string serial, string remark)
    {
        var before = File.Exists(Revoked) ? File.ReadAllText(Revoked) : "";
        SecretFile.WritePublic("revoked", Revoked, $"{before}{serial}  # {remark}\n", overwrite: true);
    }

    /// <summary>Whom a certificate names, as far as dcc is concerned.</summary>
    internal static string Names(X509Certificate2 certificate) => string.Join(' ', [
        .. PeerIdentity.Of(certificate).Select(identity => identity.ToString()),
        .. certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>()
            .SelectMany(names => names.EnumerateDnsNames().Concat(names.EnumerateIPAddresses().Select(address => address.ToString()))),
    ]);
}
