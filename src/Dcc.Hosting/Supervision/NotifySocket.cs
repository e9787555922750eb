using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Dcc.Hosting.Supervision;

/// <summary>
/// Where a service manager wants to be told of the state of a service: the protocol of sd_notify(3), which is one datagram per message. By hand,
/// since Microsoft.Extensions.Hosting.Systemd says READY and STOPPING but never feeds a watchdog.
/// </summary>
/// <param name="Path">A path, or a name that begins with @ in Linux's abstract namespace.</param>
/// <param name="Watchdog">How long the manager lets the process be silent before it kills it; null for ever.</param>
internal sealed record NotifySocket(string Path, TimeSpan? Watchdog)
{
    /// <summary>What the environment asks for; null where nobody listens.</summary>
    internal static NotifySocket? Find(Func<string, string?> environment, int process)
    {
        if (environment("NOTIFY_SOCKET") is not ['/' or '@', _, ..] path)
        {
            return null;
        }

        // WATCHDOG_PID of another process means that the variables were inherited from it.
        var isMeant = environment("WATCHDOG_PID") is not { } meant || meant == process.ToString(CultureInfo.InvariantCulture);
        var hasWatchdog = long.TryParse(environment("WATCHDOG_USEC"), NumberStyles.None, CultureInfo.InvariantCulture, out var microseconds)
            && microseconds > 0;
        return new NotifySocket(path, isMeant && hasWatchdog ? TimeSpan.FromMicroseconds(microseconds) : null);
    }

    /// <summary>Sends a state, such as READY=1. A manager that has gone away is no reason to stop.</summary>
    /// <returns>False when it could not be told.</returns>
    internal bool Tell(string state)
    {
        try
        {
            using var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
            socket.Connect(new UnixDomainSocketEndPoint(Path[0] == '@' ? string.Concat("\0", Path.AsSpan(1)) : Path));
            return socket.Send(Encoding.UTF8.GetBytes(state)) > 0;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
