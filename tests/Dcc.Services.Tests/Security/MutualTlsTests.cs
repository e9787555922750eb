using Dcc.Cli.Certificates;
using Dcc.Hosting.Security;
using Dcc.Protocol.V1;
using Grpc.Core;
using Grpc.Health.V1;

namespace Dcc.Services.Tests.Security;

/// <summary>Nobody takes part, or operates, whose certificate does not say so; whoever is refused is told why, and counted; the run goes on.</summary>
public sealed class MutualTlsTests : IDisposable
{
    private readonly TestAuthority authority = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => authority.Dispose();

    public static TheoryData<string, StatusCode, string, string> Strangers => new()
    {
        { "no certificate", StatusCode.Unauthenticated, "certificate:", "no-certificate" },
        { "another authority", StatusCode.Unauthenticated, "certificate:", "untrusted-certificate" },
        { "server's certificate", StatusCode.Unauthenticated, "certificate:", "untrusted-certificate" },
        { "expired", StatusCode.Unauthenticated, "certificate:", "expired-certificate" },
        { "not yet in force", StatusCode.Unauthenticated, "certificate:", "expired-certificate" },
        { "revoked", StatusCode.Unauthenticated, "certificate:", "revoked-certificate" },
        { "another device", StatusCode.PermissionDenied, "device:", "other-device" },
        { "devices after it", StatusCode.PermissionDenied, "device:", "other-device" },
        { "another run", StatusCode.PermissionDenied, "run:", "other-device" },
        { "operator", StatusCode.PermissionDenied, "run:", "other-device" },
    };

    [Theory]
    [MemberData(nameof(Strangers))]
    public async Task Device_WithoutItsCertificate_IsRefusedAndTheRunUnharmed(string who, StatusCode code, string field, string counter)
    {
        await using var host = await authority.Start();
        using (var stranger = Talker.Open(authority.Client(host, Stranger(who))))
        {
            await RunTests.Refused(code, field, async () =>
            {
                await stranger.SayIfOpen(Talker.Hello(0));
                await stranger.Next();
            });
        }

        Assert.Equal(1ul, (await host.Status()).Refused[counter]);
        Assert.All(await authority.RunDevices(host), exit => Assert.Equal(0, exit));
        var status = await host.Status();
        Assert.Equal(("finished", CoordinatorHost.UndisturbedDigest()), (status.State, status.Digest));
        Assert.Equal([counter], status.Refused.Keys);
    }

    [Fact]
    public async Task Device_RevokedWhileConnected_IsRefusedAtItsNextStream()
    {
        await using var host = await authority.Start();
        var device = authority.Device(0);
        var client = authority.Client(host, device);
        using (var stream = Talker.Open(client))
        {
            await stream.Say(Talker.Hello(0));
            Assert.NotNull((await stream.Next()).Welcome);
        }

        authority.Files.Revoke(CertificateFiles.ReadAll("", device.Certificate!)[0].SerialNumber, "lost");
        using var again = Talker.Open(client);
        await RunTests.Refused(StatusCode.Unauthenticated, "certificate:", async () =>
        {
            await again.SayIfOpen(Talker.Hello(0));
            await again.Next();
        });
    }

    [Fact]
    public async Task Device_OfARange_IsEachOfThem()
    {
        await using var host = await authority.Start();
        var client = authority.Client(host, authority.Device(1, 2));
        foreach (var device in new uint[] { 1, 2 })
        {
            using var stream = Talker.Open(client);
            await stream.Say(Talker.Hello(device));
            Assert.NotNull((await stream.Next()).Welcome);
        }
    }

    [Theory]
    [InlineData("device", StatusCode.PermissionDenied, "operator:", "not-operator")]
    [InlineData("nobody", StatusCode.Unauthenticated, "certificate:", "no-certificate")]
    public async Task Operation_WithoutAnOperatorsCertificate_IsRefusedAndCounted(string who, StatusCode code, string field, string counter)
    {
        await using var host = await authority.Start();
        using var channel = CoordinatorHost.Open(host.Address, who == "device" ? authority.Device(0) : authority.Nobody);
        var operation = new Operation.OperationClient(channel);
        await RunTests.Refused(code, field, async () => await operation.CancelRunAsync(new RunRequest { Run = CoordinatorHost.Run }, cancellationToken: Cancellation));
        await RunTests.Refused(code, field, async () =>
        {
            using var watch = operation.WatchRun(new RunRequest { Run = CoordinatorHost.Run }, cancellationToken: Cancellation);
            await watch.ResponseStream.MoveNext(Cancellation);
        });
        await RunTests.Refused(code, field, async () =>
        {
            using var reflection = new Grpc.Reflection.V1Alpha.ServerReflection.ServerReflectionClient(channel).ServerReflectionInfo(cancellationToken: Cancellation);
            await reflection.ResponseStream.MoveNext(Cancellation);
        });

        // Whether the coordinator is there, everybody may know.
        var health = await new Health.HealthClient(channel).CheckAsync(new HealthCheckRequest(), cancellationToken: Cancellation);
        Assert.Equal(HealthCheckResponse.Types.ServingStatus.Serving, health.Status);
        Assert.Equal(("running", 3ul), ((await host.Status()).State, (await host.Status()).Refused[counter]));
    }

    private ClientSecurity Stranger(string who)
    {
        switch (who)
        {
            case "no certificate":
                return authority.Nobody;
            case "another authority":
                using (var other = CertificateAuthority.Create("test", TimeSpan.FromDays(1), TestAuthority.Now).Authority)
                {
                    return authority.Device(0, of: other);
                }

            case "server's certificate":
                return authority.Holding("server");
            case "expired":
                using (var old = Aged())
                {
                    return authority.Device(0, now: TestAuthority.Now.AddDays(-2), of: old);
                }

            case "not yet in force":
                using (var old = Aged())
                {
                    return authority.Device(0, now: TestAuthority.Now.AddHours(1), of: old);
                }

            case "revoked":
                var lost = authority.Device(0);
                authority.Files.Revoke(CertificateFiles.ReadAll("", lost.Certificate!)[0].SerialNumber, "lost");
                return lost;
            case "another device":
                return authority.Device(1);
            case "devices after it":
                return authority.Device(1, 2);
            case "another run":
                return authority.Device(0, run: "other");
            default:
                return authority.Operator;
        }
    }

    // The authority's own certificate must have been in force when the device's was: a second one, which the coordinator trusts too.
    private CertificateAuthority Aged()
    {
        var (aged, _) = CertificateAuthority.Create("aged", TimeSpan.FromDays(30), TestAuthority.Now.AddDays(-20));
        File.AppendAllText(authority.Files.Authorities, "\n" + aged.Certificate);
        return aged;
    }
}
