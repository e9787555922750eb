using System.CommandLine;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Dcc.Cli.Emulation;
using Dcc.Core.Validation;

namespace Dcc.Cli.Commands;

/// <summary>Where an emulated run's coordinator serves its live page.</summary>
internal static class PageAddress
{
    private const string Scheme = "http://";

    internal static Option<string?> Option() => new("--http")
    {
        Description = "Address of the live page [a free port of 127.0.0.1].",
        HelpName = "http://HOST:PORT",
    };

    /// <summary>The address with its port, free a moment ago: the coordinator binds it, and again whenever it is restarted.</summary>
    /// <exception cref="InvalidInputException">It is no address of this machine, or somebody listens there already.</exception>
    internal static string Read(string? text)
    {
        if (text is null)
        {
            return string.Create(CultureInfo.InvariantCulture, $"{Scheme}127.0.0.1:{FreePort.Find()}");
        }

        var faults = new List<InputFault>();
        var address = text.TrimEnd('/');
        if (!address.StartsWith(Scheme, StringComparison.Ordinal) || HostAndPort.ReadLocal("http", address[Scheme.Length..], faults) is not { } endPoint)
        {
            throw new InvalidInputException("http", "http://HOST:PORT, an IP address (or localhost) and a port", address.Length == 0 ? "nothing" : address);
        }

        using var socket = new TcpListener(endPoint);
        try
        {
            socket.Start();
        }
        catch (SocketException exception)
        {
            throw new InvalidInputException("http", "a free address of this machine", $"{address} ({exception.Message})");
        }

        return $"{Scheme}{(IPEndPoint)socket.LocalEndpoint}";
    }
}
