using Dcc.Core.Engine;
using Microsoft.Data.Sqlite;

namespace Dcc.Journal.Tests;

public sealed class SqliteJournalTests : JournalArchiveContract
{
    private readonly string folder = Directory.CreateTempSubdirectory("dcc-test-").FullName;

    private string File => Path.Combine(folder, "it's a \"store\" ü.db");

    private protected override IJournalStore Open() => SqliteJournal.Open(File);

    private protected override async Task Tamper(string sql)
    {
        await using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = File, Pooling = false }.ToString());
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = connection.CreateCommand();
#pragma warning disable CA2100 // Statements of the tests.
        command.CommandText = sql;
#pragma warning restore CA2100
        Assert.Equal(1, await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken));
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    [Theory]
    [InlineData("deleted")]
    [InlineData("replaced")]
    [InlineData("log deleted")]
    public void Append_FileNoLongerThere_IsLostAndNamed(string what)
    {
        var records = Chain.Of([10, 20, 30]);
        Append(records[..2]);
        switch (what)
        {
            case "deleted":
                System.IO.File.Delete(File);
                break;
            case "replaced":
                System.IO.File.Copy(File, File + ".copy");
                System.IO.File.Move(File + ".copy", File, overwrite: true);
                break;
            default:
                System.IO.File.Delete(File + "-wal");
                break;
        }

        var lost = Assert.Throws<JournalLostException>(() => Store.Append("run", records[2]));
        Assert.Contains(File, lost.Message, StringComparison.Ordinal);
        Assert.Contains("deleted or replaced", lost.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Append_TableGone_IsLostAndNamed()
    {
        var records = Chain.Of([10, 20]);
        Append(records[..1]);
        await using (var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = File, Pooling = false }.ToString()))
        {
            await connection.OpenAsync(TestContext.Current.CancellationToken);
            await using var command = connection.CreateCommand();
            command.CommandText = "DROP TABLE record";
            await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }

        Assert.Contains("is damaged: record 1", Assert.Throws<JournalLostException>(() => Store.Append("run", records[1])).Message, StringComparison.Ordinal);
    }

    /// <summary>SQLite's own error of a full disk; tests of the coordinator fill a real one.</summary>
    [Fact]
    public void Append_DiskFullThenRoom_IsStoredOnce()
    {
        var records = Chain.Of([10, 100_000, 20]);
        Append(records[..1]);
        Limit((SqliteJournal)Store, pages: 8);
        var failed = Assert.Throws<IOException>(() => Store.Append("run", records[1]));
        Assert.Contains("journal record 1 cannot be written", failed.Message, StringComparison.Ordinal);
        Assert.Throws<IOException>(() => Store.Append("run", records[1]));
        Chain.Equal(records[..1], Store.Read("run"));
        Limit((SqliteJournal)Store, pages: 1_000);
        Append(records[1..]);
        Reopen();
        Chain.Equal(records, Store.Read("run"));
    }

    [Fact]
    public void Append_FirstAttemptStoredAfterAll_IsTakenAsStored()
    {
        var records = Chain.Of([10, 100_000]);
        Append(records[..1]);
        Limit((SqliteJournal)Store, pages: 8);
        Assert.Throws<IOException>(() => Store.Append("run", records[1]));
        Limit((SqliteJournal)Store, pages: 1_000);
        using (var outside = Open())
        {
            // What a failed sync can leave behind: nobody was told, yet it is there.
            outside.Append("run", records[1]);
        }

        Store.Append("run", records[1]);
        Chain.Equal(records, Store.Read("run"));
        Assert.Throws<JournalLostException>(() => Store.Append("run", records[1]));
    }

    private static void Limit(SqliteJournal journal, int pages) => journal.Connection.Execute(
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"PRAGMA max_page_count = {pages}"));
}
