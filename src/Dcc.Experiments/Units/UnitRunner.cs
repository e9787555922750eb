using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.ExceptionServices;

namespace Dcc.Experiments.Units;

/// <summary>Runs units side by side. No result depends on how many at once; a unit that throws is noted and loses none of the others.</summary>
internal sealed class UnitRunner(UnitStore store, int jobs)
{
    /// <summary>Runs what the store does not hold yet.</summary>
    /// <param name="units">With distinct names.</param>
    /// <param name="progress">Told the fraction done, the number of units done, and the unit that was finished last, if any.</param>
    /// <param name="cancellation">Ends the units that are running; those that are finished are kept.</param>
    internal void Run(IReadOnlyList<Unit> units, Action<double, int, FinishedUnit?> progress, CancellationToken cancellation)
    {
        var gate = new Lock();
        var total = units.Sum(unit => unit.Seconds);
        List<Unit> open = [.. units.Where(unit => !store.Holds(unit.Name)).OrderByDescending(unit => unit.Seconds)];
        var (done, finished) = (total - open.Sum(unit => unit.Seconds), units.Count - open.Count);
        progress(total > 0 ? done / total : 1, finished, null);

        // The longest first, and one at a time to whoever is free: so that the last one does not keep a single core busy for long.
        var free = Partitioner.Create(open.Where(unit => !unit.Alone), EnumerablePartitionerOptions.NoBuffering);
        try
        {
            Parallel.ForEach(free, new ParallelOptions { MaxDegreeOfParallelism = jobs, CancellationToken = cancellation }, Do);
        }
        catch (AggregateException exception)
        {
            // Not of a unit, whose faults are results, but of keeping them: a full disk, say.
            ExceptionDispatchInfo.Throw(exception.Flatten().InnerExceptions[0]);
        }

        open.Where(unit => unit.Alone).ToList().ForEach(Do);

        void Do(Unit unit)
        {
            var result = Run(unit, cancellation);
            lock (gate)
            {
                store.Add(result);
                done += unit.Seconds;
                progress(Math.Min(1, done / total), ++finished, result);
            }
        }
    }

    private static FinishedUnit Run(Unit unit, CancellationToken cancellation)
    {
        var clock = Stopwatch.StartNew();
        try
        {
            List<Sample> samples = [];
            foreach (var sample in unit.Work(cancellation))
            {
                cancellation.ThrowIfCancellationRequested();
                samples.Add(double.IsFinite(sample.Value) ? sample : throw new ArithmeticException($"{sample.Measure} at {sample.X} is not a finite number"));
            }

            return new FinishedUnit(unit.Name, unit.Seed, clock.Elapsed.TotalSeconds, "", samples);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            var fault = $"{exception.GetType().Name}: {exception.Message}".ReplaceLineEndings(" ");
            return new FinishedUnit(unit.Name, unit.Seed, clock.Elapsed.TotalSeconds, fault, []);
        }
    }
}
