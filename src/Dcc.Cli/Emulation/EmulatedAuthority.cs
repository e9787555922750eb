using System.Globalization;
using Dcc.Cli.Certificates;
using Dcc.Cli.Runs;
using Dcc.Hosting.Security;

namespace Dcc.Cli.Emulation;

/// <summary>
/// The certificates of an emulation with mutual TLS: an authority, the coordinator's, the operator's for this process, and one for each agent. They
/// lie in a folder of the system's temporary one that only its owner can enter, and are gone at the end.
/// </summary>
internal sealed class EmulatedAuthority : IDisposable
{
    // Longer than any run.
    private static readonly TimeSpan Validity = TimeSpan.FromDays(365);

    private readonly string root = Directory.CreateTempSubdirectory("dcc-tls-").FullName;
    private readonly AuthorityFolder files;
    private readonly CertificateAuthority authority;

    internal EmulatedAuthority()
    {
        files = new AuthorityFolder(root);
        authority = files.Create("dcc emulate", Validity, overwrite: false, Now);
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
        Directory.Delete(root, recursive: true);
    }
}
