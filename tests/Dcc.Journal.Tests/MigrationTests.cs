using Dcc.Core.Engine;
using Microsoft.Data.Sqlite;

namespace Dcc.Journal.Tests;

/// <summary>
/// A journal that version 1 wrote (`dcc simulate --devices 3 --rounds 4 --solver exact` of commit 87e4bc0) is read as it is and migrated when it
/// is opened to write; the run's digest stays what that program said.
/// </summary>
public sealed class MigrationTests : IDisposable
{
    private const string Digest = "ab6e3162938b26bdc408ddb192db6778aaa4e5db947aeee6f9409f7cd2391a17";

    private readonly string file = Path.Combine(Directory.CreateTempSubdirectory("dcc-test-").FullName, "journal.db");
    private readonly byte[] original = File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "fixtures", "version-1.db"));

    public MigrationTests() => File.WriteAllBytes(file, original);

    public void Dispose() => Directory.Delete(Path.GetDirectoryName(file)!, recursive: true);

    [Fact]
    public void OpenExisting_Version1_ReadsItAndLeavesEveryByte()
    {
        using (var journal = SqliteJournal.OpenExisting(file))
        {
            Assert.Equal(Digest, Replay(journal));
            Assert.Null(journal.Created("run"));
        }

        Assert.Equal(original, File.ReadAllBytes(file));
    }

    [Fact]
    public void Open_Version1_MigratesItWithTheSameRecordsAndDigest()
    {
        JournalRecord[] before;
        using (var journal = SqliteJournal.OpenExisting(file))
        {
            before = [.. journal.Read("run")];
        }

        using (var journal = SqliteJournal.Open(file))
        {
            Chain.Equal(before, journal.Read("run"));
            Assert.Null(journal.Created("run"));
            journal.Append("new", Chain.Of([10]).Single());
            Assert.NotNull(journal.Created("new"));
        }

        Assert.Equal(2, Ask("PRAGMA user_version"));
        using var again = SqliteJournal.OpenExisting(file);
        Assert.Equal(Digest, Replay(again));
    }

    [Fact]
    public async Task Open_Version1ByManyAtOnce_MigratesItOnce()
    {
        var opened = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => SqliteJournal.Open(file), TestContext.Current.CancellationToken)));
        Assert.All(opened, journal => Assert.Equal(Digest, Replay(journal)));
        Array.ForEach(opened, journal => journal.Dispose());
    }

    [Fact]
    public void Open_MigrationFails_LeavesVersion1()
    {
        // A column cannot be added twice: the step fails in the middle of the transaction.
        Change("ALTER TABLE record ADD COLUMN committed INTEGER");
        Assert.ThrowsAny<Exception>(() => SqliteJournal.Open(file));
        Assert.Equal(1, Ask("PRAGMA user_version"));
        using var journal = SqliteJournal.OpenExisting(file);
        Assert.Equal(Digest, Replay(journal));
    }

    [Theory]
    [InlineData(3)]
    [InlineData(99)]
    [InlineData(0)]
    public void Open_VersionThatIsNotKnown_IsRefusedByName(int version)
    {
        Change($"PRAGMA user_version = {version}");
        foreach (var open in (Func<string, SqliteJournal>[])[SqliteJournal.Open, SqliteJournal.OpenExisting])
        {
            var refused = Assert.Throws<InvalidDataException>(() => open(file));
            Assert.EndsWith($"has schema version {version}, this program knows 1 to 2", refused.Message, StringComparison.Ordinal);
        }

        Assert.Equal(version, Ask("PRAGMA user_version"));
    }

    private static string Replay(SqliteJournal journal)
    {
        var records = journal.Read("run").ToList();
        var engine = RoundEngine.Recover(records[0]);
        records.Skip(1).ToList().ForEach(record => engine.Replay(record));
        Assert.True(engine.Finished);
        return engine.Digest;
    }

    private void Change(string sql) => Ask(sql);

    private long Ask(string sql)
    {
        using var connection = new SqliteConnection($"Data Source={file};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
#pragma warning disable CA2100 // Statements of the tests.
        command.CommandText = sql;
#pragma warning restore CA2100
        return command.ExecuteScalar() is long answer ? answer : 0;
    }
}
