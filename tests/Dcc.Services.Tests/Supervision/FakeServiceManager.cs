using System.Net.Sockets;
using System.Text;

namespace Dcc.Services.Tests.Supervision;

/// <summary>The socket that systemd would listen on.</summary>
internal sealed class FakeServiceManager : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("dcc-test-").FullName;
    private readonly Socket socket = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);

    internal FakeServiceManager()
    {
        Path = System.IO.Path.Combine(folder, "notify");
        socket.Bind(new UnixDomainSocketEndPoint(Path));
    }

    internal string Path { get; }

    /// <summary>What the manager would put into the environment of a service.</summary>
    internal Dictionary<string, string> Environment(TimeSpan watchdog) => new()
    {
        ["NOTIFY_SOCKET"] = Path,
        ["WATCHDOG_USEC"] = ((long)watchdog.TotalMicroseconds).ToString(System.Globalization.CultureInfo.InvariantCulture),
    };

    /// <summary>The next message.</summary>
    internal async Task<string> Next()
    {
        var buffer = new byte[256];
        return Encoding.UTF8.GetString(buffer, 0, await socket.ReceiveAsync(buffer, TestContext.Current.CancellationToken));
    }

    /// <summary>Whether anything has come that was not read.</summary>
    internal bool HasMore => socket.Available > 0;

    public void Dispose()
    {
        socket.Dispose();
        Directory.Delete(folder, recursive: true);
    }
}
