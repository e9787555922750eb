using Dcc.Core.Engine;

namespace Dcc.Journal.Tests;

/// <summary>What a store promises that outlives its process.</summary>
public abstract class JournalArchiveContract : JournalStoreContract
{
    private IJournalArchive Archive => (IJournalArchive)Store;

    /// <summary>Changes the store behind the journal's back.</summary>
    /// <param name="sql">With "record" for the table.</param>
    private protected abstract Task Tamper(string sql);

    [Fact]
    public void Read_Reopened_GivesEveryRunAgain()
    {
        var records = Chain.Of([10, 3_000, 0]);
        foreach (var name in OddNames)
        {
            foreach (var record in records)
            {
                Store.Append(name, record);
            }
        }

        Reopen();
        Assert.Equal(OddNames.Order(StringComparer.Ordinal), Store.Runs());
        Assert.All(OddNames, name => Chain.Equal(records, Store.Read(name)));
    }

    [Fact]
    public void Append_Reopened_GoesOn()
    {
        var records = Chain.Of([10, 20, 30, 40]);
        Append(records[..2]);
        Reopen();
        Append(records[2..]);
        Reopen();
        Chain.Equal(records, Store.Read("run"));
    }

    [Fact]
    public void Append_ASecondCoordinatorOnTheSameStore_IsRefusedTheRunOfTheFirst()
    {
        var records = Chain.Of([10, 20, 30]);
        Append(records[..2]);
        using (var second = Open())
        {
            Chain.Equal(records[..2], second.Read("run"));
            second.Append("run", records[2]);
            second.Append("its own", records[0]);
        }

        var other = JournalRecord.After(records[1], JournalRecordKind.Round, [1, 2, 3]);
        Assert.Contains("another coordinator writes this run", Assert.Throws<JournalLostException>(() => Store.Append("run", other)).Message, StringComparison.Ordinal);
        Chain.Equal(records, Store.Read("run"));
    }

    [Fact]
    public void Delete_OneRun_LeavesTheOthers()
    {
        var records = Chain.Of([10, 20]);
        Append(records);
        Store.Append("other", records[0]);
        Archive.Delete("run");
        Assert.Equal(["other"], Store.Runs());
        Assert.Throws<JournalLostException>(() => Store.Append("run", Chain.Of([10, 20, 30])[2]));
        Append(records);
        Chain.Equal(records, Store.Read("run"));
    }

    [Fact]
    public void Delete_WhileAnotherProcessHasTheStore_IsRefused()
    {
        Append(Chain.Of([10, 20]));
        using (var second = (IJournalArchive)Open())
        {
            var refused = Assert.Throws<IOException>(() => second.Delete("run"));
            Assert.Contains("is open in", refused.Message, StringComparison.Ordinal);
        }

        Assert.Equal(["run"], Store.Runs());
    }

    [Fact]
    public void Created_OfARun_IsWhenItsFirstRecordWasWritten()
    {
        var before = TimeProvider.System.GetUtcNow().AddSeconds(-1);
        Append(Chain.Of([10, 20]));
        Assert.InRange(Archive.Created("run")!.Value, before, TimeProvider.System.GetUtcNow().AddSeconds(1));
        Assert.Null(Archive.Created("other"));
    }

    [Theory]
    [InlineData("UPDATE record SET hash = body WHERE sequence = 1", 1)]
    [InlineData("UPDATE record SET body = hash WHERE sequence = 2", 2)]
    [InlineData("UPDATE record SET kind = 3 WHERE sequence = 1", 1)]
    [InlineData("UPDATE record SET sequence = 7 WHERE sequence = 2", 7)]
    [InlineData("DELETE FROM record WHERE sequence = 1", 2)]
    [InlineData("DELETE FROM record WHERE sequence = 0", 1)]
    [InlineData("UPDATE record SET kind = 99 WHERE sequence = 2", 2)]
    public async Task Read_RecordChanged_BreaksTheChainThere(string change, long damaged)
    {
        Append(Chain.Of([32, 32, 32]));
        await Tamper(change);
        Reopen();
        JournalRecord? last = null;
        Assert.Equal(damaged, Store.Read("run").First(record => !record.Follows(Interlocked.Exchange(ref last, record))).Sequence);
    }
}
