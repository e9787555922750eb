using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Dcc.Core.Validation;

namespace Dcc.Cli.Commands;

/// <summary>Reads HOST:PORT, with an IPv6 address in brackets.</summary>
internal static class HostAndPort
{
    /// <summary>An address to listen on: an IP address, or localhost for 127.0.0.1. Port 0 takes a free one. Null where it is wrong.</summary>
    internal static IPEndPoint? ReadLocal(string field, string text, List<InputFault> faults)
    {
        if (Split(text) is var (host, port) && (host == "localhost" ? IPAddress.Loopback : Address(host)) is { } address)
        {
            return new IPEndPoint(address, port);
        }

        faults.Add(new InputFault(field, "HOST:PORT, an IP address (or localhost) and a port from 0 to 65535", Shown(text)));
        return null;
    }

    /// <summary>An address to connect to: an IP address or a DNS name, which is resolved at each connection. Null where it is wrong.</summary>
    internal static EndPoint? ReadRemote(string field, string text, List<InputFault> faults)
    {
        if (Split(text) is var (host, port) && port > 0)
        {
            if (Address(host) is { } address)
            {
                return new IPEndPoint(address, port);
            }

            // Digits and dots that are no address are a mistake, not a name.
            if (Uri.CheckHostName(host) == UriHostNameType.Dns && host.Any(char.IsAsciiLetter))
            {
                return new DnsEndPoint(host, port);
            }
        }

        faults.Add(new InputFault(field, "HOST:PORT, an IP address or a DNS name and a port from 1 to 65535", Shown(text)));
        return null;
    }

    private static (string Host, int Port)? Split(string text)
    {
        var colon = text.LastIndexOf(':');
        return colon > 0 && int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port)
            && port <= IPEndPoint.MaxPort
            ? (text[..colon], port)
            : null;
    }

    // The platform's parser takes 1 and 127.1 for addresses.
    private static IPAddress? Address(string host) => host is ['[', .. var inner, ']']
        ? IPAddress.TryParse(inner, out var six) && six.AddressFamily == AddressFamily.InterNetworkV6 ? six : null
        : IPAddress.TryParse(host, out var four) && four.ToString() == host && four.AddressFamily == AddressFamily.InterNetwork ? four : null;

    private static string Shown(string text) => text == "" ? "nothing" : text;
}
