using Dcc.Core.Engine;

namespace Dcc.Journal.Tests;

public sealed class PostgresJournalTests(PostgresServer server) : JournalArchiveContract
{
    private string database = "";

    private protected override async ValueTask Prepare() => database = await server.NewDatabase();

    private protected override IJournalStore Open() => StoreLocation.Parse(database).Open();

    private protected override Task Tamper(string sql) => PostgresServer.Execute(database, sql.Replace(" record ", " dcc_record ", StringComparison.Ordinal));

    [Fact]
    public async Task Append_ConnectionCut_GoesOnOverANewOne()
    {
        var records = Chain.Of([10, 20, 30]);
        Append(records[..1]);
        foreach (var record in records[1..])
        {
            await PostgresServer.CutConnections(database);
            Store.Append("run", record);
        }

        await PostgresServer.CutConnections(database);
        Chain.Equal(records, Store.Read("run"));
    }

    [Fact]
    public void Append_AnswerLostAfterTheCommit_IsFoundStoredOnce()
    {
        var records = Chain.Of([10, 20, 30]);
        using var between = new DatabaseProxy(PostgresServer.Socket(database));
        using var journal = PostgresJournal.Open($"{database};Host=127.0.0.1;Port={between.Port};Pooling=false", "here");
        journal.Append("run", records[0]);
        between.Arm();
        journal.Append("run", records[1]);
        Assert.Equal(1, between.Eaten);
        Chain.Equal(records[..2], Store.Read("run"));

        // Said to be stored, it is as taken as any other.
        Assert.Throws<JournalLostException>(() => journal.Append("run", records[1]));
        journal.Append("run", records[2]);
        Chain.Equal(records, Store.Read("run"));
    }

    [Fact]
    public async Task Append_InDoubtAndAnotherRecordInItsPlace_NamesTheOtherCoordinator()
    {
        var records = Chain.Of([10, 20]);
        Append(records[..1]);
        await PostgresServer.Execute(database, "ALTER TABLE dcc_record ADD CONSTRAINT none CHECK (sequence < 1)");
        Assert.Throws<IOException>(() => Store.Append("run", records[1]));
        await PostgresServer.Execute(database, "ALTER TABLE dcc_record DROP CONSTRAINT none");
        using (var outside = Open())
        {
            outside.Append("run", JournalRecord.After(records[0], JournalRecordKind.Round, [7]));
        }

        var refused = Assert.Throws<JournalLostException>(() => Store.Append("run", records[1]));
        Assert.EndsWith("another coordinator writes this run: record 1 is there already, another than this one's", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Append_TableGone_IsLostAndNamed()
    {
        var records = Chain.Of([10, 20]);
        Append(records[..1]);
        await PostgresServer.Execute(database, "DROP TABLE dcc_record");
        Assert.Contains("is damaged: record 1", Assert.Throws<JournalLostException>(() => Store.Append("run", records[1])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Open_SessionThatWouldNotWaitForTheDisk_IsMadeToWait()
    {
        await PostgresServer.Execute(database, "ALTER DATABASE " + database.Split('=')[^1] + " SET synchronous_commit = off");
        await PostgresServer.Execute(database, "CREATE TABLE seen (setting text)");
        Reopen();
        await PostgresServer.Execute(database,
            """
            CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO seen VALUES (current_setting('synchronous_commit')); RETURN NEW; END $$;
            CREATE TRIGGER note BEFORE INSERT ON dcc_record FOR EACH ROW EXECUTE FUNCTION note();
            """);
        Append(Chain.Of([10]));
        await PostgresServer.Execute(database, "DO $$ BEGIN ASSERT (SELECT setting FROM seen) = 'on'; END $$");
    }

    [Fact]
    public async Task Open_TwoCoordinatorsAtOnce_CreateTheTablesOnce()
    {
        await PostgresServer.Execute(database, "DROP TABLE dcc_record, dcc_lease, dcc_schema_version");
        var stores = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(Open, TestContext.Current.CancellationToken)));
        stores[0].Append("run", Chain.Of([10]).Single());
        Assert.All(stores, store => Assert.Equal(["run"], store.Runs()));
        Array.ForEach(stores, store => store.Dispose());
    }

    [Fact]
    public async Task Open_NewerSchema_IsRefusedByName()
    {
        await PostgresServer.Execute(database, "UPDATE dcc_schema_version SET version = 9");
        Assert.EndsWith("has schema version 9, this program knows 2", Assert.Throws<InvalidDataException>(Open).Message, StringComparison.Ordinal);
        Assert.Throws<InvalidDataException>(() => StoreLocation.Parse(database).OpenExisting());
    }

    [Fact]
    public async Task OpenExisting_DatabaseWithoutAJournal_IsRefusedAndLeftAlone()
    {
        var empty = await server.NewDatabase();
        Assert.EndsWith("holds no journal", Assert.Throws<InvalidDataException>(() => StoreLocation.Parse(empty).OpenExisting()).Message, StringComparison.Ordinal);
        await PostgresServer.Execute(empty, "DO $$ BEGIN ASSERT to_regclass('dcc_record') IS NULL; END $$");
    }
}
