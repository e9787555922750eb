using System.Net;
using System.Net.Sockets;

namespace Dcc.Cli.Emulation;

/// <summary>
/// Finds a port for a child to listen on. It lies below those that the kernel gives out by itself: the links and connections of a thousand devices
/// would else take it before the child does, or while the child is being restarted.
/// </summary>
internal static class FreePort
{
    private const int Lowest = 15_000;
    private const int Highest = 32_000;

    internal static int Find()
    {
        while (true)
        {
            var port = Random.Shared.Next(Lowest, Highest);
            using var socket = new TcpListener(IPAddress.Loopback, port);
            try
            {
                socket.Start();
                return port;
            }
            catch (SocketException exception) when (exception.SocketErrorCode == SocketError.AddressAlreadyInUse)
            {
                // Somebody has it: another one will do.
            }
        }
    }
}
