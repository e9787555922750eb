using System.Net.ServerSentEvents;
using System.Text.Json;

namespace Dcc.Services.Tests.Dashboard;

/// <summary>Asks a coordinator's HTTP/1.1 side as a browser would.</summary>
internal sealed class PageBrowser : IAsyncDisposable
{
    private readonly HttpClient client;

    private PageBrowser(CoordinatorHost host, HttpClient client)
    {
        Host = host;
        this.client = client;
    }

    internal CoordinatorHost Host { get; }

    internal static async Task<PageBrowser> Start(params (string Key, string Value)[] more)
    {
        var host = await CoordinatorHost.Start([("Coordinator:Http", "http://127.0.0.1:0"), .. more]);
        return new PageBrowser(host, new HttpClient { BaseAddress = host.Http });
    }

    internal Task<HttpResponseMessage> Ask(string path, string method = "GET", params (string Name, string Value)[] headers)
    {
        var request = new HttpRequestMessage(new HttpMethod(method), path);
        foreach (var (name, value) in headers)
        {
            request.Headers.Add(name, value);
        }

        return client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
    }

    internal async Task<JsonElement> Json(string path) => await Json(await Ask(path));

    internal static async Task<JsonElement> Json(HttpResponseMessage response)
    {
        Assert.Equal("application/json", response.Content.Headers.ContentType!.MediaType);
        return JsonDocument.Parse(await Text(response)).RootElement;
    }

    internal static Task<string> Text(HttpResponseMessage response) => response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);

    /// <summary>A run's events as the platform's parser of server-sent events reads them.</summary>
    internal async IAsyncEnumerable<(string Kind, JsonElement Data)> Events(string run = CoordinatorHost.Run)
    {
        using var response = await Ask($"api/runs/{run}/events");
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType!.ToString());
        var parser = SseParser.Create(await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));
        await foreach (var item in parser.EnumerateAsync(TestContext.Current.CancellationToken))
        {
            Assert.Equal(TimeSpan.FromSeconds(1), parser.ReconnectionInterval);
            yield return (item.EventType, JsonDocument.Parse(item.Data).RootElement);
        }
    }

    public async ValueTask DisposeAsync()
    {
        client.Dispose();
        await Host.DisposeAsync();
    }
}
