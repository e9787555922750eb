using System.Net;
using Dcc.Coordinator;
using Dcc.Coordinator.Security;
using Dcc.Services.Tests.Telemetry;
using Grpc.Core;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Dcc.Services.Tests.Security;

/// <summary>Who operates a coordinator that asks for nothing, and what it says of that and other openings.</summary>
public sealed class WarningTests
{
    private const string Readers = "can read every run: its pages";
    private const string Operators = "INSECURE: anybody who reaches";
    private const string LocalOperators = "from this machine, as everybody does behind a proxy on it";
    private const string OnTheWay = "whoever is on the way can read";
    private const string Devices = "can join a run";

    [Theory]
    [InlineData("http://0.0.0.0:1", true, "192.0.2.1", true)]
    [InlineData("https://0.0.0.0:1", true, "192.0.2.1", false)]
    [InlineData("https://0.0.0.0:1", false, "192.0.2.1", false)]
    [InlineData("https://0.0.0.0:1", true, "127.0.0.1", true)]
    [InlineData("http://127.0.0.1:1", false, "127.0.0.1", true)]
    public void Operator_WhoIsAskedForNothing_MayOperateOnlyWhereThePortIsInsecureOrLocal(string listen, bool insecure, string peer, bool may)
    {
        // Insecure beside https is given for the pages' port, as without TLS there.
        var options = Options.Create(new CoordinatorOptions
        {
            Listen = listen, Http = "http://0.0.0.0:2", Security = new SecurityOptions { Insecure = insecure },
        });
        var access = new Access(options, new SecurityFiles(options, NullLogger<SecurityFiles>.Instance), TimeProvider.System);
        var context = new DefaultHttpContext();
        context.Connection.RemoteIpAddress = IPAddress.Parse(peer);
        Assert.Equal(may ? null : StatusCode.PermissionDenied, access.OfOperator(context)?.Status.StatusCode);
    }

    [Theory]
    [InlineData("http://127.0.0.1:1", "http://127.0.0.1:2", "")]
    [InlineData("http://127.0.0.1:1", "http://127.0.0.1:2", "token-key", LocalOperators)]
    [InlineData("http://127.0.0.1:1", "http://127.0.0.1:2", "token-key operator-token-file")]
    [InlineData("http://127.0.0.1:1", "http://0.0.0.0:2", "", Readers)]
    [InlineData("http://0.0.0.0:1", "none", "", OnTheWay, Devices, Operators)]
    [InlineData("https://0.0.0.0:1", "none", "", Devices, LocalOperators)]
    [InlineData("https://0.0.0.0:1", "none", "token-key", LocalOperators)]
    [InlineData("https://0.0.0.0:1", "https://0.0.0.0:2", "client-ca", Readers)]
    [InlineData("https://0.0.0.0:1", "none", "client-ca")]
    [InlineData("https://127.0.0.1:1", "none", "client-ca plaintext-tap", "inside of TLS, tokens too, is shown at plaintext-tap")]
    public void Start_OfAnOpenCoordinator_SaysEveryOpening(string listen, string http, string given, params string[] said)
    {
        var log = new LogLines();
        StartWarnings.Write(log, new CoordinatorOptions
        {
            Listen = listen, Http = http,
            Security = new SecurityOptions
            {
                TokenKey = Given("token-key"), OperatorTokenFile = Given("operator-token-file"), ClientCa = Given("client-ca"),
                PlaintextTap = Given("plaintext-tap"),
            },
        });
        Assert.Equal(said.Length, log.All.Count);
        Assert.All(said.Zip(log.All), pair => Assert.Contains(pair.First, pair.Second, StringComparison.Ordinal));

        string? Given(string name) => given.Split(' ').Contains(name) ? name : null;
    }

    [Fact]
    public async Task Refusal_OfARunNamedWithControlCharacters_IsOneHarmlessLine()
    {
        await using var host = await CoordinatorHost.Start();
        var log = host.Log();
        using var stranger = Talker.Open(host);
        await RunTests.Refused(StatusCode.NotFound, "run:", async () =>
        {
            await stranger.SayIfOpen(Talker.Hello(0, run: "a\r\u001b[2J\u202eb\u2028"));
            await stranger.Next();
        });
        await Tool.Until(() => Task.FromResult(log.All.Any(line => line.Contains("refused", StringComparison.Ordinal))));
        Assert.Contains(@"got 'a\u000D\u001B[2J\u202Eb\u2028'", Assert.Single(log.All), StringComparison.Ordinal);
    }
}
