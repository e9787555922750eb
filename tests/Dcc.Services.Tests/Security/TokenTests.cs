using Dcc.Agent;
using Dcc.Hosting.Security;
using Dcc.Protocol.V1;
using Grpc.Core;
using Microsoft.Extensions.Logging.Abstractions;

namespace Dcc.Services.Tests.Security;

public sealed class TokenTests : IDisposable
{
    private readonly TestAuthority authority = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => authority.Dispose();

    public static TheoryData<string, StatusCode, string, string> Wrong => new()
    {
        { "none", StatusCode.Unauthenticated, "token:", "no-token" },
        { "of another key", StatusCode.Unauthenticated, "token:", "invalid-token" },
        { "changed", StatusCode.Unauthenticated, "token:", "invalid-token" },
        { "no token at all", StatusCode.Unauthenticated, "token:", "invalid-token" },
        { "expired", StatusCode.Unauthenticated, "token:", "expired-token" },
        { "another device", StatusCode.PermissionDenied, "device:", "other-device" },
        { "another run", StatusCode.PermissionDenied, "run:", "other-device" },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public async Task Device_WithAWrongToken_IsRefusedAndCounted(string which, StatusCode code, string field, string counter)
    {
        await using var host = await CoordinatorHost.Start(("Coordinator:Security:TokenKey", authority.TokenKey));
        using var stranger = Talker.Open(host.Coordination, which switch
        {
            "none" => null,
            "of another key" => authority.Token(0, 0, key: new string('k', 40)),
            "changed" => Changed(authority.Token(0, 0)),
            "no token at all" => "nonsense",
            "expired" => authority.Token(0, 0, expiry: TestAuthority.Now.AddSeconds(-1)),
            "another device" => authority.Token(1, 2),
            _ => authority.Token(0, 0, run: "other"),
        });
        await RunTests.Refused(code, field, async () =>
        {
            await stranger.SayIfOpen(Talker.Hello(0));
            await stranger.Next();
        });
        Assert.Equal(1ul, (await host.Status()).Refused[counter]);
    }

    [Fact]
    public async Task Run_OfDevicesWithATokenFile_EndsWithTheUndisturbedDigest()
    {
        await using var host = await CoordinatorHost.Start(("Coordinator:Security:TokenKey", authority.TokenKey));
        var file = authority.Files.KeyOf("token");
        SecretFile.Write("file", file, authority.Token(0, CoordinatorHost.Devices - 1) + "\n", overwrite: false);
        var options = new AgentOptions { Coordinator = host.Address, Run = CoordinatorHost.Run, TokenFile = file };
        using var learning = new SemaphoreSlim(2);
        var codes = await CoordinatorHost.Together(Enumerable.Range(0, CoordinatorHost.Devices)
            .Select(device => host.Worker(device, options, host.Coordination, learning, NullLogger.Instance)).ToList());
        Assert.All(codes, code => Assert.Equal(0, code));
        var status = await host.Status();
        Assert.Equal(CoordinatorHost.UndisturbedDigest(), status.Digest);
        Assert.Empty(status.Refused);
    }

    [Fact]
    public async Task Device_WithATokenOrACertificate_IsTakenWhereBothAreAsked()
    {
        await using var host = await authority.Start(("Coordinator:Security:TokenKey", authority.TokenKey));
        using var byToken = Talker.Open(authority.Client(host, authority.Nobody), authority.Token(0, 0));
        await byToken.Say(Talker.Hello(0));
        Assert.NotNull((await byToken.Next()).Welcome);
        using var byCertificate = Talker.Open(authority.Client(host, authority.Device(1)));
        await byCertificate.Say(Talker.Hello(1));
        Assert.NotNull((await byCertificate.Next()).Welcome);
    }

    [Fact]
    public async Task Operation_WithTheOperatorsToken_IsAllowedAndWithNoOther()
    {
        await using var host = await CoordinatorHost.Start(("Coordinator:Security:OperatorTokenFile", authority.TokenKey));
        await Refused("invalid-token", new string('x', 64));
        await Refused("no-token", null);
        Assert.Equal(CoordinatorHost.Run, (await Ask(SecretFile.ReadLine("key", authority.TokenKey))).Run);

        async Task Refused(string counter, string? token)
        {
            await RunTests.Refused(StatusCode.Unauthenticated, "token:", async () => await Ask(token));
            Assert.Equal(1ul, (await Ask(SecretFile.ReadLine("key", authority.TokenKey))).Refused[counter]);
        }

        async Task<RunStatus> Ask(string? token) => await host.Operation.GetRunAsync(
            new RunRequest { Run = CoordinatorHost.Run }, token is null ? null : new Metadata { { "authorization", "Bearer " + token } },
            cancellationToken: Cancellation);
    }

    [Fact]
    public void Token_AnyCharacterChanged_IsNone()
    {
        var key = new string('k', 32);
        var token = new JoinToken(new PeerIdentity("a run/with %", 3, 7), DateTimeOffset.FromUnixTimeSeconds(1_800_000_000)).Sign(key);
        Assert.Equal(new PeerIdentity("a run/with %", 3, 7), JoinToken.Read(token, key)!.Holder);
        for (var i = 0; i < token.Length; i++)
        {
            var changed = token[..i] + (token[i] == 'A' ? 'B' : 'A') + token[(i + 1)..];

            // The last character of a MAC carries two bits that mean nothing.
            Assert.True(JoinToken.Read(changed, key) is null || i == token.Length - 1, changed);
        }
    }

    private static string Changed(string token) => token[..8] + (token[8] == 'A' ? 'B' : 'A') + token[9..];
}
