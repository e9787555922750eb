namespace Dcc.Journal.Tests;

public sealed class PostgresLeaseTests(PostgresServer server) : IAsyncLifetime
{
    private static readonly TimeSpan Short = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Medium = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(5);
    private readonly List<PostgresLease> leases = [];
    private StoreLocation location = null!;
    private string database = "";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        database = await server.NewDatabase();
        location = StoreLocation.Parse(database);
    }

    public ValueTask DisposeAsync()
    {
        leases.ForEach(lease => lease.Dispose());
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task Append_InTheTermOfAFormerHolder_IsRefused()
    {
        var records = Chain.Of([10, 20]);
        var former = await Acquire("former", Short);
        using var formerJournal = location.OpenUnder(former);
        formerJournal.Append("run", records[0]);

        // Not kept: it expires, and a process that was paused meanwhile knows nothing of it.
        var holder = await Acquire("holder", Long);
        Assert.Equal((1, 2), (former.Term, holder.Term));
        Assert.Contains("another coordinator leads now", Assert.Throws<JournalLostException>(() => formerJournal.Append("run", records[1])).Message, StringComparison.Ordinal);
        Assert.Contains("another coordinator leads now", Assert.Throws<JournalLostException>(() => formerJournal.Append("other", records[0])).Message, StringComparison.Ordinal);
        using var journal = location.OpenUnder(holder);
        Chain.Equal(records[..1], journal.Read("run"));
        journal.Append("run", records[1]);
        Chain.Equal(records, journal.Read("run"));
        Assert.Equal(["run"], journal.Runs());
    }

    [Fact]
    public async Task Append_RecordThatTheNextHolderWroteToo_IsNotTakenForOnesOwn()
    {
        var records = Chain.Of([10, 20]);
        var former = await Acquire("former", Short);
        using var formerJournal = location.OpenUnder(former);
        formerJournal.Append("run", records[0]);
        using var journal = location.OpenUnder(await Acquire("holder", Long));
        journal.Append("run", records[1]);
        Assert.Throws<JournalLostException>(() => formerJournal.Append("run", records[1]));
    }

    [Fact]
    public async Task Acquire_HeldByAnother_WaitsUntilItIsGivenBack()
    {
        var holder = await Acquire("holder", Long);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var keeping = holder.Keep(over.Token);
        var next = Lease("next", Long);
        var waiting = next.Acquire(_ => { }, Cancellation);
        while (!next.IsReachable)
        {
            await Task.Delay(10, Cancellation);
        }

        Assert.Equal((false, 0), (waiting.IsCompleted, next.Term));
        await over.CancelAsync();
        await keeping;
        holder.Release();
        await waiting;
        Assert.Equal(2, next.Term);
        Assert.False(next.Lost.IsCancellationRequested);
    }

    [Fact]
    public async Task Append_SameTermOfAnotherHolder_IsRefused()
    {
        // As after a database that was restored, or whose replica took over without the last commits.
        using var journal = location.OpenUnder(await Acquire("former", Long));
        await PostgresServer.Execute(database, "UPDATE dcc_lease SET holder = 'another'");
        Assert.True(Assert.Throws<JournalLostException>(() => journal.Append("run", Chain.Of([10]).Single())).IsDeposed);
    }

    [Fact]
    public async Task Lost_WithoutARenewal_ComesByItself()
    {
        var lease = await Acquire("paused", Short);
        Assert.True(lease.IsReachable);
        await Canceled(lease.Lost);
        Assert.False(lease.IsHeld);
    }

    [Fact]
    public async Task Keep_TheLeaseIsRenewedPastItsTime()
    {
        var lease = await Acquire("holder", Medium);
        var keeping = lease.Keep(Cancellation);
        var other = Lease("other", Medium);
        using var patience = new CancellationTokenSource(2 * Medium);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => other.Acquire(_ => { }, patience.Token));
        Assert.False(lease.Lost.IsCancellationRequested);

        // Somebody else has it: noticed with the next renewal.
        await PostgresServer.Execute(database, "UPDATE dcc_lease SET term = term + 1");
        await Canceled(lease.Lost);
        await keeping;
    }

    [Fact]
    public async Task Open_DatabaseOfTheFirstVersion_IsMigratedWithItsRecords()
    {
        var records = Chain.Of([10, 20]);
        using (var first = location.Open())
        {
            first.Append("run", records[0]);
        }

        await PostgresServer.Execute(database, "ALTER TABLE dcc_record DROP COLUMN term; DROP TABLE dcc_lease; UPDATE dcc_schema_version SET version = 1");
        using var journal = location.OpenUnder(await Acquire("holder", Long));
        journal.Append("run", records[1]);
        Chain.Equal(records, journal.Read("run"));
    }

    private PostgresLease Lease(string name, TimeSpan duration)
    {
        leases.Add(location.Lease(name, duration, TimeProvider.System));
        return leases[^1];
    }

    private async Task<PostgresLease> Acquire(string name, TimeSpan duration)
    {
        var lease = Lease(name, duration);
        await lease.Acquire(_ => { }, Cancellation);
        return lease;
    }

    private static async Task Canceled(CancellationToken token)
    {
        var canceled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = token.Register(canceled.SetResult);
        await canceled.Task.WaitAsync(TimeSpan.FromMinutes(1), Cancellation);
    }
}
