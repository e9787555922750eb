using System.Collections.Frozen;
using System.Security.Cryptography;
using Microsoft.Net.Http.Headers;

namespace Dcc.Coordinator.Dashboard;

/// <summary>The page's files, embedded in this assembly. Browsers keep them and ask each time whether they changed.</summary>
internal sealed class PageFiles
{
    private const string Prefix = "page/";

    private readonly FrozenDictionary<string, PageFile> files = typeof(PageFiles).Assembly.GetManifestResourceNames()
        .Where(resource => resource.StartsWith(Prefix, StringComparison.Ordinal))
        .ToFrozenDictionary(resource => resource[Prefix.Length..], Read, StringComparer.Ordinal);

    private sealed record PageFile(byte[] Content, string Type, EntityTagHeaderValue Tag);

    internal IEnumerable<string> Names => files.Keys;

    /// <summary>Answers with a file, or that the browser has it already.</summary>
    /// <param name="context">The request.</param>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="status">The status that goes with it.</param>
    internal Task Serve(HttpContext context, string name, int status = StatusCodes.Status200OK)
    {
        var file = files[name];
        var headers = context.Response.GetTypedHeaders();
        headers.ETag = file.Tag;
        headers.CacheControl = new CacheControlHeaderValue { NoCache = true };
        if (status == StatusCodes.Status200OK
            && context.Request.GetTypedHeaders().IfNoneMatch.Any(
                known => known.Compare(file.Tag, useStrongComparison: false) || known.Equals(EntityTagHeaderValue.Any)))
        {
            context.Response.StatusCode = StatusCodes.Status304NotModified;
            return Task.CompletedTask;
        }

        context.Response.StatusCode = status;
        context.Response.ContentType = file.Type;
        context.Response.ContentLength = file.Content.Length;
        return context.Response.Body.WriteAsync(file.Content, context.RequestAborted).AsTask();
    }

    private static PageFile Read(string resource)
    {
        using var stream = typeof(PageFiles).Assembly.GetManifestResourceStream(resource)!;
        var content = new byte[stream.Length];
        stream.ReadExactly(content);
        return new PageFile(content, TypeOf(resource), new EntityTagHeaderValue($"\"{Convert.ToHexStringLower(SHA256.HashData(content)[..8])}\""));
    }

    private static string TypeOf(string resource) => Path.GetExtension(resource) switch
    {
        ".html" => "text/html; charset=utf-8",
        ".css" => "text/css; charset=utf-8",
        ".js" => "text/javascript; charset=utf-8",
        ".svg" => "image/svg+xml",
        ".txt" => "text/plain; charset=utf-8",
        _ => throw new InvalidOperationException($"{resource} has no content type."),
    };
}
