using Dcc.Cli.Emulation;
using Dcc.Hosting.Security;
using Dcc.Protocol.V1;
using Grpc.Core;

namespace Dcc.Services.Tests.Security;

/// <summary>What is withdrawn is out, however its number is written and whatever is open.</summary>
public sealed class RevocationTests : IDisposable
{
    private readonly TestAuthority authority = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => authority.Dispose();

    // Tools show a serial number with or without zeros before it; the list failed open where it had others than the platform.
    [Fact]
    public async Task Device_RevokedWithZerosBeforeItsSerial_IsRefused()
    {
        await using var host = await authority.Start();
        var device = authority.Device(0);
        await File.AppendAllTextAsync(authority.Files.Revoked, "00" + Serial(device).ToLowerInvariant() + "\n", Cancellation);
        using var stream = Talker.Open(authority.Client(host, device));
        await RunTests.Refused(StatusCode.Unauthenticated, "certificate:", async () =>
        {
            await stream.SayIfOpen(Talker.Hello(0));
            await stream.Next();
        });
    }

    [Theory]
    [InlineData("00ab01", "AB01")]
    [InlineData("AB01", "AB01")]
    [InlineData("0100", "100")]
    [InlineData("00", "0")]
    public void Serial_WithZerosBeforeIt_IsTheSame(string written, string serial) => Assert.Equal(serial, CertificateTrust.Serial(written));

    [Fact]
    public async Task Device_RevokedWhileItsStreamIsOpen_IsEndedAndCounted()
    {
        await using var host = await authority.Start(("Coordinator:HeartbeatSeconds", "0.2"));
        var device = authority.Device(0);
        using var stream = Talker.Open(authority.Client(host, device));
        await stream.Say(Talker.Hello(0));
        Assert.NotNull((await stream.Next()).Welcome);
        authority.Files.Revoke(Serial(device), "lost");
        await Ended(stream, "certificate:");
        Assert.Equal(1ul, (await host.Status()).Refused["revoked-certificate"]);
        await Telemetry.Tool.Until(async () => (await host.Status()).Connected == 0);
    }

    [Fact]
    public async Task Device_TokenKeyReplacedWhileItsStreamIsOpen_IsEndedAndCounted()
    {
        await using var host = await CoordinatorHost.Start(
            ("Coordinator:HeartbeatSeconds", "0.2"), ("Coordinator:Security:TokenKey", authority.TokenKey));
        using var stream = Talker.Open(host.Coordination, authority.Token(0, 0));
        await stream.Say(Talker.Hello(0));
        Assert.NotNull((await stream.Next()).Welcome);
        SecretFile.Write("key", authority.TokenKey, new string('k', 40), overwrite: true);
        await Ended(stream, "token:");
        Assert.Equal(1ul, (await host.Status()).Refused["invalid-token"]);
    }

    [Fact]
    public void List_OfManyRevocationsAtOnce_HasEveryOne()
    {
        var serials = Enumerable.Range(0x1000, 200).Select(serial => serial.ToString("X4", null)).ToList();

        // Not ended by a newline, as an editor may leave it.
        File.WriteAllText(authority.Files.Revoked, "# mine\nABCD");
        Parallel.ForEach(serials, new ParallelOptions { MaxDegreeOfParallelism = 8 }, serial => authority.Files.Revoke(serial, "lost"));
        var listed = File.ReadAllLines(authority.Files.Revoked).Select(line => line.Split('#')[0].Trim());
        Assert.Equal(["", .. serials, "ABCD"], listed.Order(StringComparer.Ordinal));
    }

    // A process that is killed leaves its folder: it must hold nothing that certifies.
    [Fact]
    public void Emulation_WithTls_KeepsItsAuthoritysKeyToItself()
    {
        using var emulated = new EmulatedAuthority();
        var files = Directory.GetFiles(Path.GetDirectoryName(emulated.Operator.Key)!);
        Assert.Contains(emulated.Operator.Key, files);
        Assert.DoesNotContain(files, file => Path.GetFileName(file) == "ca.key");
    }

    private static string Serial(ClientSecurity device) => CertificateFiles.ReadAll("", device.Certificate!)[0].SerialNumber;

    // Answers every heartbeat with one, so that silence is no reason to end.
    private static Task Ended(Talker stream, string field) => RunTests.Refused(StatusCode.Unauthenticated, field, async () =>
    {
        while (true)
        {
            await stream.Next();
            await stream.SayIfOpen(new DeviceMessage { Heartbeat = new Heartbeat() });
        }
    });
}
