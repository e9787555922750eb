namespace Dcc.Cli.Tests;

public sealed class CertsTests : IDisposable
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Certs_OfAnAuthority_HaveNamesTimesAndPrivateKeys()
    {
        await Certs(0, "init");
        await Certs(0, "server", "--host", "edge.example", "--host", "192.0.2.7");
        await Certs(0, "device", "--run", "a run", "--devices", "0-4", "--valid", "2h");
        await Certs(0, "operator", "--name", "me");
        string[] names = ["ca", "server", "device-a%20run-0-4", "me"];
        Assert.All(names, name => Assert.Equal(Private, Mode($"certs/{name}.key")));
        Assert.Equal(Private | UnixFileMode.UserExecute, Mode("certs"));
        Assert.Equal(9, Directory.GetFiles(folder["certs"]).Length);
        Assert.Contains("names    edge.example 192.0.2.7\n", await Show("server"), StringComparison.Ordinal);
        Assert.Contains("names    dcc://run/a%20run/devices/0-4\n", await Show("device-a%20run-0-4"), StringComparison.Ordinal);
        Assert.Contains("names    dcc://operator\n", await Show("me"), StringComparison.Ordinal);

        async Task<string> Show(string name) => (await DccProcess.Run("certs", "show", folder[$"certs/{name}.pem"])).Output;
    }

    [Fact]
    public async Task Certs_WhatIsThere_IsReplacedOnlyWhenForced()
    {
        await Certs(0, "init");
        var key = await Text("certs/ca.key");
        Assert.StartsWith("dcc: folder: expected a file that does not exist yet", await Certs(2, "init"), StringComparison.Ordinal);
        Assert.Equal(key, await Text("certs/ca.key"));
        await Certs(0, "operator");
        Assert.StartsWith("dcc: name: ", await Certs(2, "operator"), StringComparison.Ordinal);
        await Certs(0, "init", "--force");
        Assert.NotEqual(key, await Text("certs/ca.key"));
        Assert.Empty(Directory.GetFiles(folder["certs"], "*.tmp"));
    }

    // A key may be kept elsewhere: an authority's offline, a device's on the device. What certifies it must not be lost.
    [Theory]
    [InlineData("ca", "folder: ", "init")]
    [InlineData("operator", "name: ", "operator")]
    public async Task Certs_WhoseKeyIsElsewhere_AreNotReplaced(string name, string message, string command)
    {
        await Certs(0, "init");
        if (command != "init")
        {
            await Certs(0, command);
        }

        var certificate = await Text($"certs/{name}.pem");
        File.Move(folder[$"certs/{name}.key"], folder["elsewhere"]);
        Assert.StartsWith($"dcc: {message}expected a file that does not exist yet", await Certs(2, command), StringComparison.Ordinal);
        Assert.Equal(certificate, await Text($"certs/{name}.pem"));
        Assert.False(File.Exists(folder[$"certs/{name}.key"]));
    }

    [Fact]
    public async Task Certs_Revoked_AreListedWithTheirNames()
    {
        await Certs(0, "init");

        // What a coordinator is told to read is there before anything is withdrawn.
        Assert.Matches("^# [^\n]*\n$", await Text("certs/revoked.txt"));
        await Certs(0, "device", "--run", "r", "--devices", "3");
        await Certs(0, "revoke", folder["certs/device-r-3.pem"]);
        await File.AppendAllTextAsync(folder["certs/revoked.txt"], "AB", TestContext.Current.CancellationToken);
        await Certs(0, "revoke", "000badcafe");
        var lines = (await Text("certs/revoked.txt")).Split('\n');
        Assert.Matches("^[0-9A-F]{32}  # dcc://run/r/device/3, revoked ", lines[1]);
        Assert.Equal("AB", lines[2]);
        Assert.StartsWith("BADCAFE  # revoked ", lines[3], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Token_OfASecret_IsPrivateAndThatOfAnOpenKeyIsRefused()
    {
        Assert.Equal(0, (await DccProcess.Run("certs", "secret", folder["k"])).ExitCode);
        string[] token = ["certs", "token", "--run", "r", "--devices", "0-4", "--key", folder["k"]];
        Assert.Equal(0, (await DccProcess.Run([.. token, "--output", folder["t"]])).ExitCode);
        Assert.Equal((Private, Private), (Mode("k"), Mode("t")));
        Assert.StartsWith("dcc1.", await Text("t"), StringComparison.Ordinal);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(folder["k"], Private | UnixFileMode.GroupRead);
        }

        var refused = await DccProcess.Run(token);
        Assert.Equal((2, ""), (refused.ExitCode, refused.Output));
        Assert.Equal($"dcc: key: expected a file that only its owner can read (mode 600), got {folder["k"]} with mode 640\n", refused.Error);
    }

    [Theory]
    [InlineData("valid: ", "operator", "--valid", "soon")]
    [InlineData("devices: ", "device", "--run", "r", "--devices", "4-1")]
    [InlineData("run: ", "device", "--run", "..", "--devices", "1")]
    [InlineData("host: ", "server", "--host", "a b")]
    [InlineData("FILE|SERIAL: ", "revoke", "")]
    [InlineData("name: ", "operator", "--name", "ca", "--force")]
    [InlineData("name: ", "operator", "--name", "./ca", "--force")]
    public async Task Certs_BadInput_NamesTheField(string message, params string[] arguments)
    {
        await Certs(0, "init");
        Assert.StartsWith("dcc: " + message, await Certs(2, arguments), StringComparison.Ordinal);
        Assert.Equal(["ca.key", "ca.pem", "revoked.txt"], Directory.GetFiles(folder["certs"]).Select(Path.GetFileName).Order());
    }

    private async Task<string> Certs(int exitCode, params string[] arguments)
    {
        string[] authority = ["--folder", folder["certs"]];
        var result = await DccProcess.Run(["certs", .. arguments, .. authority]);
        Assert.True(result.ExitCode == exitCode, result.Error);
        return result.Error;
    }

    private Task<string> Text(string name) => File.ReadAllTextAsync(folder[name], TestContext.Current.CancellationToken);

    private UnixFileMode Mode(string name) => OperatingSystem.IsWindows() ? Private : File.GetUnixFileMode(folder[name]);
}
