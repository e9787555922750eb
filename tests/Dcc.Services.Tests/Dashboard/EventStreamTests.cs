using System.Buffers;
using System.Diagnostics;
using System.IO.Pipelines;
using System.Net;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Dcc.Coordinator.Dashboard;
using Dcc.Protocol.V1;

namespace Dcc.Services.Tests.Dashboard;

public sealed class EventStreamTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Events_OfFinishedRun_AreOneSnapshotAndTheEnd()
    {
        await using var browser = await PageBrowser.Start();
        await browser.Host.RunDevices();

        var events = await browser.Events().ToListAsync(Cancellation);

        // Between the last status and the end of the watch the stream may have nothing to tell.
        Assert.Equal(["snapshot", "end"], events.Select(item => item.Kind).Where(kind => kind != "idle"));
        var snapshot = events[0].Data;
        Assert.Equal("finished", snapshot.GetProperty("status").GetProperty("state").GetString());
        Assert.Equal(Enumerable.Range(0, CoordinatorHost.Rounds + 1), snapshot.GetProperty("summaries").EnumerateArray().Select(summary => summary[0].GetInt32()));
        Assert.Equal(CoordinatorHost.Devices, snapshot.GetProperty("events").EnumerateArray().Count(item => item.GetProperty("kind").GetString() == "joined"));
        var theta = MemoryMarshal.Cast<byte, ushort>(snapshot.GetProperty("theta").GetBytesFromBase64());
        Assert.Equal((CoordinatorHost.Rounds + 1) * CoordinatorHost.Devices, theta.Length);
        var last = theta[^CoordinatorHost.Devices..].ToArray().Average(value => value / 65535.0);
        Assert.Equal((await browser.Host.Status()).MeanTheta, last, 1e-5);
        Assert.Equal(CoordinatorHost.Devices * sizeof(float), snapshot.GetProperty("lastCost").GetBytesFromBase64().Length);
        Assert.Equal(RoundTripHistogram.Bins, snapshot.GetProperty("roundTrips").GetArrayLength());
    }

    [Fact]
    public async Task Events_OfLiveRun_TellEveryRoundOnceAndTheEnd()
    {
        await using var browser = await PageBrowser.Start(("Run:Rounds", "40"));
        var rounds = new List<int>();
        var kinds = new List<string>();
        Task? devices = null;
        await foreach (var (kind, data) in browser.Events())
        {
            devices ??= browser.Host.RunDevices();
            kinds.Add(kind);
            if (data.TryGetProperty("summaries", out var summaries))
            {
                rounds.AddRange(summaries.EnumerateArray().Select(summary => summary[0].GetInt32()));
            }
        }

        await devices!;
        Assert.Equal(Enumerable.Range(0, 41), rounds);
        Assert.Equal("snapshot", kinds[0]);
        Assert.Equal("end", kinds[^1]);
        Assert.All(kinds.Skip(1).SkipLast(1), kind => Assert.Equal("frame", kind));
    }

    [Fact]
    public async Task Events_NotesAndHostileText_ArriveAsNoted()
    {
        await using var browser = await PageBrowser.Start();
        const string Hostile = "</script>\n\ndata: {}\r\nevent: end\n\u2028\"'&";
        await browser.Host.Operation.NoteRunAsync(
            new NoteRunRequest
            {
                Run = CoordinatorHost.Run,
                Events = { new RunEvent { Kind = "fault", Reason = Hostile, UnixMilliseconds = 7 } },
                Costs = new ReferenceCosts { NeverOffload = 2, BestKnown = 1 },
                Bytes = new CarriedBytes { Layers = { new LayerBytes { Layer = "payload", Up = 3, Down = 4 } } },
            },
            cancellationToken: Cancellation);

        var (kind, data) = await browser.Events().FirstAsync(Cancellation);

        Assert.Equal("snapshot", kind);
        var noted = Assert.Single(data.GetProperty("events").EnumerateArray());
        Assert.Equal(Hostile, noted.GetProperty("reason").GetString());
        Assert.False(noted.TryGetProperty("device", out _));
        Assert.Equal(1, data.GetProperty("costs").GetProperty("bestKnown").GetDouble());
        Assert.Equal(4, data.GetProperty("bytes")[0].GetProperty("down").GetInt32());
    }

    [Fact]
    public async Task Events_ReportsThatOverflow_AreUnknownNotBroken()
    {
        await using var browser = await PageBrowser.Start();
        var talkers = await Talker.JoinAll(browser.Host);
        foreach (var talker in talkers)
        {
            var push = (await talker.Next()).Push;
            await talker.Say(Talker.Report(push.Round, Core.Learning.Report.LargestMagnitude, 1, 1));
        }

        await foreach (var (_, data) in browser.Events())
        {
            if (data.TryGetProperty("summaries", out var summaries))
            {
                Assert.Equal(JsonValueKind.Null, summaries[0][4].ValueKind);
                break;
            }
        }

        Array.ForEach(talkers, talker => talker.Dispose());
    }

    [Fact]
    public async Task Events_CoordinatorStops_EndPromptly()
    {
        await using var browser = await PageBrowser.Start();
        var clock = Stopwatch.StartNew();
        await foreach (var (kind, _) in browser.Events())
        {
            if (kind == "snapshot")
            {
                clock.Restart();
                _ = browser.Host.Stop();
            }
        }

        Assert.InRange(clock.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task Events_Head_HasHeadersOnly()
    {
        await using var browser = await PageBrowser.Start();
        using var response = await browser.Ask("api/runs/test/events", "HEAD");
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType!.ToString());
        Assert.Empty(await PageBrowser.Text(response));
    }

    // A browser that stops reading while far more happens than its watch holds: nobody waits for it, it costs one frame's memory, and when it reads
    // again it is told everything anew.
    [Fact]
    public async Task Events_ReaderFallsBehind_BeginsAgainWithASnapshot()
    {
        await using var browser = await PageBrowser.Start();
        var run = browser.Host.Registry.Find(CoordinatorHost.Run)!;
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 64, resumeWriterThreshold: 32));
        using var over = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var writing = new EventStream(run, pipe.Writer, TimeProvider.System).Write(over.Token);
        pipe.Reader.AdvanceTo((await pipe.Reader.ReadAtLeastAsync(64, Cancellation)).Buffer.Start);

        for (var i = 0; i < 20; i++)
        {
            var note = new NoteRunRequest { Run = CoordinatorHost.Run };
            note.Events.AddRange(Enumerable.Range(0, 1000).Select(_ => new RunEvent { Kind = "fault", Reason = $"{i}" }));
            await run.Note(note, Cancellation);
        }

        var text = "";
        while (CountSnapshots(text) < 2 || !text.EndsWith("\n\n", StringComparison.Ordinal))
        {
            var read = await pipe.Reader.ReadAsync(Cancellation);
            Assert.InRange(read.Buffer.Length, 0, 200_000);
            text += Encoding.UTF8.GetString(read.Buffer.ToArray());
            pipe.Reader.AdvanceTo(read.Buffer.End);
        }

        Assert.Equal(1000, CountOf("\"reason\":\"19\"", text));
        Assert.Equal(0, CountOf("\"reason\":\"18\"", text));
        await over.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => writing);
    }

    [Theory]
    [InlineData(1000, 2, 2)]
    [InlineData(1000, 100, 20)]
    [InlineData(10, 100, 100)]
    public void Frame_ManyRounds_ShowsThetaOfAsManyAsFit(int devices, int rounds, int shown)
    {
        var frame = new RunFrame();
        for (var round = 0; round < rounds; round++)
        {
            var committed = new RoundCommitted { Round = (uint)round };
            committed.Theta.AddRange(Enumerable.Repeat(1f, devices));
            frame.Add(new RunUpdate { Round = committed });
        }

        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            frame.Write(json);
        }

        var data = JsonDocument.Parse(buffer.ToArray()).RootElement;
        Assert.Equal(rounds, data.GetProperty("summaries").GetArrayLength());
        Assert.Equal(shown, data.GetProperty("thetaRounds").GetArrayLength());
        Assert.Equal(rounds - 1, data.GetProperty("thetaRounds")[shown - 1].GetInt32());
        Assert.Equal(shown * devices * sizeof(ushort), data.GetProperty("theta").GetBytesFromBase64().Length);
    }

    [Theory]
    [InlineData(-1, null)]
    [InlineData(0, 0)]
    [InlineData(0.1, 0)]
    [InlineData(1.01, 8)]
    [InlineData(95, 23)]
    [InlineData(101, 24)]
    [InlineData(1e9, 47)]
    public void Histogram_RoundTrip_FallsInItsBin(float milliseconds, int? bin)
    {
        var histogram = new RoundTripHistogram();
        histogram.Add([milliseconds]);
        Assert.Equal(Enumerable.Range(0, RoundTripHistogram.Bins).Select(index => index == bin ? 1 : 0), histogram.Counts.ToArray());
    }

    private static int CountSnapshots(string text) => CountOf("event: snapshot\n", text);

    private static int CountOf(string part, string text) => text.Split(part).Length - 1;
}
