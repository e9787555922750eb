using System.Security.Cryptography;
using Dcc.Agent;
using Dcc.Cli.Certificates;
using Dcc.Hosting.Security;
using Dcc.Protocol.V1;
using Grpc.Net.Client;
using Microsoft.Extensions.Logging.Abstractions;

namespace Dcc.Services.Tests.Security;

/// <summary>An authority in a folder that is gone after the test, with a coordinator's certificate and an operator's.</summary>
internal sealed class TestAuthority : IDisposable
{
    private static readonly TimeSpan Validity = TimeSpan.FromDays(1);

    private readonly string root = Directory.CreateTempSubdirectory("dcc-test-").FullName;
    private readonly CertificateAuthority authority;
    private readonly List<GrpcChannel> channels = [];

    internal TestAuthority()
    {
        Files = new AuthorityFolder(Path.Combine(root, "certs"));
        authority = Files.Create("test", Validity, overwrite: false, Now);
        Files.Write("server", authority.IssueServer(["127.0.0.1", "localhost"], Validity, Now), overwrite: false);
        Files.Write("operator", authority.IssueClient(PeerIdentity.Operator, Validity, Now), overwrite: false);
        File.WriteAllText(Files.Revoked, "# nobody yet\n");
        SecretFile.Write("key", TokenKey, Convert.ToHexString(RandomNumberGenerator.GetBytes(32)), overwrite: false);
    }

    internal static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    internal AuthorityFolder Files { get; }

    internal CertificateAuthority Authority => authority;

    internal string TokenKey => Path.Combine(root, "token.key");

    internal ClientSecurity Operator => Holding("operator");

    /// <summary>Trusts the coordinator and has nothing to show.</summary>
    internal ClientSecurity Nobody => new() { Authorities = Files.Authorities };

    /// <summary>Settings of a coordinator with TLS and nothing asked of clients.</summary>
    internal (string Key, string Value)[] Tls =>
    [
        ("Coordinator:Listen", "https://127.0.0.1:0"), ("Coordinator:Security:Certificate", Files.CertificateOf("server")),
        ("Coordinator:Security:Key", Files.KeyOf("server")),
    ];

    /// <summary>Settings of a coordinator that asks everybody for a certificate.</summary>
    internal (string Key, string Value)[] MutualTls =>
        [.. Tls, ("Coordinator:Security:ClientCa", Files.Authorities), ("Coordinator:Security:Revoked", Files.Revoked)];

    /// <summary>A coordinator with mutual TLS, and its operator.</summary>
    internal Task<CoordinatorHost> Start(params (string Key, string Value)[] more) => CoordinatorHost.StartAs(Operator, [.. MutualTls, .. more]);

    /// <summary>Shows a certificate that the folder has.</summary>
    internal ClientSecurity Holding(string name) => Nobody with { Certificate = Files.CertificateOf(name), Key = Files.KeyOf(name) };

    /// <summary>Issues a certificate for some devices.</summary>
    internal ClientSecurity Device(
        int first, int? last = null, string run = CoordinatorHost.Run, DateTimeOffset? now = null, CertificateAuthority? of = null)
    {
        var name = $"device-{Guid.NewGuid()}";
        var holder = new PeerIdentity(run, first, last ?? first);
        Files.Write(name, (of ?? authority).IssueClient(holder, Validity, now ?? Now), overwrite: false);
        return Holding(name);
    }

    internal string Token(int first, int last, string run = CoordinatorHost.Run, DateTimeOffset? expiry = null, string? key = null) =>
        new JoinToken(new PeerIdentity(run, first, last), expiry ?? Now.AddHours(1)).Sign(key ?? SecretFile.ReadLine("key", TokenKey));

    /// <summary>A client of its own, on a connection of its own, until the test is over.</summary>
    internal Coordination.CoordinationClient Client(CoordinatorHost host, ClientSecurity security)
    {
        channels.Add(CoordinatorHost.Open(host.Address, security));
        return new Coordination.CoordinationClient(channels[^1]);
    }

    /// <summary>Real device workers, each with its own certificate, until the run has ended.</summary>
    internal async Task<int[]> RunDevices(CoordinatorHost host)
    {
        using var learning = new SemaphoreSlim(2);
        var options = new AgentOptions { Coordinator = host.Address, Run = CoordinatorHost.Run };
        return await CoordinatorHost.Together(Enumerable.Range(0, CoordinatorHost.Devices)
            .Select(device => host.Worker(device, options, Client(host, Device(device)), learning, NullLogger.Instance)).ToList());
    }

    public void Dispose()
    {
        channels.ForEach(channel => channel.Dispose());
        authority.Dispose();
        Directory.Delete(root, recursive: true);
    }
}
