using System.Net;
using System.Net.Sockets;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Dcc.Cli.Scenarios;
using Dcc.Core.Validation;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Prometheus;

namespace Dcc.Cli.Control;

/// <summary>Serves a <see cref="LinkApi"/> over HTTP: JSON in, JSON out, and what is wrong as <c>{"faults":["field: expected X, got Y"]}</c>. Metrics are text.</summary>
internal sealed class ControlServer : IAsyncDisposable
{
    private const int LargestBody = 64 * 1024;

    // Faults quote what came; the answer is never part of a page.
    private static readonly JsonSerializerOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly WebApplication application;
    private readonly TimeSpan stop;

    private ControlServer(WebApplication application, TimeSpan stop)
    {
        (this.application, this.stop) = (application, stop);
        var address = application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        Address = new Uri(address).Authority;
    }

    /// <summary>The host and the real port.</summary>
    internal string Address { get; }

    /// <summary>Starts to serve.</summary>
    /// <param name="listen">Where; port 0 takes a free one.</param>
    /// <param name="api">What is served.</param>
    /// <param name="metrics">Served at /metrics.</param>
    /// <param name="stop">How long requests under way may take at the end.</param>
    /// <param name="cancellation">Ends the start.</param>
    /// <exception cref="InvalidInputException">The address cannot be listened on.</exception>
    internal static async Task<ControlServer> Start(
        IPEndPoint listen, LinkApi api, CollectorRegistry metrics, TimeSpan stop, CancellationToken cancellation)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton<IHostLifetime, CommandLifetime>();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(options =>
        {
            options.AddServerHeader = false;
            options.Limits.MaxRequestBodySize = LargestBody;
            options.Listen(listen);
        });
        var application = builder.Build();
        application.Run(context => Answer(context, api, metrics));
        try
        {
            await application.StartAsync(cancellation).ConfigureAwait(false);
            return new ControlServer(application, stop);
        }
        catch (Exception exception) when (exception is IOException or SocketException)
        {
            await application.DisposeAsync().ConfigureAwait(false);
            throw new InvalidInputException("control", "an address that can be listened on", $"{listen} ({exception.Message})");
        }
    }

    public async ValueTask DisposeAsync()
    {
        using var late = new CancellationTokenSource(stop);
        await application.StopAsync(late.Token).ConfigureAwait(false);
        await application.DisposeAsync().ConfigureAwait(false);
    }

    private static async Task Answer(HttpContext context, LinkApi api, CollectorRegistry metrics)
    {
        var (status, body) = await Handle(context, api).ConfigureAwait(false);
        if (body is null)
        {
            context.Response.ContentType = PrometheusConstants.TextContentTypeWithVersionAndEncoding;
            await metrics.CollectAndExportAsTextAsync(context.Response.Body, context.RequestAborted).ConfigureAwait(false);
            return;
        }

        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(body.ToJsonString(Readable) + "\n", context.RequestAborted).ConfigureAwait(false);
    }

    // No body: metrics are asked for.
    private static async Task<(int Status, JsonObject? Body)> Handle(HttpContext context, LinkApi api)
    {
        var request = context.Request;

        // Any page that a browser on this host shows could send a POST here.
        if (request.Headers.Origin.Count > 0)
        {
            return Refuse(StatusCodes.Status403Forbidden, new InputFault("origin", "no browser", request.Headers.Origin.ToString()));
        }

        var methods = LinkApi.MethodsOf(request.Path.Value!);
        if (methods.Length == 0)
        {
            return Refuse(StatusCodes.Status404NotFound, new InputFault("path", string.Join('|', LinkApi.Paths), request.Path.Value!));
        }

        if (!methods.Contains(request.Method))
        {
            context.Response.Headers.Allow = string.Join(", ", methods);
            return Refuse(StatusCodes.Status405MethodNotAllowed, new InputFault("method", string.Join('|', methods), request.Method));
        }

        if (request.Path == LinkApi.MetricsPath)
        {
            return (StatusCodes.Status200OK, null);
        }

        try
        {
            using var body = new MemoryStream();
            await request.Body.CopyToAsync(body, context.RequestAborted).ConfigureAwait(false);
            var faults = new ScenarioFaults("request", "body");
            var answer = api.Handle(request.Method, request.Path.Value!, body.ToArray(), faults);
            return answer is not null ? (StatusCodes.Status200OK, answer) : Refuse(StatusCodes.Status400BadRequest, [.. faults.Found]);
        }
        catch (BadHttpRequestException exception) when (exception.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            return Refuse(exception.StatusCode, new InputFault("body", "at most 64 KiB", "more"));
        }
        catch (BadHttpRequestException exception)
        {
            return Refuse(exception.StatusCode, new InputFault("body", "a whole request", exception.Message));
        }
    }

    private static (int Status, JsonObject Body) Refuse(int status, params IEnumerable<InputFault> faults) =>
        (status, new JsonObject { ["faults"] = new JsonArray([.. faults.Select(fault => JsonValue.Create(fault.ToString()))]) });

    // Signals are the command's.
    private sealed class CommandLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
