using System.Net;
using System.Text.RegularExpressions;
using Dcc.Coordinator.Dashboard;
using Dcc.Protocol.V1;
using Google.Protobuf;
using Grpc.Core;

namespace Dcc.Services.Tests.Dashboard;

public sealed class PageTests
{
    [Theory]
    [InlineData("", "text/html")]
    [InlineData("?run=test", "text/html")]
    [InlineData("index.html", "text/html")]
    [InlineData("page.css", "text/css")]
    [InlineData("page.js", "text/javascript")]
    [InlineData("icon.svg", "image/svg+xml")]
    [InlineData("vendor/uplot.js", "text/javascript")]
    [InlineData("vendor/LICENSE.txt", "text/plain")]
    public async Task File_OfPage_IsServedAndKept(string path, string type)
    {
        await using var browser = await PageBrowser.Start();
        using var response = await browser.Ask(path);
        using var head = await browser.Ask(path, "HEAD");
        using var again = await browser.Ask(path, "GET", ("If-None-Match", response.Headers.ETag!.ToString()));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(type, response.Content.Headers.ContentType!.MediaType);
        Assert.StartsWith("default-src 'self'", response.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        Assert.True(response.Headers.CacheControl!.NoCache);
        Assert.Equal(response.Content.Headers.ContentLength, (await PageBrowser.Text(response)).Length + (await NonAsciiBytes(response)));
        Assert.Equal(response.Content.Headers.ContentLength, head.Content.Headers.ContentLength);
        Assert.Empty(await PageBrowser.Text(head));
        Assert.Equal(HttpStatusCode.NotModified, again.StatusCode);
    }

    [Fact]
    public void Files_OfPage_NameNoAbsoluteAddress()
    {
        var assembly = typeof(PageFiles).Assembly;
        var resources = assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith("page/", StringComparison.Ordinal) && !name.StartsWith("page/vendor/", StringComparison.Ordinal));
        Assert.All(resources, name =>
        {
            using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
            var text = reader.ReadToEnd().Replace("http://www.w3.org/2000/svg", "", StringComparison.Ordinal);
            Assert.DoesNotMatch(new Regex("""https?://|(src|href)="/|fetch\(["'`]/|from "/|url\("""), text);
        });
    }

    [Theory]
    [InlineData("", 404)]
    [InlineData("page.css", 404)]
    [InlineData("api/runs", 404)]
    public async Task GrpcPort_AskedForPage_HasNone(string path, int status)
    {
        await using var browser = await PageBrowser.Start();
        using var client = new HttpClient { BaseAddress = new Uri(browser.Host.Address) };
        using var request = new HttpRequestMessage(HttpMethod.Get, path) { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        using var response = await client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(status, (int)response.StatusCode);
    }

    // The page answers whatever nobody else does; a call of an unknown method must still be told so in gRPC's words.
    [Fact]
    public async Task GrpcPort_UnknownMethod_IsUnimplemented()
    {
        await using var browser = await PageBrowser.Start();
        var marshaller = Marshallers.Create(request => request.ToByteArray(), RunRequest.Parser.ParseFrom);
        var method = new Method<RunRequest, RunRequest>(MethodType.Unary, "dcc.v1.Nobody", "Nothing", marshaller, marshaller);

        using var call = browser.Host.Channel.CreateCallInvoker().AsyncUnaryCall(method, null, default, new RunRequest());
        var refused = await Assert.ThrowsAsync<RpcException>(() => call.ResponseAsync);

        Assert.Equal(StatusCode.Unimplemented, refused.StatusCode);
        Assert.Equal("Service is unimplemented.", refused.Status.Detail);
    }

    [Theory]
    [InlineData("nowhere")]
    [InlineData("a/b/c.js")]
    [InlineData("api")]
    [InlineData("api/runs/test/other")]
    public async Task Path_Unknown_IsNotFoundInWordsThatSuitTheAsker(string path)
    {
        await using var browser = await PageBrowser.Start();
        using var response = await browser.Ask(path);
        using var page = await browser.Ask(path, "GET", ("Accept", "text/html,*/*"));

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.Equal($"path: expected a page of this coordinator, got '/{path}'", (await PageBrowser.Json(response)).GetProperty("error").GetString());
        Assert.Equal(HttpStatusCode.NotFound, page.StatusCode);
        var root = string.Concat(Enumerable.Repeat("../", path.Count(character => character == '/')));
        Assert.Contains($"href=\"{root}page.css\"", await PageBrowser.Text(page), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Path_WithMarkup_IsShownAsText()
    {
        await using var browser = await PageBrowser.Start();
        using var page = await browser.Ask("%3Cscript%3Ealert(1)%3C/script%3E", "GET", ("Accept", "text/html"));
        Assert.DoesNotContain("<script", await PageBrowser.Text(page), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("POST", "")]
    [InlineData("DELETE", "api/runs/test")]
    [InlineData("PUT", "api/runs")]
    [InlineData("POST", "api/runs/test/events")]
    [InlineData("PATCH", "nowhere")]
    public async Task Method_ThatChanges_IsNotAllowed(string method, string path)
    {
        await using var browser = await PageBrowser.Start();
        using var response = await browser.Ask(path, method);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, response.StatusCode);
        Assert.Equal(["GET", "HEAD"], response.Content.Headers.Allow);
        Assert.Equal($"method: expected GET or HEAD, got {method}", (await PageBrowser.Json(response)).GetProperty("error").GetString());
    }

    [Fact]
    public async Task Runs_Listed_HaveTheirStatus()
    {
        await using var browser = await PageBrowser.Start();
        await browser.Host.RunDevices();

        var run = Assert.Single((await browser.Json("api/runs")).GetProperty("runs").EnumerateArray());

        Assert.Equal(run.GetProperty("digest").GetString(), (await browser.Json("api/runs/test")).GetProperty("digest").GetString());
        var status = await browser.Host.Status();
        Assert.Equal("finished", run.GetProperty("state").GetString());
        Assert.Equal(status.Digest, run.GetProperty("digest").GetString());
        Assert.Equal(status.MeanTheta, run.GetProperty("meanTheta").GetDouble());
        Assert.Equal(CoordinatorHost.Rounds, run.GetProperty("round").GetInt32());
    }

    [Theory]
    [InlineData("api/runs/other")]
    [InlineData("api/runs/other/events")]
    [InlineData("api/runs/~b3RoZXI")]
    [InlineData("?run=other")]
    public async Task Run_Unknown_IsNotFound(string path)
    {
        await using var browser = await PageBrowser.Start();
        using var response = await browser.Ask(path);
        using var head = await browser.Ask(path, "HEAD");
        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, head.StatusCode);
        if (!path.StartsWith('?'))
        {
            Assert.Equal("run: expected a run of this coordinator, got 'other'", (await PageBrowser.Json(response)).GetProperty("error").GetString());
        }
    }

    [Theory]
    [InlineData("plain-Name_1.2", "plain-Name_1.2")]
    [InlineData("..", null)]
    [InlineData(".hidden", null)]
    [InlineData("a/b", null)]
    [InlineData("100 %", null)]
    [InlineData("~b3RoZXI", null)]
    [InlineData("<img src=x onerror=alert(1)>", null)]
    [InlineData("\"quoted\" & 'quoted'", null)]
    [InlineData("Größe 東京 🎛", null)]
    public async Task Run_OfAnyName_IsReachedByItsPath(string name, string? path)
    {
        await using var browser = await PageBrowser.Start();
        await browser.Host.Operation.CreateRunAsync(
            new CreateRunRequest { Run = name, Parameters = new RunParameters { Devices = 1, Rounds = 1 } }, cancellationToken: TestContext.Current.CancellationToken);

        var listed = (await browser.Json("api/runs")).GetProperty("runs").EnumerateArray().Single(run => run.GetProperty("run").GetString() == name);
        var given = listed.GetProperty("path").GetString()!;

        Assert.Matches("^[A-Za-z0-9._~-]+$", given);
        Assert.True(path is null ? given[0] == '~' : given == path);
        Assert.Equal(name, (await browser.Json($"api/runs/{given}")).GetProperty("run").GetString());
        using var page = await browser.Ask($"?run={given}");
        Assert.Equal(HttpStatusCode.OK, page.StatusCode);
    }

    private static async Task<int> NonAsciiBytes(HttpResponseMessage response) =>
        (await PageBrowser.Text(response)).EnumerateRunes().Sum(rune => rune.Utf8SequenceLength - rune.Utf16SequenceLength);
}
