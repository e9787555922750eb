using Dcc.Core.Engine;

namespace Dcc.Journal.Tests;

/// <summary>What every store promises, whatever it is made of.</summary>
public abstract class JournalStoreContract : IAsyncLifetime
{
    internal static readonly string[] OddNames = ["it's \"quoted\"; DROP TABLE record;--", "héllo 世界 🚀", " leading and trailing ", "%_\\", "a", "B"];

    private IJournalStore? store;

    private protected IJournalStore Store => store!;

    /// <summary>Opens the store of this test, the same at every call where it outlives its process.</summary>
    private protected abstract IJournalStore Open();

    private protected virtual ValueTask Prepare() => ValueTask.CompletedTask;

    public async ValueTask InitializeAsync()
    {
        await Prepare();
        store = Open();
    }

    public virtual ValueTask DisposeAsync()
    {
        store?.Dispose();
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }

    private protected void Reopen()
    {
        store!.Dispose();
        store = Open();
    }

    [Fact]
    public void Runs_NothingAppended_AreNone()
    {
        Assert.Empty(Store.Runs());
        Assert.Empty(Store.Read("nobody"));
    }

    [Fact]
    public void Read_RecordsAppended_GivesThemInOrderAsTheyWere()
    {
        // Lengths around the sizes at which pages and rows overflow, and bodies of every byte.
        var records = Chain.Of([0, 1, 100, 2_000, 4_096, 8_200, 70_000, 0]);
        foreach (var record in records)
        {
            Store.Append("run", record);
        }

        Chain.Equal(records, Store.Read("run"));
        Assert.Equal(["run"], Store.Runs());
    }

    [Fact]
    public void Read_BodyOfEveryByteValue_IsBinarySafe()
    {
        var records = Chain.Of([[.. Enumerable.Range(0, 256).Select(value => (byte)value)], "'\\x00\0"u8.ToArray(), []]);
        foreach (var record in records)
        {
            Store.Append("run", record);
        }

        Chain.Equal(records, Store.Read("run"));
    }

    [Fact]
    public void Runs_NamesWithQuotesAndUnicode_AreKeptApartInOrdinalOrder()
    {
        foreach (var name in OddNames)
        {
            Store.Append(name, Chain.Of([name.Length]).Single());
        }

        Assert.Equal(OddNames.Order(StringComparer.Ordinal), Store.Runs());
        Assert.All(OddNames, name => Assert.Equal(name.Length, Store.Read(name).Single().Body.Length));
    }

    [Fact]
    public async Task Append_RunsAtTheSameTime_KeepsEachInOrder()
    {
        var runs = Enumerable.Range(0, 6).ToDictionary(index => $"run-{index}", index => Chain.Of([.. Enumerable.Repeat(50 + index, 40)]));
        await Task.WhenAll(runs.Select(run => Task.Run(
            () =>
            {
                foreach (var record in run.Value)
                {
                    Store.Append(run.Key, record);
                    Assert.Equal(record.Sequence, Store.Read(run.Key).Last().Sequence);
                }
            },
            TestContext.Current.CancellationToken)));
        Assert.All(runs, run => Chain.Equal(run.Value, Store.Read(run.Key)));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Append_SequenceThatIsThere_IsRefusedAndNamed(bool sameContent)
    {
        var records = Chain.Of([10, 20, 30]);
        Append(records);
        var second = sameContent ? records[2] : JournalRecord.After(records[1], JournalRecordKind.Round, [9, 9]);
        var refused = Assert.Throws<JournalLostException>(() => Store.Append("run", second));
        Assert.StartsWith("run 'run': another coordinator writes this run: record 2 is there already", refused.Message, StringComparison.Ordinal);
        Assert.Equal(sameContent, refused.Message.Contains("the same", StringComparison.Ordinal));
        Chain.Equal(records, Store.Read("run"));
    }

    [Fact]
    public void Append_AfterAGap_IsRefusedAndNamed()
    {
        var records = Chain.Of([10, 20, 30, 40]);
        Append(records[..2]);
        var refused = Assert.Throws<JournalLostException>(() => Store.Append("run", records[3]));
        Assert.Contains("record 2 is gone", refused.Message, StringComparison.Ordinal);
        Assert.Throws<JournalLostException>(() => Store.Append("other", records[1]));
        Assert.Equal(["run"], Store.Runs());
        Store.Append("run", records[2]);
        Store.Append("run", records[3]);
        Chain.Equal(records, Store.Read("run"));
    }

    private protected void Append(IEnumerable<JournalRecord> records)
    {
        foreach (var record in records)
        {
            Store.Append("run", record);
        }
    }
}

public sealed class InMemoryJournalTests : JournalStoreContract
{
    private protected override IJournalStore Open() => new InMemoryJournal();
}
