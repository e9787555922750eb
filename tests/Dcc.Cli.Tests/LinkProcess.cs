using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Dcc.Cli.Tests;

/// <summary>A running dcc link before an echo server, and a client of its control API.</summary>
internal sealed partial class LinkProcess : IAsyncDisposable
{
    private readonly EchoServer echo;
    private readonly HttpClient http = new();

    private LinkProcess(Process process, EchoServer echo, string line)
    {
        (Process, this.echo, Line) = (process, echo, line);
        Address = IPEndPoint.Parse(Listening().Match(line).Groups[1].Value);
        http.BaseAddress = Control().Match(line) is { Success: true } match ? new Uri(match.Groups[1].Value) : null;
    }

    internal Process Process { get; }

    /// <summary>What it said when it was ready.</summary>
    internal string Line { get; }

    internal IPEndPoint Address { get; }

    internal Uri ControlAddress => http.BaseAddress!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>Starts one on free ports.</summary>
    internal static Task<LinkProcess> Start(params string[] options) => StartBefore(null, options);

    /// <summary>Starts one with an upstream of its own.</summary>
    internal static async Task<LinkProcess> StartBefore(string? upstream, params string[] options)
    {
        var echo = new EchoServer();
        var process = DccProcess.Start(
            null, ["link", "--listen", "127.0.0.1:0", "--upstream", upstream ?? $"localhost:{echo.Port}", "--control", "127.0.0.1:0", .. options]);
        var line = await process.StandardError.ReadLineAsync(Cancellation);
        Assert.StartsWith("dcc link: listening on ", line, StringComparison.Ordinal);
        return new LinkProcess(process, echo, line!);
    }

    internal async Task<Socket> Connect()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(Address, Cancellation);
        return socket;
    }

    /// <summary>A request that must be taken; returns the link as it answers.</summary>
    internal async Task<JsonObject> Ask(string method, string path, string? json = null)
    {
        var (status, body) = await Send(method, path, json);
        Assert.True(status == HttpStatusCode.OK, $"{method} {path}: {status} {body}");
        return body;
    }

    internal async Task<(HttpStatusCode Status, JsonObject Body)> Send(string method, string path, string? json = null, bool chunked = false)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        request.Content = json is null ? null : new ByteArrayContent(Encoding.UTF8.GetBytes(json));
        request.Headers.TransferEncodingChunked = chunked;
        using var response = await http.SendAsync(request, Cancellation);
        Assert.Equal(new MediaTypeHeaderValue("application/json"), response.Content.Headers.ContentType);
        return (response.StatusCode, JsonNode.Parse(await response.Content.ReadAsStringAsync(Cancellation))!.AsObject());
    }

    /// <summary>The metrics as text.</summary>
    internal async Task<string> Metrics()
    {
        using var response = await http.GetAsync(new Uri("/metrics", UriKind.Relative), Cancellation);
        Assert.Equal("text/plain", response.Content.Headers.ContentType!.MediaType);
        return await response.Content.ReadAsStringAsync(Cancellation);
    }

    internal async Task<HttpStatusCode> SendFromPage(string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path);
        request.Headers.Add("Origin", "http://example.com");
        using var response = await http.SendAsync(request, Cancellation);
        return response.StatusCode;
    }

    /// <summary>Sends a signal and waits for the end.</summary>
    internal async Task<(int ExitCode, TimeSpan Took, string Error)> Stop(string signal)
    {
        var clock = Stopwatch.StartNew();
        DccProcess.Signal(Process.Id, signal);
        await Process.WaitForExitAsync(Cancellation);
        return (Process.ExitCode, clock.Elapsed, await Process.StandardError.ReadToEndAsync(Cancellation));
    }

    public async ValueTask DisposeAsync()
    {
        Process.Kill();
        Process.Dispose();
        http.Dispose();
        await echo.DisposeAsync();
    }

    [GeneratedRegex(@"listening on (\S+),")]
    private static partial Regex Listening();

    [GeneratedRegex(@"control on (\S+)$")]
    private static partial Regex Control();
}

/// <summary>Sends back what comes, on a free port of loopback.</summary>
internal sealed class EchoServer : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource stop = new();
    private readonly Task serving;

    internal EchoServer()
    {
        listener.Start();
        serving = Serve();
    }

    internal int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await serving;
        listener.Dispose();
        stop.Dispose();
    }

    private async Task Serve()
    {
        var conversations = new List<Task>();
        try
        {
            while (true)
            {
                conversations.Add(Echo(await listener.AcceptSocketAsync(stop.Token)));
            }
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(conversations);
        }
    }

    private async Task Echo(Socket socket)
    {
        using (socket)
        {
            socket.NoDelay = true;
            var buffer = new byte[4096];
            try
            {
                while (await socket.ReceiveAsync(buffer, stop.Token) is var read && read > 0)
                {
                    await socket.SendAsync(buffer.AsMemory(0, read), stop.Token);
                }
            }
            catch (Exception over) when (over is SocketException or OperationCanceledException)
            {
                // A reset is what some tests ask for.
            }
        }
    }
}
