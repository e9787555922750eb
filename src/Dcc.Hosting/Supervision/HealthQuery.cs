using System.Net;
using System.Net.Http.Headers;
using Microsoft.Extensions.Configuration;

namespace Dcc.Hosting.Supervision;

/// <summary>
/// --health: a service's own program asks the running one how it is. A container's health check has nothing else to run where the image has no
/// shell. It reads the same settings, but sees no flag of the other process.
/// </summary>
public static class HealthQuery
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);

    // grpc.health.v1: the request is an empty message, the answer's one field (1) is 1 for SERVING. A client library would be most of an agent.
    private static readonly byte[] EmptyMessage = [0, 0, 0, 0, 0];
    private static readonly byte[] Serving = [0, 0, 0, 0, 2, 8, 1];

    /// <summary>The flag that asks in place of serving.</summary>
    public static CommandLineFlag Flag { get; } = new(
        "--health", "Process:Health", "", "Ask a running one of these settings how it is: exit 0 if it is well, 1 and a line on stderr if not.");

    /// <summary>Whether the command line asks; a setting elsewhere does not, or the service itself would.</summary>
    public static bool IsAsked(Dictionary<string, string?> settings) => settings.ContainsKey(Flag.Key);

    /// <summary>A setting as the service reads it.</summary>
    public static string Setting(Dictionary<string, string?> settings, string key, string otherwise) =>
        new ConfigurationBuilder().SetBasePath(AppContext.BaseDirectory).AddJsonFile("appsettings.json", optional: true).AddEnvironmentVariables()
            .AddInMemoryCollection(settings).Build()[key] ?? otherwise;

    /// <summary>Asks the gRPC health service at an address that is listened on.</summary>
    public static Task<int> AskGrpc(string listen)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, new Uri(Reachable(listen), "grpc.health.v1.Health/Check"))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(EmptyMessage) { Headers = { ContentType = new MediaTypeHeaderValue("application/grpc") } },
        };
        request.Headers.TE.Add(new TransferCodingWithQualityHeaderValue("trailers"));
        return Ask(request, answer => answer.AsSpan().SequenceEqual(Serving));
    }

    /// <summary>Asks for /metrics and looks for a line in it.</summary>
    public static Task<int> AskMetrics(string listen, string expected) => Ask(
        new HttpRequestMessage(HttpMethod.Get, new Uri(Reachable(listen), "metrics")),
        answer => System.Text.Encoding.UTF8.GetString(answer).Split('\n').Contains(expected));

    private static async Task<int> Ask(HttpRequestMessage request, Func<byte[], bool> isWell)
    {
#pragma warning disable CA5359 // Whose certificate it is does not matter: nothing is told, and the process is this machine's.
        using var handler = new SocketsHttpHandler { SslOptions = { RemoteCertificateValidationCallback = (_, _, _, _) => true }, UseProxy = false };
#pragma warning restore CA5359
        using var client = new HttpClient(handler) { Timeout = Timeout };
        using var asked = request;
        try
        {
            using var response = await client.SendAsync(asked).ConfigureAwait(false);
            if (isWell(await response.Content.ReadAsByteArrayAsync().ConfigureAwait(false)))
            {
                return ExitCode.Done;
            }

            await Console.Error.WriteLineAsync($"health: {request.RequestUri} does not say that it is well").ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException)
        {
            await Console.Error.WriteLineAsync($"health: {request.RequestUri}: {exception.Message}").ConfigureAwait(false);
        }

        return ExitCode.Failed;
    }

    // What listens everywhere is reached over loopback.
    private static Uri Reachable(string listen)
    {
        var address = new UriBuilder(listen);
        if (IPAddress.TryParse(address.Host.Trim('[', ']'), out var ip) && (ip.Equals(IPAddress.Any) || ip.Equals(IPAddress.IPv6Any)))
        {
            address.Host = ip.Equals(IPAddress.Any) ? "127.0.0.1" : "[::1]";
        }

        return address.Uri;
    }
}
