using Dcc.Core.Engine;

namespace Dcc.Journal.Tests;

/// <summary>
/// A journal file that was truncated or in which bits were flipped is reported, or what it then holds is what it should: never anything else. With
/// a write-ahead log, what it should hold is a prefix: recovery takes the log up to its first frame that is not whole, so a torn log is an earlier
/// state of the journal, which no reader of the file can tell from the truth (SqliteJournal says who can). Without a log it is the whole journal.
/// </summary>
public sealed class TornFileTests : IDisposable
{
    private const int Flips = 1_500;
    private const int Cuts = 300;

    private readonly string folder = Directory.CreateTempSubdirectory("dcc-test-").FullName;
    private readonly Dictionary<string, JournalRecord[]> written = new()
    {
        // More rows than a page holds, rows longer than a page, and both in turn.
        ["small"] = Chain.Of([.. Enumerable.Repeat(60, 120)]),
        ["large"] = Chain.Of([500, 9_000, 30_000, 5_000]),
        ["zoo"] = Chain.Of([1, 4_000, 0, 12_000, 40]),
    };

    private string File => Path.Combine(folder, "journal.db");

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void ClosedFile_OneBitFlippedAnywhere_IsReportedOrWhole()
    {
        var (file, _) = Write();
        var reported = 0;
        var random = new Random(1);
        for (var flip = 0; flip < Flips; flip++)
        {
            // The first pages, the header and the roots, more often than the rest.
            var at = flip < 100 ? flip : random.Next(flip % 3 == 0 ? 16_384 : file.Length);
            var bit = 1 << random.Next(8);
            var torn = (byte[])file.Clone();
            torn[at] ^= (byte)bit;
            reported += Holds($"byte {at} ^ {bit}", torn, log: null, mayBeShorter: false) ? 0 : 1;
        }

        // Not everything in a file matters: free space, and counters that only caches read.
        Assert.InRange(reported, Flips / 2, Flips);
    }

    [Fact]
    public void ClosedFile_CutAnywhere_IsReportedOrWhole()
    {
        var (file, _) = Write();
        var random = new Random(2);

        // What is cut off less than a page may be the unused end of the last one; a page is always missed.
        for (var cut = 0; cut < Cuts; cut++)
        {
            var length = cut < 20 ? file.Length - 1 - cut : cut % 2 == 0 ? random.Next(file.Length) : 4096 * random.Next(file.Length / 4096);
            var reads = Holds($"cut to {length}", file[..length], log: null, mayBeShorter: false);
            Assert.False(reads && length <= file.Length - 4096, $"cut to {length} bytes of {file.Length}");
        }
    }

    [Fact]
    public void Log_CutAnywhere_IsAPrefix()
    {
        var (file, log) = Write(open: true);
        Assert.True(log!.Length > 200_000, "everything is still in the log");
        var random = new Random(3);
        var shorter = 0;
        for (var cut = 0; cut < Cuts; cut++)
        {
            var length = random.Next(log.Length);
            shorter += Holds($"log cut to {length}", file, log[..length], mayBeShorter: true) ? 1 : 0;
        }

        Assert.True(shorter > Cuts / 2, "most cuts leave records");
    }

    [Fact]
    public void Log_OneBitFlippedAnywhere_IsReportedOrAPrefix()
    {
        var (file, log) = Write(open: true);
        var random = new Random(4);
        for (var flip = 0; flip < Flips / 3; flip++)
        {
            var at = flip < 60 ? flip : random.Next(log!.Length);
            var torn = (byte[])log!.Clone();
            torn[at] ^= (byte)(1 << random.Next(8));
            Holds($"log byte {at}", file, torn, mayBeShorter: true);
        }
    }

    [Fact]
    public void FileWithALog_OneBitFlippedInTheFile_IsReportedOrAPrefix()
    {
        // Half of the records are in the file, the others in the log.
        var (file, log) = Write(open: true, checkpoint: true);
        var random = new Random(5);
        for (var flip = 0; flip < Flips / 3; flip++)
        {
            var torn = (byte[])file.Clone();
            torn[flip < 100 ? flip : random.Next(file.Length)] ^= (byte)(1 << random.Next(8));
            Holds($"flip {flip}", torn, log, mayBeShorter: false);
        }
    }

    // True when it opens and reads; whatever it holds then must be right.
    private bool Holds(string what, byte[] file, byte[]? log, bool mayBeShorter)
    {
        System.IO.File.Delete(File + "-shm");
        System.IO.File.WriteAllBytes(File, file);
        if (log is null)
        {
            System.IO.File.Delete(File + "-wal");
        }
        else
        {
            System.IO.File.WriteAllBytes(File + "-wal", log);
        }

        var found = new Dictionary<string, List<JournalRecord>>();
        try
        {
            using var journal = SqliteJournal.OpenExisting(File);
            foreach (var run in journal.Runs())
            {
                found[run] = [];
                foreach (var record in journal.Read(run))
                {
                    // As every reader does.
                    if (!record.Follows(found[run].LastOrDefault()))
                    {
                        return false;
                    }

                    found[run].Add(record);
                }
            }
        }
        catch (Exception exception) when (exception is InvalidDataException or IOException or JournalException)
        {
            Assert.DoesNotContain('\n', exception.Message);
            Assert.True(exception is JournalException || exception.Message.Contains(File, StringComparison.Ordinal), $"{what}: {exception.Message}");
            return false;
        }

        Assert.All(found, run => Chain.Equal(written[run.Key][..run.Value.Count], run.Value));
        Assert.True(mayBeShorter || written.All(run => found.TryGetValue(run.Key, out var records) && records.Count == run.Value.Length), $"{what}: shorter, in silence");
        return true;
    }

    private (byte[] File, byte[]? Log) Write(bool open = false, bool checkpoint = false)
    {
        var file = Path.Combine(folder, "source.db");
        var journal = SqliteJournal.Open(file);
        for (var sequence = 0; sequence < written.Values.Max(records => records.Length); sequence++)
        {
            foreach (var (run, records) in written.Where(run => sequence < run.Value.Length))
            {
                journal.Append(run, records[sequence]);
            }

            if (checkpoint && sequence == 3)
            {
                journal.Connection.Execute("PRAGMA wal_checkpoint(TRUNCATE)");
            }
        }

        if (!open)
        {
            journal.Dispose();
            return (System.IO.File.ReadAllBytes(file), null);
        }

        // As kill -9 leaves them.
        var left = (System.IO.File.ReadAllBytes(file), System.IO.File.ReadAllBytes(file + "-wal"));
        journal.Dispose();
        return left;
    }
}
