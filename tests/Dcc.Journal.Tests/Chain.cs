using Dcc.Core.Engine;

namespace Dcc.Journal.Tests;

/// <summary>Chained records without a run behind them.</summary>
internal static class Chain
{
    internal static JournalRecord[] Of(int[] lengths) => Of(Array.ConvertAll(lengths, length =>
    {
        var body = new byte[length];
        new Random(length).NextBytes(body);
        return body;
    }));

    internal static JournalRecord[] Of(byte[][] bodies)
    {
        var records = new List<JournalRecord>();
        foreach (var body in bodies)
        {
            records.Add(JournalRecord.After(records.LastOrDefault(), records.Count == 0 ? JournalRecordKind.Parameters : JournalRecordKind.Round, body));
        }

        return [.. records];
    }

    internal static void Equal(IReadOnlyList<JournalRecord> expected, IEnumerable<JournalRecord> actual)
    {
        var read = actual.ToList();
        Assert.Equal(expected.Select(record => (record.Sequence, record.Kind)), read.Select(record => (record.Sequence, record.Kind)));
        Assert.All(expected.Zip(read), pair =>
        {
            Assert.Equal(pair.First.Body, pair.Second.Body);
            Assert.Equal(pair.First.Hash, pair.Second.Hash);
        });
    }
}
