using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;

namespace Dcc.Cli.Tests;

/// <summary>dcc link as a process: bytes through it, changes and faults while it runs, bad requests, its end.</summary>
public sealed class LinkCommandTests
{
    // Longer than anything here takes, shorter than a retransmission that has backed off twice.
    private static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(250);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Link_Latency_DelaysAnEchoByBothDirections()
    {
        await using var link = await LinkProcess.Start("--latency", "20 ms", "--down-latency", "80 ms");
        using var socket = await link.Connect();
        await RoundTrip(socket);
        var took = await RoundTrip(socket);
        Assert.InRange(took.TotalMilliseconds, 100, 400);
        var state = await link.Ask("GET", "/link");
        Assert.Equal((2, 2), ((int)state["up"]!["bytes"]!, (int)state["down"]!["bytes"]!));
        Assert.Equal((1, 1, 0), Connections(state));
        Assert.InRange((double)state["up"]!["delayMilliseconds"]!, 40, 200);
        Assert.InRange((double)state["down"]!["delayMilliseconds"]!, 160, 400);
        Assert.Equal(2, (int)state["segments"]!["upData"]!);
    }

    [Fact]
    public async Task Metrics_AfterBytesAndFaults_CountThem()
    {
        await using var link = await LinkProcess.Start();
        using var socket = await link.Connect();
        await RoundTrip(socket);
        await link.Ask("POST", "/partition", """{"for":"1 ms"}""");
        await link.Ask("PATCH", "/link", """{"latency":"1 ms"}""");
        var series = (await link.Metrics()).Split('\n');
        Assert.Contains("""dcc_link_io_bytes_total{direction="up",layer="all"} 1""", series);
        Assert.Contains("""dcc_link_io_bytes_total{direction="down",layer="all"} 1""", series);
        Assert.Contains("dcc_link_delay_seconds_count 2", series);
        Assert.Contains("dcc_link_connections 1", series);
        Assert.Contains("""dcc_link_faults_total{kind="partition"} 1""", series);
        Assert.Contains("""dcc_link_faults_total{kind="change"} 1""", series);
        Assert.Contains("""dcc_link_faults_total{kind="slow-close"} 0""", series);
        await link.Ask("POST", "/reset");
        Assert.Contains("dcc_link_resets_total 1", (await link.Metrics()).Split('\n'));
    }

    [Fact]
    public async Task Link_OptionsAndProfile_AreTheSettings()
    {
        await using var link = await LinkProcess.Start(
            "--profile", "lte", "--loss", "0.5 %", "--up-bandwidth", "1 Mbit/s", "--burst", "{toBad: 1 %, toGood: 0.25, lossInBad: 50 %}", "--seed", "7",
            "--jitter-distribution", "pareto");
        var state = await link.Ask("GET", "/link");
        Assert.Equal(7, (int)state["seed"]!);
        var up = state["settings"]!["up"]!;
        Assert.Equal(("1000 kbit/s", 0.005, "pareto"), ((string)up["bandwidth"]!, (double)up["loss"]!, (string)up["jitterDistribution"]!));
        Assert.Equal("""{"toBad":0.01,"toGood":0.25,"lossInBad":0.5}""", up["burst"]!.ToJsonString());
        Assert.NotEqual("1000 kbit/s", (string)state["settings"]!["down"]!["bandwidth"]!);
        Assert.NotEqual("0 ms", (string)up["latency"]!);
    }

    [Fact]
    public async Task Link_UpstreamUnknown_StartsAndResetsEachConnection()
    {
        await using var link = await LinkProcess.StartBefore("no-such-host.invalid:5000");
        for (var attempt = 0; attempt < 2; attempt++)
        {
            using var socket = await link.Connect();
            await AssertReset(socket);
        }

        Assert.Equal((0, 2, 2), Connections(await WhenClosed(link)));
    }

    [Fact]
    public async Task Patch_FieldsAndProfile_AreLaidOverTheLinkAndTakeEffect()
    {
        await using var link = await LinkProcess.Start("--latency", "1 ms", "--loss", "0.1 %");
        using var socket = await link.Connect();
        await RoundTrip(socket);
        var changed = await link.Ask("PATCH", "/link", """{"latency":"60 ms","up":{"bandwidth":"1 Mbit/s"},"down":{"loss":0}}""");
        Assert.Equal("1000 kbit/s", (string)changed["settings"]!["up"]!["bandwidth"]!);
        Assert.Equal("unlimited", (string)changed["settings"]!["down"]!["bandwidth"]!);
        Assert.Equal((0.001, 0), ((double)changed["settings"]!["up"]!["loss"]!, (double)changed["settings"]!["down"]!["loss"]!));
        Assert.InRange((await RoundTrip(socket)).TotalMilliseconds, 120, 1000);
        changed = await link.Ask("PATCH", "/link", "\"loopback\"");
        Assert.Equal("0 ms", (string)changed["settings"]!["up"]!["latency"]!);
    }

    [Fact]
    public async Task Put_Fields_AreLaidOverALinkThatDoesNothing()
    {
        await using var link = await LinkProcess.Start("--latency", "1 s", "--loss", "50 %");
        var changed = await link.Ask("PUT", "/link", """{"jitter":"2 ms"}""");
        var up = changed["settings"]!["up"]!;
        Assert.Equal(("0 ms", "2 ms", 0), ((string)up["latency"]!, (string)up["jitter"]!, (double)up["loss"]!));
    }

    [Fact]
    public async Task Put_WhatGetAnswered_ChangesNothing()
    {
        await using var link = await LinkProcess.Start("--profile", "nb-iot", "--burst", "{toBad: 1 %, toGood: 0.25, lossInBad: 50 %}");
        var before = (await link.Ask("GET", "/link"))["settings"]!.ToJsonString();
        Assert.Equal(before, (await link.Ask("PUT", "/link", before))["settings"]!.ToJsonString());
    }

    [Theory]
    [InlineData("""{"direction":"up"}""", "up")]
    [InlineData("""{"direction":"down"}""", "down")]
    [InlineData("{}", "both")]
    [InlineData(null, "both")]
    public async Task Partition_UntilHealed_StallsBytesAndKeepsTheConnection(string? body, string direction)
    {
        await using var link = await LinkProcess.Start();
        using var socket = await link.Connect();
        await RoundTrip(socket);
        var state = await link.Ask("POST", "/partition", body);
        Assert.Equal($$"""{"direction":"{{direction}}","endsInMilliseconds":null}""", state["faults"]!["partition"]!.ToJsonString());
        await socket.SendAsync("x"u8.ToArray(), Cancellation);
        var answer = socket.ReceiveAsync(new byte[1], Cancellation).AsTask();
        await Assert.ThrowsAsync<TimeoutException>(() => answer.WaitAsync(Quiet, Cancellation));
        state = await link.Ask("POST", "/heal");
        Assert.Null(state["faults"]!["partition"]);
        Assert.Equal(1, await answer);
        Assert.Equal((1, 1, 0), Connections(state));
    }

    [Fact]
    public async Task Partition_ForATime_HealsByItself()
    {
        await using var link = await LinkProcess.Start();
        using var socket = await link.Connect();
        await RoundTrip(socket);
        var clock = Stopwatch.StartNew();
        var state = await link.Ask("POST", "/partition", """{"for":"400 ms"}""");
        Assert.InRange((double)state["faults"]!["partition"]!["endsInMilliseconds"]!, 1, 400);
        await RoundTrip(socket);
        Assert.InRange(clock.ElapsedMilliseconds, 400, 10_000);
        Assert.Null((await link.Ask("GET", "/link"))["faults"]!["partition"]);
    }

    [Fact]
    public async Task Partition_AgainWithoutATime_IsNotHealedByTheFirst()
    {
        await using var link = await LinkProcess.Start();
        await link.Ask("POST", "/partition", """{"for":"100 ms"}""");
        await link.Ask("POST", "/partition");
        await link.Ask("POST", "/refuse", """{"for":"300 ms"}""");
        while ((await link.Ask("GET", "/link"))["faults"]!["refuse"] is not null)
        {
            await Task.Yield();
        }

        Assert.NotNull((await link.Ask("GET", "/link"))["faults"]!["partition"]);
    }

    [Fact]
    public async Task Reset_OpenConnections_AreResetAndNewOnesLive()
    {
        await using var link = await LinkProcess.Start();
        using var first = await link.Connect();
        await RoundTrip(first);
        await link.Ask("POST", "/reset");
        await AssertReset(first);
        using var second = await link.Connect();
        await RoundTrip(second);
        Assert.Equal((1, 2, 1), Connections(await link.Ask("GET", "/link")));
    }

    [Fact]
    public async Task Refuse_ThenAccept_TurnsNewConnectionsAwayAndKeepsOpenOnes()
    {
        await using var link = await LinkProcess.Start();
        using var open = await link.Connect();
        await RoundTrip(open);
        Assert.NotNull((await link.Ask("POST", "/refuse"))["faults"]!["refuse"]);
        var refused = await Assert.ThrowsAsync<SocketException>(link.Connect);
        Assert.Equal(SocketError.ConnectionRefused, refused.SocketErrorCode);
        await RoundTrip(open);
        Assert.Null((await link.Ask("POST", "/accept"))["faults"]!["refuse"]);
        using var again = await link.Connect();
        await RoundTrip(again);
    }

    [Fact]
    public async Task Limit_Bytes_ResetsAfterThemAndThenLives()
    {
        await using var link = await LinkProcess.Start();
        using var socket = await link.Connect();
        await RoundTrip(socket);
        var state = await link.Ask("POST", "/limit", """{"direction":"down","bytes":3}""");
        Assert.Equal("""{"up":null,"down":3}""", state["faults"]!["limit"]!.ToJsonString());
        await RoundTrip(socket);
        state = await link.Ask("GET", "/link");
        Assert.Equal(2, (int)state["faults"]!["limit"]!["down"]!);
        await socket.SendAsync("12345"u8.ToArray(), Cancellation);
        await AssertReset(socket);
        Assert.Equal(4, (int)(await WhenClosed(link))["down"]!["bytes"]!);
        using var again = await link.Connect();
        await RoundTrip(again);
        Assert.Equal("""{"up":null,"down":null}""", (await link.Ask("GET", "/link"))["faults"]!["limit"]!.ToJsonString());
    }

    [Fact]
    public async Task SlowClose_OpenConnection_EndsLaterForTheDevice()
    {
        await using var link = await LinkProcess.Start();
        using var socket = await link.Connect();
        await RoundTrip(socket);
        var clock = Stopwatch.StartNew();
        await link.Ask("POST", "/slow-close", """{"for":"400 ms"}""");
        Assert.Equal(0, await socket.ReceiveAsync(new byte[1], Cancellation));
        Assert.InRange(clock.ElapsedMilliseconds, 400, 10_000);
    }

    [Theory]
    [InlineData("PATCH", "/link", "{", "body: expected valid JSON, got ")]
    [InlineData("PATCH", "/link", "latency: 5 ms", "body: expected valid JSON, got ")]
    [InlineData("PATCH", "/link", "{} {}", "body: expected valid JSON, got ")]
    [InlineData("PATCH", "/link", """{"loss":0,"loss":0}""", "body: expected valid JSON, got ")]
    [InlineData("PATCH", "/link", """{"loss":"\ud800"}""", "body: expected valid JSON, got ")]
    [InlineData("PATCH", "/link", "[]", "body: expected a mapping of profile, up, down, latency")]
    [InlineData("PATCH", "/link", "null", "body: expected a mapping of profile, up, down, latency")]
    [InlineData("PATCH", "/link", "\"moon\"", "body: expected loopback|")]
    [InlineData("PATCH", "/link", """{"colour":1}""", "colour: expected one of profile, up, down, latency")]
    [InlineData("PATCH", "/link", """{"up":{"profile":"lte"}}""", "up.profile: expected one of latency")]
    [InlineData("PATCH", "/link", """{"profile":"moon"}""", "profile: expected loopback|")]
    [InlineData("PATCH", "/link", """{"latency":50}""", "latency: expected a duration such as 50 ms or 2 s, got 50")]
    [InlineData("PATCH", "/link", """{"latency":null}""", "latency: expected a duration such as 50 ms or 2 s, got nothing")]
    [InlineData("PATCH", "/link", """{"latency":"-1 ms"}""", "latency: expected a duration such as 50 ms or 2 s, got \"-1 ms\"")]
    [InlineData("PATCH", "/link", """{"latency":"11111 s"}""", "latency: expected 0 s to 10 minutes, got ")]
    [InlineData("PATCH", "/link", """{"up":{"loss":1}}""", "up.loss: expected a probability in [0, 1), got 1")]
    [InlineData("PATCH", "/link", """{"loss":"2 %","bandwidth":true}""", "bandwidth: expected a bandwidth such as 20 Mbit/s")]
    [InlineData("PATCH", "/link", """{"queue":"1 KiB"}""", "queue: expected at least 1448, got 1024")]
    [InlineData("PATCH", "/link", """{"burst":{"toBad":0.1}}""", "burst.toGood: expected a value, got nothing")]
    [InlineData("PATCH", "/link", """{"trace":"/etc/hostname"}""", "trace: expected no trace at run time")]
    [InlineData("PUT", "/link", """{"down":{"trace":"x"}}""", "trace: expected no trace at run time")]
    [InlineData("POST", "/partition", """{"direction":"left"}""", "direction: expected both|up|down, got \"left\"")]
    [InlineData("POST", "/partition", """{"for":"0 s"}""", "for: expected a duration such as 50 ms or 2 s, from 1 ms to 10 minutes, got \"0 s\"")]
    [InlineData("POST", "/partition", """{"to":1}""", "to: expected one of direction, for, got an unknown key")]
    [InlineData("POST", "/heal", """{"for":"1 s"}""", "body: expected nothing, got a mapping")]
    [InlineData("POST", "/reset", "1", "body: expected nothing, got 1")]
    [InlineData("POST", "/refuse", """{"for":"1 hour"}""", "for: expected a duration")]
    [InlineData("POST", "/limit", null, "direction: expected a value, got nothing")]
    [InlineData("POST", "/limit", """{"direction":"both","bytes":1}""", "direction: expected up|down, got \"both\"")]
    [InlineData("POST", "/limit", """{"direction":"up","bytes":0}""", "bytes: expected a whole number of at least 1")]
    [InlineData("POST", "/limit", """{"direction":"up","bytes":1.5}""", "bytes: expected a whole number of at least 1")]
    [InlineData("POST", "/slow-close", "{}", "for: expected a value, got nothing")]
    [InlineData("POST", "/slow-close", """{"for":"0 s"}""", "for: expected a duration such as 50 ms or 2 s, from 1 ms")]
    public async Task Request_BadBody_IsRefusedWithEveryFaultAndChangesNothing(string method, string path, string? body, string fault)
    {
        await using var link = await LinkProcess.Start("--latency", "3 ms");
        var before = (await link.Ask("GET", "/link")).ToJsonString();
        var (status, answer) = await link.Send(method, path, body);
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Equal(["faults"], answer.Select(entry => entry.Key));
        Assert.Contains(answer["faults"]!.AsArray(), text => ((string)text!).StartsWith(fault, StringComparison.Ordinal));
        Assert.Equal(before, (await link.Ask("GET", "/link")).ToJsonString());
    }

    [Fact]
    public async Task Request_UnknownOrTooLarge_HasItsStatus()
    {
        await using var link = await LinkProcess.Start();
        Assert.Equal("ok", (string)(await link.Ask("GET", "/healthz"))["status"]!);
        Assert.Equal(HttpStatusCode.NotFound, (await link.Send("GET", "/")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await link.Send("GET", "/link/")).Status);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, (await link.Send("DELETE", "/link")).Status);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, (await link.Send("GET", "/partition")).Status);
        var large = $$"""{"latency":"{{new string(' ', 64 * 1024)}}"}""";
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, (await link.Send("PATCH", "/link", large, chunked: true)).Status);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, (await link.Send("PATCH", "/link", large)).Status);
        Assert.Equal(HttpStatusCode.Forbidden, await link.SendFromPage("/reset"));
    }

    [Theory]
    [InlineData("TERM")]
    [InlineData("INT")]
    public async Task Signal_OpenConnectionsAndFaults_EndsWithZeroWithinASecond(string signal)
    {
        await using var link = await LinkProcess.Start("--latency", "5 s", "--loss", "20 %");
        using var busy = await link.Connect();
        using var idle = await link.Connect();
        await busy.SendAsync(new byte[100_000], Cancellation);
        await link.Ask("POST", "/partition", """{"for":"10 s"}""");
        await link.Ask("POST", "/refuse", """{"for":"10 s"}""");
        var (code, took, error) = await link.Stop(signal);
        Assert.Equal((0, ""), (code, error));
        Assert.InRange(took.TotalMilliseconds, 0, 1000);
        await AssertReset(busy);
        await AssertReset(idle);
    }

    [Fact]
    public async Task Link_PortInUse_ExitsTwoNamingTheOption()
    {
        await using var link = await LinkProcess.Start();
        await AssertRefused("listen: ", "--listen", $"{link.Address}", "--upstream", "localhost:1");
        await AssertRefused("listen: ", "--listen", $"0.0.0.0:{link.Address.Port}", "--upstream", "localhost:1");
        await AssertRefused("control: ", "--listen", "127.0.0.1:0", "--upstream", "localhost:1", "--control", link.ControlAddress.Authority);
        using var other = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        other.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        other.Listen();
        await AssertRefused("listen: ", "--listen", $"{other.LocalEndPoint}", "--upstream", "localhost:1");
    }

    [Theory]
    [InlineData("--upstream", "--listen localhost:0")]
    [InlineData("listen: expected HOST:PORT", "--listen 5000 --upstream a:1")]
    [InlineData("listen: expected HOST:PORT", "--listen 1:5000 --upstream a:1")]
    [InlineData("listen: expected HOST:PORT", "--listen 127.0.0.1:65536 --upstream a:1")]
    [InlineData("listen: expected HOST:PORT", "--listen example.com:0 --upstream a:1")]
    [InlineData("listen: expected an address that can be listened on", "--listen 192.0.2.1:0 --upstream a:1")]
    [InlineData("upstream: expected HOST:PORT", "--listen localhost:0 --upstream a")]
    [InlineData("upstream: expected HOST:PORT", "--listen localhost:0 --upstream a:0")]
    [InlineData("upstream: expected HOST:PORT", "--listen localhost:0 --upstream http://a:1")]
    [InlineData("upstream: expected HOST:PORT", "--listen localhost:0 --upstream 256.0.0.1:1")]
    [InlineData("upstream: expected another address", "--listen localhost:5999 --upstream 127.0.0.1:5999")]
    [InlineData("control: expected a loopback address", "--listen localhost:0 --upstream a:1 --control 0.0.0.0:0")]
    [InlineData("--profile: expected loopback|", "--listen localhost:0 --upstream a:1 --profile moon")]
    [InlineData("--latency: expected a duration", "--listen localhost:0 --upstream a:1 --latency 50")]
    [InlineData("--up-loss: expected a probability", "--listen localhost:0 --upstream a:1 --up-loss 200%")]
    [InlineData("--down-jitter-correlation: expected a number in [0, 1)", "--listen localhost:0 --upstream a:1 --down-jitter-correlation 1")]
    [InlineData("--burst: expected a mapping", "--listen localhost:0 --upstream a:1 --burst often")]
    [InlineData("--trace: expected driving-lte|steady-3g or a readable file", "--listen localhost:0 --upstream a:1 --trace no-such-file")]
    [InlineData("--seed", "--listen localhost:0 --upstream a:1 --seed -1")]
    [InlineData("--colour", "--listen localhost:0 --upstream a:1 --colour red")]
    public Task Link_BadOption_ExitsTwoWithOneLine(string message, string line) => AssertRefused(message, line.Split(' '));

    [Fact]
    public async Task Control_Anywhere_MayBeOtherThanLoopback()
    {
        await using var link = await LinkProcess.Start("--control-anywhere");
        Assert.Equal("127.0.0.1", link.ControlAddress.Host);
        using var open = DccProcess.Start(null, "link", "--listen", "[::1]:0", "--upstream", "a:1", "--control", "0.0.0.0:0", "--control-anywhere");
        var line = await open.StandardError.ReadLineAsync(Cancellation);
        open.Kill();
        Assert.Matches(@"^dcc link: listening on \[::1\]:\d+, upstream a:1, control on http://0\.0\.0\.0:[1-9]\d*$", line);
    }

    private static async Task AssertRefused(string message, params string[] options)
    {
        var result = await DccProcess.Run(["link", .. options]);
        Assert.Equal((2, ""), (result.ExitCode, result.Output));
        Assert.StartsWith("dcc: ", result.Error, StringComparison.Ordinal);
        Assert.Contains(message, result.Error, StringComparison.Ordinal);
        Assert.Equal(1, result.Error.Count(character => character == '\n'));
    }

    private static async Task<TimeSpan> RoundTrip(Socket socket)
    {
        var clock = Stopwatch.StartNew();
        await socket.SendAsync("x"u8.ToArray(), Cancellation);
        Assert.Equal(1, await socket.ReceiveAsync(new byte[1], Cancellation));
        return clock.Elapsed;
    }

    private static async Task AssertReset(Socket socket)
    {
        var buffer = new byte[1024];
        var reset = await Assert.ThrowsAsync<SocketException>(async () =>
        {
            while (await socket.ReceiveAsync(buffer, Cancellation) > 0)
            {
            }
        });
        Assert.Equal(SocketError.ConnectionReset, reset.SocketErrorCode);
    }

    // A reset is seen here before the link has put its books in order.
    private static async Task<JsonObject> WhenClosed(LinkProcess link)
    {
        JsonObject state;
        do
        {
            state = await link.Ask("GET", "/link");
        }
        while (Connections(state).Open > 0);
        return state;
    }

    private static (int Open, int Total, int Resets) Connections(JsonObject state) =>
        ((int)state["connections"]!["open"]!, (int)state["connections"]!["total"]!, (int)state["connections"]!["resets"]!);
}
