using System.Net;
using System.Net.Sockets;

namespace Dcc.Cli.Tests.Dashboard;

public sealed class PageAddressTests
{
    [Theory]
    [InlineData("nowhere")]
    [InlineData("https://127.0.0.1:5081")]
    [InlineData("http://127.0.0.1")]
    [InlineData("http://127.0.0.1:99999")]
    [InlineData("http://127.0.0.1:5081/path")]
    [InlineData("http://192.0.2.1:80")]
    [InlineData("TAKEN")]
    public async Task Emulate_AddressThatCannotBeServed_ExitsTwoWithOneLine(string address)
    {
        using var folder = new TemporaryFolder();
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var given = address.Replace("TAKEN", $"http://{taken.LocalEndpoint}", StringComparison.Ordinal);

        var result = await DccProcess.Run("emulate", "--http", given, "--output", folder["e"]);

        Assert.Equal(2, result.ExitCode);
        Assert.Contains("http: expected ", result.Error, StringComparison.Ordinal);
        Assert.Contains(given, result.Error, StringComparison.Ordinal);
        Assert.Equal(1, result.Error.Count(character => character == '\n'));
        Assert.False(Directory.Exists(folder["e"]));
    }
}
