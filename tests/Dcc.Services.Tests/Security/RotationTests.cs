using System.Security.Cryptography.X509Certificates;
using Dcc.Coordinator.Security;
using Dcc.Core.Validation;
using Dcc.Hosting.Security;
using Dcc.Protocol.V1;
using Grpc.Core;
using Grpc.Net.Client;

namespace Dcc.Services.Tests.Security;

/// <summary>Files that change while a coordinator runs.</summary>
public sealed class RotationTests : IDisposable
{
    private readonly TestAuthority authority = new();

    public void Dispose() => authority.Dispose();

    [Fact]
    public async Task Server_CertificateReplaced_IsShownToNewConnections()
    {
        await using var host = await authority.Start();
        var first = await Shown(host);
        authority.Files.Write("server", authority.Authority.IssueServer(["127.0.0.1"], TimeSpan.FromDays(1), TestAuthority.Now), overwrite: true);
        var second = await Shown(host);
        Assert.NotEqual(first, second);

        // What is broken leaves what was there before.
        await File.WriteAllTextAsync(authority.Files.CertificateOf("server"), "no certificate", TestContext.Current.CancellationToken);
        Assert.Equal(second, await Shown(host));
        authority.Files.Write("server", authority.Authority.IssueServer(["127.0.0.1"], TimeSpan.FromDays(1), TestAuthority.Now), overwrite: true);
        Assert.NotEqual(second, await Shown(host));
    }

    [Fact]
    public async Task Clients_AuthorityReplaced_OldDevicesAreRefusedAndNewOnesTaken()
    {
        await using var host = await authority.Start();
        var old = authority.Client(host, authority.Device(0));
        using (var stream = Talker.Open(old))
        {
            await stream.Say(Talker.Hello(0));
            Assert.NotNull((await stream.Next()).Welcome);
        }

        var trusted = await File.ReadAllTextAsync(authority.Files.Authorities, TestContext.Current.CancellationToken);
        using var next = Dcc.Cli.Certificates.CertificateAuthority.Create("next", TimeSpan.FromDays(1), TestAuthority.Now).Authority;
        var device = authority.Device(1, of: next) with { Authorities = Path.Combine(authority.Files.CertificateOf("server") + ".ca") };
        await File.WriteAllTextAsync(device.Authorities!, trusted, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(authority.Files.Authorities, next.Certificate, TestContext.Current.CancellationToken);
        using var refused = Talker.Open(old);
        await RunTests.Refused(StatusCode.Unauthenticated, "certificate:", async () =>
        {
            await refused.SayIfOpen(Talker.Hello(0));
            await refused.Next();
        });
        using var taken = Talker.Open(authority.Client(host, device));
        await taken.Say(Talker.Hello(1));
        Assert.NotNull((await taken.Next()).Welcome);
    }

    [Fact]
    public void Files_BrokenThenGood_AreSaidOnceAndTaken()
    {
        var (path, said) = (authority.Files.KeyOf("list"), new List<string>());
        File.WriteAllText(path, "1");
        var files = new FileBacked<string>([path], () => File.ReadAllText(path) is "bad" ? throw new InvalidInputException("f", "good", "bad") : File.ReadAllText(path), said.Add);
        Assert.Equal("1", files.Current());
        File.WriteAllText(path, "bad");
        Assert.Equal("1", files.Current());
        Assert.Equal("1", files.Current());
        Assert.Single(said);
        File.WriteAllText(path, "2");
        Assert.Equal("2", files.Current());
        Assert.Single(said);
    }

    [Fact]
    public async Task Client_CertificateReplaced_IsShownAtItsNextConnection()
    {
        await using var host = await authority.Start();
        var device = authority.Device(1);

        // As in one process: the same options at every connection.
        var tls = device.Tls(TimeProvider.System);
        await RunTests.Refused(StatusCode.PermissionDenied, "device:", Join);
        var right = authority.Device(0);
        File.Copy(right.Key!, device.Key!, overwrite: true);
        File.Copy(right.Certificate!, device.Certificate!, overwrite: true);
        await Join();

        async Task Join()
        {
            using var channel = GrpcChannel.ForAddress(
                host.Address, new GrpcChannelOptions { HttpHandler = new SocketsHttpHandler { SslOptions = tls }, DisposeHttpClient = true });
            using var stream = Talker.Open(new Coordination.CoordinationClient(channel));
            await stream.SayIfOpen(Talker.Hello(0));
            Assert.NotNull((await stream.Next()).Welcome);
        }
    }

    // The serial number of the certificate that a new connection is shown.
    private static async Task<string> Shown(CoordinatorHost host)
    {
        using var tcp = new System.Net.Sockets.TcpClient();
        var uri = new Uri(host.Address);
        await tcp.ConnectAsync(uri.Host, uri.Port, TestContext.Current.CancellationToken);
#pragma warning disable CA5359
        await using var tls = new System.Net.Security.SslStream(tcp.GetStream(), false, (_, _, _, _) => true);
#pragma warning restore CA5359
        await tls.AuthenticateAsClientAsync(uri.Host);
        return ((X509Certificate2)tls.RemoteCertificate!).SerialNumber;
    }
}
