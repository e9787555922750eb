using System.Net;
using Dcc.Core.Validation;
using Prometheus;

namespace Dcc.Hosting.Telemetry;

/// <summary>Serves /metrics by itself, for programs that have no HTTP server: an HttpListener, so no dependency on ASP.NET.</summary>
public static class MetricsListener
{
    /// <summary>Notes an address that cannot be listened on; here port 0 is none, since nobody would know which one was taken.</summary>
    public static void CheckAddress(string field, string text, List<InputFault> faults)
    {
        OptionInputs.CheckListenAddress(field, text, ["http"], faults);
        if (Uri.TryCreate(text, UriKind.Absolute, out var address) && address.Port == 0)
        {
            faults.Add(new InputFault(field, "a port from 1 to 65535", "0"));
        }
    }

    /// <summary>Serves until disposed.</summary>
    /// <param name="address">Such as http://127.0.0.1:9101. Requests must name the same host; of 0.0.0.0 any.</param>
    /// <param name="registry">What is served.</param>
    /// <exception cref="InvalidInputException">The address is in use, or not this machine's.</exception>
    public static IDisposable Start(string address, CollectorRegistry registry)
    {
        var uri = new Uri(address);
        var isAny = IPAddress.TryParse(uri.DnsSafeHost, out var ip) && (ip.Equals(IPAddress.Any) || ip.Equals(IPAddress.IPv6Any));
        var server = new MetricServer(isAny ? "+" : uri.Host, uri.Port, registry: registry);
        try
        {
            server.Start();
            return server;
        }
        catch (HttpListenerException exception)
        {
            throw new InvalidInputException("metrics", "a free address of this machine", $"{address} ({exception.Message})");
        }
    }
}
