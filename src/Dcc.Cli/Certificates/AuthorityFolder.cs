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

    private const string AuthorityName = "ca";

    private static readonly TimeSpan LockPatience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LockPause = TimeSpan.FromMilliseconds(10);

    internal string Authorities => CertificateOf(AuthorityName);

    internal string Revoked => Path.Combine(path, "revoked.txt");

    private string AuthorityKey => KeyOf(AuthorityName);

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
        if (!overwrite)
        {
            RefuseExisting("folder", AuthorityName);
        }

        var (authority, key) = CertificateAuthority.Create(name, validity, now);

        // The key first: it is what must not be lost, and with it stands whether there is an authority.
        SecretFile.Write("folder", AuthorityKey, key, overwrite);
        SecretFile.WritePublic("folder", Authorities, authority.Certificate, overwrite);
        if (!File.Exists(Revoked))
        {
            SecretFile.WritePublic("folder", Revoked, "# Serial numbers of withdrawn certificates, one a line, in hexadecimal.\n", overwrite: false);
        }

        return authority;
    }

    /// <summary>The authority that is there.</summary>
    /// <exception cref="InvalidInputException">There is none, or others can read its key.</exception>
    internal CertificateAuthority Open() => CertificateAuthority.Open(Authorities, AuthorityKey);

    /// <summary>Writes a certificate and its key; the key comes first, so that a coordinator or agent that reads between the two keeps the old ones.</summary>
    /// <exception cref="InvalidInputException">One of them exists already, or the name is the authority's own or no file's.</exception>
    internal void Write(string name, IssuedCertificate issued, bool overwrite)
    {
        if (name.Length == 0 || Path.GetFileName(name) != name || name.Equals(AuthorityName, StringComparison.OrdinalIgnoreCase))
        {
            throw new InvalidInputException("name", $"a file's name other than {AuthorityName}, the authority's own", name);
        }

        if (!overwrite)
        {
            RefuseExisting("name", name);
        }

        SecretFile.Write("name", KeyOf(name), issued.Key, overwrite);
        SecretFile.WritePublic("name", CertificateOf(name), issued.Certificate, overwrite);
    }

    /// <summary>Adds a serial number to those that are withdrawn.</summary>
    /// <param name="serial">In hexadecimal, at least one digit.</param>
    /// <param name="remark">What people may want to know of it.</param>
    internal void Revoke(string serial, string remark)
    {
        // Whole or not at all, as coordinators read it meanwhile; one after another, as what a second one adds at the same time must not be lost.
        using var turn = Lock();
        var before = File.Exists(Revoked) ? File.ReadAllText(Revoked) : "";
        var separator = before.Length == 0 || before.EndsWith('\n') ? "" : "\n";
        SecretFile.WritePublic("revoked", Revoked, $"{before}{separator}{CertificateTrust.Serial(serial)}  # {remark}\n", overwrite: true);
    }

    /// <summary>Whom a certificate names, as far as dcc is concerned.</summary>
    internal static string Names(X509Certificate2 certificate) => string.Join(' ', [
        .. PeerIdentity.Of(certificate).Select(identity => identity.ToString()),
        .. certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>()
            .SelectMany(names => names.EnumerateDnsNames().Concat(names.EnumerateIPAddresses().Select(address => address.ToString()))),
    ]);

    // Either may be there without the other: keys are moved to devices, or off the machine, and what certifies them must not be lost.
    private void RefuseExisting(string field, string name)
    {
        if (Array.Find([KeyOf(name), CertificateOf(name)], File.Exists) is { } existing)
        {
            throw new InvalidInputException(field, "a file that does not exist yet (replace it with --force)", existing);
        }
    }

    // The lock is the system's and ends with its process; the file stays, for one that is deleted could be locked twice.
    private FileStream Lock()
    {
        var started = TimeProvider.System.GetTimestamp();
        while (true)
        {
            try
            {
                return new FileStream(Path.Combine(path, ".revoked.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException exception) when (
                exception is not (FileNotFoundException or DirectoryNotFoundException) && TimeProvider.System.GetElapsedTime(started) < LockPatience)
            {
                Thread.Sleep(LockPause);
            }
        }
    }
}
