using System.Security.Cryptography.X509Certificates;
using Dcc.Agent;
using Dcc.Coordinator.Security;
using Dcc.Core.Validation;
using Dcc.Hosting.Security;
using Dcc.Protocol.V1;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.Extensions.Logging.Abstractions;

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

    // What is refused for its mode has the content that is wanted already: chmod alone must do.
    [Fact]
    public void Files_RefusedForTheirMode_AreTakenOnceOthersCannotReadThem()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "files have no mode there");
        var (path, said) = (authority.TokenKey, new List<string>());
        var files = new FileBacked<string>([path], () => SecretFile.ReadLine("f", path), said.Add);
        var first = files.Current();
        File.WriteAllText(path, new string('k', 40));
        Chmod(UnixFileMode.GroupRead);
        Assert.Equal(first, files.Current());
        Assert.Equal(first, files.Current());
        Assert.Contains("with mode 640", Assert.Single(said), StringComparison.Ordinal);
        Chmod(UnixFileMode.OtherRead);
        Assert.Equal(first, files.Current());
        Assert.Contains("with mode 604", said[^1], StringComparison.Ordinal);
        Chmod(UnixFileMode.None);
        Assert.Equal(new string('k', 40), files.Current());
        Assert.Equal(2, said.Count);

        void Chmod(UnixFileMode others)
        {
            if (!OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | others);
            }
        }
    }

    [Theory]
    [InlineData(true, 0)]
    [InlineData(false, 1)]
    public async Task Agent_RefusedOnALivingConnection_GoesOnOnlyWithNewFiles(bool replaced, int code)
    {
        await using var host = await authority.Start();
        var device = authority.Device(0, CoordinatorHost.Devices - 1);
        using var channels = new CoordinatorChannels(device);
        var client = channels.Open(host.Address);
        using (var stream = Talker.Open(client))
        {
            await stream.Say(Talker.Hello(0));
            Assert.NotNull((await stream.Next()).Welcome);
        }

        authority.Files.Revoke(CertificateFiles.ReadAll("", device.Certificate!)[0].SerialNumber, "rotated");
        if (replaced)
        {
            var next = authority.Device(0, CoordinatorHost.Devices - 1);
            File.Copy(next.Key!, device.Key!, overwrite: true);
            File.Copy(next.Certificate!, device.Certificate!, overwrite: true);
        }

        using var learning = new SemaphoreSlim(2);
        var options = new AgentOptions { Coordinator = host.Address, Run = CoordinatorHost.Run };
        var codes = await Task.WhenAll(Enumerable.Range(0, CoordinatorHost.Devices).Select(index => new DeviceWorker(
            index, options, null, client, learning, host.Instruments, TimeProvider.System, NullLogger.Instance,
            refused => channels.Renew(host.Address, refused)).Run(TestContext.Current.CancellationToken)));
        Assert.All(codes, ended => Assert.Equal(code, ended));
        Assert.Equal(replaced ? "finished" : "running", (await host.Status()).State);
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
