using System.Collections.Concurrent;

namespace Dcc.Journal;

/// <summary>Reads a journal while what was read of it is worked on: a large one comes from a disk that has its own pace.</summary>
public static class ReadAhead
{
    /// <summary>The items of a source in order, read by a task that keeps at most so many ready. What the source throws comes after the items before it.</summary>
    public static IEnumerable<T> Of<T>(IEnumerable<T> source, int ahead)
    {
        using var over = new CancellationTokenSource();
        using var ready = new BlockingCollection<T>(ahead);
        var reading = Task.Run(() => Read(source, ready, over.Token), CancellationToken.None);
        try
        {
            foreach (var item in ready.GetConsumingEnumerable(CancellationToken.None))
            {
                yield return item;
            }

            reading.GetAwaiter().GetResult();
        }
        finally
        {
            // Whoever stops early stops the reading too, and does not care how it ends.
            over.Cancel();
            ((IAsyncResult)reading).AsyncWaitHandle.WaitOne();
        }
    }

    private static void Read<T>(IEnumerable<T> source, BlockingCollection<T> ready, CancellationToken cancellation)
    {
        try
        {
            foreach (var item in source)
            {
                ready.Add(item, cancellation);
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // Nobody takes the rest.
        }
        finally
        {
            ready.CompleteAdding();
        }
    }
}
