using System.Globalization;
using Dcc.Cli.Certificates;
using Dcc.Cli.Runs;
using Dcc.Hosting.Security;

namespace Dcc.Cli.Emulation;

/// <summary>
/// The certificates of an emulation with mutual TLS: an authority, the coordinator's, the operator's for this process, and one for each agent. They
/// lie in a folder of the system's temporary one that only its owner can enter, and are gone at the end; where the process was killed, at the next
/// emulation. The authority's key is in memory only: what is left behind can certify nothing.
/// </summary>
internal sealed class EmulatedAuthority : IDisposable
{
    private const string Prefix = "dcc-tls-";

    // Locked while the folder's process lives; the system ends the lock with it.
    private const string Alive = "alive";

    // Longer than any run.
    private static readonly TimeSpan Validity = TimeSpan.FromDays(365);

    private readonly string root;
    private readonly FileStream alive;
    private readonly AuthorityFolder files;
    private readonly CertificateAuthority authority;

    internal EmulatedAuthority()
    {
        Sweep();
        root = Directory.CreateTempSubdirectory(Prefix).FullName;
        alive = new FileStream(Path.Combine(root, Alive), FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None);
        files = new AuthorityFolder(root);
        authority = CertificateAuthority.Create("dcc emulate", Validity, Now).Authority;
        SecretFile.WritePublic("folder", files.Authorities, authority.Certificate, overwrite: false);
        files.Write("server", authority.IssueServer(["127.0.0.1"], Validity, Now), overwrite: false);
        files.Write("operator", authority.IssueClient(PeerIdentity.Operator, Validity, Now), overwrite: false);
    }

    private static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    /// <summary>What this process shows the coordinator.</summary>
    internal ClientSecurity Operator => new()
    {
        Authorities = files.Authorities, Certificate = files.CertificateOf("operator"), Key = files.KeyOf("operator"),
    };

    /// <summary>What the coordinator is started with.</summary>
    internal IEnumerable<string> CoordinatorArguments =>
    [
        "--certificate", files.CertificateOf("server"), "--key", files.KeyOf("server"), "--client-ca", files.Authorities, "--plaintext-tap", PlaintextTap,
    ];

    /// <summary>Where the coordinator shows what its connections carry.</summary>
    internal string PlaintextTap => Path.Combine(root, "tap");

    /// <summary>What the agent of some devices is started with: a certificate that names no others.</summary>
    internal IEnumerable<string> AgentArguments(int first, int last)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"agent-{first}-{last}");
        files.Write(name, authority.IssueClient(new PeerIdentity(InProcessRun.Name, first, last), Validity, Now), overwrite: false);
        return ["--ca", files.Authorities, "--certificate", files.CertificateOf(name), "--key", files.KeyOf(name)];
    }

    public void Dispose()
    {
        authority.Dispose();
        alive.Dispose();
        Directory.Delete(root, recursive: true);
    }

    // What is another user's, or has no lock yet, is left alone.
    private static void Sweep()
    {
        foreach (var folder in new DirectoryInfo(Path.GetTempPath()).EnumerateDirectories(Prefix + "*").Where(folder => folder.LinkTarget is null))
        {
            try
            {
                using (new FileStream(Path.Combine(folder.FullName, Alive), FileMode.Open, FileAccess.ReadWrite, FileShare.None))
                {
                }

                folder.Delete(recursive: true);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                // Its process lives, or it is not ours.
            }
        }
    }
}
