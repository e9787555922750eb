namespace Dcc.Journal.Tests;

public class ReadAheadTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(1_000)]
    public void Of_Items_GivesThemInOrder(int count) => Assert.Equal(Enumerable.Range(0, count), ReadAhead.Of(Enumerable.Range(0, count), 3));

    [Fact]
    public void Of_SourceThatFails_GivesWhatCameBeforeAndThenItsException()
    {
        var taken = new List<int>();
        Assert.Equal("broken", Assert.Throws<InvalidDataException>(() => taken.AddRange(ReadAhead.Of(Broken(), 2).Select(item => item))).Message);
        Assert.Throws<InvalidDataException>(() =>
        {
            foreach (var item in ReadAhead.Of(Broken(), 2))
            {
                taken.Add(item);
            }
        });
        Assert.Equal([0, 1, 2, 3], taken.TakeLast(4));

        static IEnumerable<int> Broken()
        {
            for (var item = 0; item < 4; item++)
            {
                yield return item;
            }

            throw new InvalidDataException("broken");
        }
    }

    [Fact]
    public void Of_ReaderThatStopsEarly_StopsTheSourceNotFarAhead()
    {
        var read = 0;
        var isOver = false;
        Assert.Equal([0, 1, 2], ReadAhead.Of(Endless(), 4).Take(3).ToList());
        Assert.True(isOver);
        Assert.InRange(read, 3, 3 + 4 + 1);

        IEnumerable<int> Endless()
        {
            try
            {
                while (true)
                {
                    yield return read++;
                }
            }
            finally
            {
                isOver = true;
            }
        }
    }
}
