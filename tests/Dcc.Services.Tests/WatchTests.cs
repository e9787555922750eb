using Dcc.Protocol.V1;
using Grpc.Core;

namespace Dcc.Services.Tests;

public sealed class WatchTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Watch_FinishedRun_TellsEveryRoundThenEnds()
    {
        await using var host = await CoordinatorHost.Start();
        await host.RunDevices();

        var updates = await All(host);

        Assert.Equal("finished", updates[0].Status.State);
        var snapshot = updates[1].Snapshot;
        Assert.Equal(Enumerable.Range(0, CoordinatorHost.Rounds + 1), snapshot.Rounds.Select(round => (int)round.Round));
        foreach (var round in snapshot.Rounds)
        {
            Assert.Equal(CoordinatorHost.Devices, round.Theta.Count);
            Assert.Equal(round.Theta.Average(), round.MeanTheta, 1e-6);
            Assert.Equal(round.Theta.Min(), round.MinTheta, 1e-6);
            Assert.Equal(round.Theta.Max(), round.MaxTheta, 1e-6);
            Assert.Equal(round.Round < CoordinatorHost.Rounds, round.HasGradientNorm);
            Assert.Equal(round.Round > 0, round.HasDurationMilliseconds);
        }

        Assert.Equal(0, snapshot.Rounds[0].MeanTheta);
        var last = snapshot.Rounds[^1];
        Assert.Equal(updates[0].Status.MeanTheta, last.MeanTheta, 1e-12);
        Assert.Equal(last.MeanCost, last.Cost.Average(), 1e-6);
        Assert.Equal(CoordinatorHost.Devices, snapshot.Events.Count(happened => happened.Kind == "joined"));
    }

    [Fact]
    public async Task Watch_LiveRun_TellsTheRoundsThatASnapshotTellsLater()
    {
        await using var host = await CoordinatorHost.Start();
        using var watch = host.Operation.WatchRun(new RunRequest { Run = CoordinatorHost.Run }, cancellationToken: Cancellation);
        Assert.True(await watch.ResponseStream.MoveNext(Cancellation));
        var devices = host.RunDevices();
        var live = new List<RoundCommitted>();
        await foreach (var update in watch.ResponseStream.ReadAllAsync(Cancellation))
        {
            if (update.Round is { } round)
            {
                live.Add(round);
            }
        }

        await devices;
        var snapshot = (await All(host))[1].Snapshot;

        Assert.Equal(live.Select(round => round.Theta), snapshot.Rounds.Select(round => round.Theta));
        Assert.Equal(live[^1], snapshot.Rounds[^1]);
    }

    [Fact]
    public async Task Note_ToRun_ReachesWatchersAndThoseWhoComeLater()
    {
        await using var host = await CoordinatorHost.Start();
        using var watch = host.Operation.WatchRun(new RunRequest { Run = CoordinatorHost.Run }, cancellationToken: Cancellation);
        Assert.True(await watch.ResponseStream.MoveNext(Cancellation) && await watch.ResponseStream.MoveNext(Cancellation));
        var note = new NoteRunRequest
        {
            Run = CoordinatorHost.Run,
            Events = { new RunEvent { Kind = "fault", Reason = "reset of device 1", Round = 2 } },
            Costs = new ReferenceCosts { NeverOffload = 2, BestKnown = 1 },
            Bytes = new CarriedBytes { Layers = { new LayerBytes { Layer = "payload", Up = 3, Down = 4 } } },
        };

        var response = await host.Operation.NoteRunAsync(note, cancellationToken: Cancellation);
        note.Events.Clear();
        note.OpenedUnixMilliseconds = response.OpenedUnixMilliseconds + 1;
        note.Costs.BestKnown = -1;
        var refused = await host.Operation.NoteRunAsync(note, cancellationToken: Cancellation);

        Assert.Equal((await host.Status()).OpenedUnixMilliseconds, response.OpenedUnixMilliseconds);
        Assert.Equal(response, refused);
        Assert.True(await watch.ResponseStream.MoveNext(Cancellation));
        Assert.Equal("reset of device 1", watch.ResponseStream.Current.Event.Reason);
        Assert.True(await watch.ResponseStream.MoveNext(Cancellation));
        Assert.Equal(1, watch.ResponseStream.Current.Costs.BestKnown);
        Assert.True(await watch.ResponseStream.MoveNext(Cancellation));
        Assert.Equal(4ul, watch.ResponseStream.Current.Bytes.Layers.Single().Down);

        using var later = host.Operation.WatchRun(new RunRequest { Run = CoordinatorHost.Run }, cancellationToken: Cancellation);
        Assert.True(await later.ResponseStream.MoveNext(Cancellation) && await later.ResponseStream.MoveNext(Cancellation));
        var snapshot = later.ResponseStream.Current.Snapshot;
        Assert.Equal("fault", Assert.Single(snapshot.Events).Kind);
        Assert.Equal(1, snapshot.Costs.BestKnown);
        Assert.Equal(3ul, snapshot.Bytes.Layers.Single().Up);
        Assert.Empty(snapshot.Rounds);
    }

    [Fact]
    public async Task Note_TooMuchOrToNobody_IsRefused()
    {
        await using var host = await CoordinatorHost.Start();
        var note = new NoteRunRequest { Run = CoordinatorHost.Run };
        note.Events.AddRange(Enumerable.Repeat(new RunEvent { Kind = "fault" }, 1001));

        var tooMuch = await Assert.ThrowsAsync<RpcException>(() => host.Operation.NoteRunAsync(note, cancellationToken: Cancellation).ResponseAsync);
        var nobody = await Assert.ThrowsAsync<RpcException>(
            () => host.Operation.NoteRunAsync(new NoteRunRequest { Run = "other" }, cancellationToken: Cancellation).ResponseAsync);

        Assert.Equal(StatusCode.InvalidArgument, tooMuch.StatusCode);
        Assert.Equal("events: expected at most 1000, got 1001", tooMuch.Status.Detail);
        Assert.Equal(StatusCode.NotFound, nobody.StatusCode);
    }

    private static async Task<List<RunUpdate>> All(CoordinatorHost host)
    {
        using var watch = host.Operation.WatchRun(new RunRequest { Run = CoordinatorHost.Run }, cancellationToken: Cancellation);
        var updates = new List<RunUpdate>();
        await foreach (var update in watch.ResponseStream.ReadAllAsync(Cancellation))
        {
            updates.Add(update);
        }

        return updates;
    }
}
