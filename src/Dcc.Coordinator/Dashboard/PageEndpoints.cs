using System.Text.Encodings.Web;
using System.Text.Json;
using Dcc.Coordinator.Runs;
using Microsoft.AspNetCore.Http.Features;

namespace Dcc.Coordinator.Dashboard;

/// <summary>
/// The live page and what it asks for. It is read-only, and every address in it is relative, so that it works under any prefix of a proxy. The gRPC
/// port does not serve it.
/// </summary>
internal sealed class PageEndpoints(RunRegistry registry, TimeProvider time, IHostApplicationLifetime lifetime)
{
    private static readonly TimeSpan LastWords = TimeSpan.FromSeconds(1);
    private static readonly string[] Reading = [HttpMethods.Get, HttpMethods.Head];

    private readonly PageFiles files = new();

    internal void Map(IEndpointRouteBuilder routes)
    {
        foreach (var file in files.Names)
        {
            routes.MapMethods(file, Reading, OnPage(context => files.Serve(context, file)));
        }

        routes.MapMethods("/", Reading, OnPage(Page));
        routes.MapMethods("api/runs", Reading, OnPage(List));
        routes.MapMethods("api/runs/{run}", Reading, OnPage(Status));
        routes.MapMethods("api/runs/{run}/events", Reading, OnPage(Events));
        routes.MapFallback("{*path}", OnPage(Refuse));
    }

    private static RequestDelegate OnPage(RequestDelegate answer) => context =>
    {
        if (HttpProtocol.IsHttp2(context.Request.Protocol))
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return Task.CompletedTask;
        }

        context.Response.Headers.ContentSecurityPolicy = "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'";
        context.Response.Headers.XContentTypeOptions = "nosniff";
        context.Response.Headers["Referrer-Policy"] = "no-referrer";
        return answer(context);
    };

    private Task Page(HttpContext context)
    {
        var unknown = context.Request.Query["run"] is [{ } run, ..] && registry.Find(RunPath.Decode(run)) is null;
        return files.Serve(context, "index.html", unknown ? StatusCodes.Status404NotFound : StatusCodes.Status200OK);
    }

    private async Task List(HttpContext context)
    {
        var statuses = await Task.WhenAll(registry.All.Select(run => run.Status(context.RequestAborted))).ConfigureAwait(false);
        await WriteJson(context, StatusCodes.Status200OK, json =>
        {
            json.WriteStartObject();
            json.WriteStartArray("runs");
            Array.ForEach(statuses, status => RunJson.Write(json, status));
            json.WriteEndArray();
            json.WriteEndObject();
        }).ConfigureAwait(false);
    }

    private async Task Status(HttpContext context)
    {
        if (Find(context) is not { } run)
        {
            await NoSuchRun(context).ConfigureAwait(false);
            return;
        }

        var status = await run.Status(context.RequestAborted).ConfigureAwait(false);
        await WriteJson(context, StatusCodes.Status200OK, json => RunJson.Write(json, status)).ConfigureAwait(false);
    }

    private async Task Events(HttpContext context)
    {
        if (Find(context) is not { } run)
        {
            await NoSuchRun(context).ConfigureAwait(false);
            return;
        }

        context.Response.ContentType = "text/event-stream";
        context.Response.Headers.CacheControl = "no-store";

        // A proxy that collects the response before it passes it on would keep all of it.
        context.Response.Headers["X-Accel-Buffering"] = "no";
        if (HttpMethods.IsHead(context.Request.Method))
        {
            return;
        }

        context.Features.GetRequiredFeature<IHttpResponseBodyFeature>().DisableBuffering();
        using var over = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
        try
        {
            await new EventStream(run, context.Response.BodyWriter, time).Write(over.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (over.IsCancellationRequested)
        {
            await End(context).ConfigureAwait(false);
        }
    }

    // A browser that does not read must not hold up the coordinator's stop.
    private static async Task End(HttpContext context)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        patience.CancelAfter(LastWords);
        try
        {
            await context.Response.BodyWriter.FlushAsync(patience.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            context.Abort();
        }
    }

    private RunLoop? Find(HttpContext context) => registry.Find(RunPath.Decode((string)context.GetRouteValue("run")!));

    private static Task NoSuchRun(HttpContext context) => WriteError(
        context, StatusCodes.Status404NotFound,
        $"run: expected a run of this coordinator, got '{RunPath.Decode((string)context.GetRouteValue("run")!)}'");

    private static Task Refuse(HttpContext context)
    {
        if (!Reading.Contains(context.Request.Method))
        {
            context.Response.Headers.Allow = string.Join(", ", Reading);
            return WriteError(context, StatusCodes.Status405MethodNotAllowed, $"method: expected GET or HEAD, got {context.Request.Method}");
        }

        var message = $"path: expected a page of this coordinator, got '{context.Request.Path}'";
        return context.Request.GetTypedHeaders().Accept.Any(accepted => accepted.MediaType == "text/html")
            ? WriteNotFoundPage(context, message)
            : WriteError(context, StatusCodes.Status404NotFound, message);
    }

    private static Task WriteNotFoundPage(HttpContext context, string message)
    {
        // Only the path says how far above it the page is: a proxy's prefix is unknown here.
        var root = string.Concat(Enumerable.Repeat("../", context.Request.Path.Value!.Count(character => character == '/') - 1));
        context.Response.StatusCode = StatusCodes.Status404NotFound;
        context.Response.ContentType = "text/html; charset=utf-8";
        return context.Response.WriteAsync(
            $"""
            <!doctype html>
            <html lang="en">
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width">
            <title>Not found</title>
            <link rel="stylesheet" href="{root}page.css">
            <main class="notice">
              <h1>Not found</h1>
              <p>{HtmlEncoder.Default.Encode(message)}</p>
              <p><a href="{(root.Length == 0 ? "./" : root)}">All runs of this coordinator</a></p>
            </main>

            """,
            context.RequestAborted);
    }

    private static Task WriteError(HttpContext context, int status, string message) => WriteJson(context, status, json =>
    {
        json.WriteStartObject();
        json.WriteString("error", message);
        json.WriteEndObject();
    });

    private static Task WriteJson(HttpContext context, int status, Action<Utf8JsonWriter> write)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            write(json);
        }

        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        context.Response.Headers.CacheControl = "no-store";
        context.Response.ContentLength = buffer.Length;
        return context.Response.Body.WriteAsync(buffer.ToArray(), context.RequestAborted).AsTask();
    }
}
