using System.Globalization;
using Dcc.Protocol.V1;
using Grpc.Core;
using Microsoft.Extensions.Logging.Abstractions;

namespace Dcc.Services.Tests;

/// <summary>Runs that do not wait for everybody. Real deadlines, short where they must pass, an hour where they must not.</summary>
public class QuorumTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task SilentDevice_IsAbsentThenReleased_AndReturnsByItsNextReport()
    {
        await using var host = await Start(quorum: 2, deadlineSeconds: 0.05, mostAbsences: 2);
        using var watch = host.Operation.WatchRun(new RunRequest { Run = CoordinatorHost.Run }, cancellationToken: Cancellation);
        using var first = await Talker.Join(host, 0);
        using var second = await Talker.Join(host, 1);
        using var silent = await Talker.Join(host, 2);
        for (var round = 0; round < 2; round++)
        {
            await first.Answer();
            await second.Answer();
        }

        Assert.Equal(2u, (await first.Next()).Push.Round);
        var status = await host.Status();
        Assert.Equal((2u, 2u, 3u), (status.Members, status.Quorum, status.Connected));
        Assert.Equal(["absent 0", "absent 1", "released 1"], await Events(watch, 3, "absent", "released"));

        // It was pushed every round all the same. A report that is late by one says that it is there, one that is later that it is still behind.
        Assert.Equal(0u, (await silent.Next()).Push.Round);
        await silent.Say(Talker.Report(0));
        await WaitFor(host, status => status is { ReportsStale: 1, Members: 2 });
        Assert.Equal(1u, (await silent.Next()).Push.Round);
        await silent.Say(Talker.Report(1));
        await WaitFor(host, status => status is { ReportsStale: 2, Members: 3 });
    }

    [Fact]
    public async Task EverybodyInTime_DeadlineFarAway_EndsWithTheDigestOfARunWithoutQuorum()
    {
        await using var host = await Start(quorum: 1, deadlineSeconds: 3_600, mostAbsences: 1);
        Assert.All(await host.RunDevices(), code => Assert.Equal(0, code));
        var status = await host.Status();
        Assert.Equal(("finished", CoordinatorHost.UndisturbedDigest()), (status.State, status.Digest));
    }

    [Fact]
    public async Task Deadline_BeforeTheQuorum_ClosesWithTheReportThatMakesIt()
    {
        await using var host = await Start(quorum: 2, deadlineSeconds: 0.001, mostAbsences: 9);
        using var first = await Talker.Join(host, 0);
        await first.Answer();
        using var second = await Talker.Join(host, 1);
        await second.Answer();
        Assert.Equal(1u, (await first.Next()).Push.Round);
        Assert.Equal(1u, (await second.Next()).Push.Round);
    }

    [Fact]
    public async Task Leave_OnPurpose_IsReleasedAtOnceAndMayReturn()
    {
        await using var host = await Start(quorum: 1, deadlineSeconds: 3_600, mostAbsences: 9);
        using var first = await Talker.Join(host, 0);
        using var second = await Talker.Join(host, 1);
        using var third = await Talker.Join(host, 2);
        await first.Answer();
        await second.Answer();
        await third.Next();
        await third.Say(new DeviceMessage { Leave = new Leave() });
        await third.End();
        Assert.Equal(1u, (await first.Next()).Push.Round);
        Assert.Equal(2u, (await host.Status()).Members);

        using var back = await Talker.Join(host, 2, roundsHeld: 1);
        Assert.Equal(1u, (await back.Next()).Push.Round);
        Assert.Equal(3u, (await host.Status()).Members);
    }

    [Fact]
    public async Task Worker_ToldToLeave_SaysSoAndEnds()
    {
        await using var host = await Start(quorum: 1, deadlineSeconds: 3_600, mostAbsences: 9);
        using var learning = new SemaphoreSlim(1);
        var worker = host.Worker(2, learning, NullLogger.Instance);
        var run = worker.Run(Cancellation);
        await WaitFor(host, status => status.ReportsAccepted == 1);
        worker.Leave();
        Assert.Equal(0, await run);
        await WaitFor(host, status => status is { Members: 3, Connected: 0 });
        using var first = await Talker.Join(host, 0);
        using var second = await Talker.Join(host, 1);
        await first.Answer();
        await second.Answer();
        Assert.Equal(1u, (await first.Next()).Push.Round);
        Assert.Equal(2u, (await host.Status()).Members);
    }

    [Fact]
    public async Task Drain_OpenRound_IsCommittedBeforeTheRunIsCancelled()
    {
        await using var host = await CoordinatorHost.Start();
        var devices = await Talker.JoinAll(host);
        await devices[0].Answer();
        await host.Operation.DrainRunAsync(new RunRequest { Run = CoordinatorHost.Run }, cancellationToken: Cancellation);
        Assert.Equal("running", (await host.Status()).State);
        await devices[1].Answer();
        await devices[2].Answer();
        await RunTests.Refused(StatusCode.Aborted, "run:", () => devices[0].Next());
        var status = await host.Status();
        Assert.Equal(("cancelled", 1u), (status.State, status.Round));
    }

    [Fact]
    public async Task ReportBeyondTheRunsLimit_IsRefusedAndCounted()
    {
        await using var host = await CoordinatorHost.Start(("Run:ReportLimit", "100"));
        using var device = await Talker.Join(host, 0);
        await device.Next();
        await device.Say(Talker.Report(0, cost: 101));
        await RunTests.Refused(StatusCode.InvalidArgument, "report:", () => device.Next());
        Assert.Equal(1ul, (await host.Status()).Refused["implausible"]);
    }

    [Fact]
    public async Task Clip_OneLiar_IsNamedOnceAndCountedEachRound()
    {
        await using var host = await CoordinatorHost.Start(("Run:Robust", "clip"));
        using var watch = host.Operation.WatchRun(new RunRequest { Run = CoordinatorHost.Run }, cancellationToken: Cancellation);
        var devices = await Talker.JoinAll(host);
        for (uint round = 0; round < 3; round++)
        {
            for (var device = 0; device < devices.Length; device++)
            {
                var push = (await devices[device].Next()).Push;
                Assert.Equal(round, push.Round);
                var others = device == 2 ? 1e9 : 2 + (0.1 * (push.PriceOthers - push.Price));
                await devices[device].Say(Talker.Report(round, cost: 2, own: 2, others: others));
            }
        }

        Assert.Equal(3u, (await devices[0].Next()).Push.Round);
        var status = await host.Status();
        Assert.Equal((3ul, 9ul), (status.ReportsClipped, status.ReportsAccepted));
        Assert.Equal(["suspected 0"], await Events(watch, 1, "suspected"));
    }

    private static Task<CoordinatorHost> Start(int quorum, double deadlineSeconds, int mostAbsences) => CoordinatorHost.Start(
        ("Run:Quorum", Text(quorum)), ("Run:RoundDeadlineSeconds", Text(deadlineSeconds)), ("Run:MostAbsences", Text(mostAbsences)));

    private static string Text(IFormattable value) => value.ToString(null, CultureInfo.InvariantCulture);

    private static async Task<List<string>> Events(AsyncServerStreamingCall<RunUpdate> watch, int count, params string[] kinds)
    {
        var events = new List<string>();
        while (events.Count < count && await watch.ResponseStream.MoveNext(Cancellation))
        {
            // What happened before the watch began stands in its snapshot.
            var update = watch.ResponseStream.Current;
            RunEvent[] told = update.Event is { } happened ? [happened] : [.. update.Snapshot?.Events ?? []];
            events.AddRange(told.Where(one => one.Device == 2 && kinds.Contains(one.Kind)).Select(one => $"{one.Kind} {one.Round}"));
        }

        return events;
    }

    private static async Task WaitFor(CoordinatorHost host, Predicate<RunStatus> condition)
    {
        while (!condition(await host.Status()))
        {
            await Task.Yield();
        }
    }
}
