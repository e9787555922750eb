using Dcc.Agent;
using Dcc.Core.Validation;
using Dcc.Hosting.Security;
using Dcc.Services.Tests.Telemetry;
using Microsoft.Extensions.Options;

namespace Dcc.Services.Tests.Security;

/// <summary>What a coordinator or an agent refuses before it starts: one line that names the field.</summary>
public sealed class SecurityOptionsTests : IDisposable
{
    private readonly TestAuthority authority = new();

    public void Dispose() => authority.Dispose();

    [Theory]
    [InlineData("http://0.0.0.0:0", "none", "listen: expected https:// beyond loopback (with certificate and key), or insecure, got http://0.0.0.0:0")]
    [InlineData("http://[::]:0", "none", "listen: ")]
    [InlineData("http://127.0.0.1:0", "http://0.0.0.0:0", "http: expected https:// beyond loopback")]
    [InlineData("https://127.0.0.1:0", "none", "certificate: expected a file (PEM) for an https address, got nothing")]
    public async Task Coordinator_WithoutTls_RefusesToListenBeyondLoopback(string listen, string http, string message)
    {
        using var process = Tool.StartService(
            "Dcc.Coordinator", new Dictionary<string, string>(), "--listen", listen, "--http", http, "--store", "memory");
        var error = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(2, process.ExitCode);
        Assert.StartsWith(message, error, StringComparison.Ordinal);
        Assert.Equal(1, error.Count(character => character == '\n'));
    }

    [Fact]
    public async Task Coordinator_ToldToBeInsecure_ListensAndSaysSo()
    {
        using var process = Tool.StartService(
            "Dcc.Coordinator", new Dictionary<string, string>(), "--listen", "http://0.0.0.0:0", "--http", "none", "--store", "memory", "--insecure");
        Assert.Contains("warn", await Tool.Says(process, "INSECURE: http://0.0.0.0:0"), StringComparison.Ordinal);
        Assert.Equal(0, (await Tool.Stop(process)).ExitCode);
    }

    [Theory]
    [InlineData("Coordinator:Security:Key", UnixFileMode.GroupRead, "key: expected a file that only its owner can read (mode 600)", "with mode 640")]
    [InlineData("Coordinator:Security:TokenKey", UnixFileMode.OtherRead, "token-key: expected a file that only its owner can read", "with mode 604")]
    [InlineData("Coordinator:Security:OperatorTokenFile", UnixFileMode.OtherWrite, "operator-token-file: expected a file", "with mode 602")]
    public async Task Coordinator_WithASecretOthersCanRead_IsRefused(string key, UnixFileMode mode, string message, string named)
    {
        var file = key.EndsWith("Security:Key", StringComparison.Ordinal) ? authority.Files.KeyOf("server") : authority.TokenKey;
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | mode);
        }

        var refused = await Assert.ThrowsAsync<InvalidInputException>(() => CoordinatorHost.Start([.. authority.Tls.Where(setting => setting.Key != key), (key, file)]));
        Assert.StartsWith(message, refused.Message, StringComparison.Ordinal);
        Assert.Contains(named, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Coordinator_OneSecretForDevicesAndOperators_IsRefused()
    {
        var copy = authority.TokenKey + ".copy";
        SecretFile.Write("", copy, "  " + await File.ReadAllTextAsync(authority.TokenKey, TestContext.Current.CancellationToken) + "\n", overwrite: false);
        var refused = await Assert.ThrowsAsync<InvalidInputException>(() => CoordinatorHost.Start(
            ("Coordinator:Security:TokenKey", authority.TokenKey), ("Coordinator:Security:OperatorTokenFile", copy)));
        Assert.StartsWith("operator-token-file: expected a secret other than that of token-key, got ", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ConnectionsPerPeer", "0", "max-connections-per-peer: ")]
    [InlineData("MessagesPerSecond", "-1", "max-messages: ")]
    [InlineData("DevicesPerRun", "1000001", "max-devices: ")]
    [InlineData("HelloSeconds", "NaN", "hello-timeout: ")]
    [InlineData("IdleSeconds", "0", "idle-timeout: ")]
    public async Task Coordinator_LimitOutOfRange_IsRefused(string limit, string value, string message)
    {
        var refused = await Assert.ThrowsAsync<OptionsValidationException>(() => CoordinatorHost.Start(("Coordinator:Limits:" + limit, value)));
        Assert.StartsWith(message, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Agent_TokenOverPlainTextBeyondLoopback_IsRefusedUnlessTold()
    {
        var options = new AgentOptions { Coordinator = "http://192.0.2.1:5080", Token = new string('t', 40) };
        Assert.StartsWith("coordinator: expected https://", Check(options), StringComparison.Ordinal);
        options.Insecure = true;
        Assert.Equal("", Check(options));
        options = new AgentOptions { Coordinator = "http://127.0.0.1:5080", Token = options.Token };
        Assert.Equal("", Check(options));
    }

    [Fact]
    public void Agent_CertificateOverPlainText_OrWithoutItsKey_IsRefused()
    {
        var device = authority.Device(0);
        Assert.StartsWith("key: ", Check(new AgentOptions { Coordinator = "https://127.0.0.1:1", Certificate = device.Certificate }), StringComparison.Ordinal);
        Assert.StartsWith(
            "coordinator: ", Check(new AgentOptions { Certificate = device.Certificate, Key = device.Key }), StringComparison.Ordinal);
        Assert.StartsWith(
            "key: expected the private key",
            Check(new AgentOptions { Coordinator = "https://127.0.0.1:1", Certificate = device.Certificate, Key = authority.Files.KeyOf("server") }),
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("dcc://run/a%2Fb%20c/device/3", "a/b c", 3, 3)]
    [InlineData("dcc://run/r/devices/0-4", "r", 0, 4)]
    [InlineData("dcc://operator", null, 0, 0)]
    public void Identity_OfAUri_IsReadAndWritten(string uri, string? run, int first, int last)
    {
        Assert.Equal(new PeerIdentity(run, first, last), PeerIdentity.Parse(uri));
        Assert.Equal(uri, PeerIdentity.Parse(uri)!.ToString());
    }

    [Theory]
    [InlineData("dcc://run//device/3")]
    [InlineData("dcc://run/r/device/0-4")]
    [InlineData("dcc://run/r/devices/4-0")]
    [InlineData("dcc://run/r/device/-1")]
    [InlineData("dcc://run/r/device/3/4")]
    [InlineData("https://run/r/device/3")]
    [InlineData("dcc://operators")]
    public void Identity_OfAnotherUri_IsNobody(string uri) => Assert.Null(PeerIdentity.Parse(uri));

    private static string Check(AgentOptions options) => new AgentOptionsValidator().Validate(null, options).FailureMessage ?? "";
}
