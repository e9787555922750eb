using System.Diagnostics;

namespace Dcc.Links.Proxy;

/// <summary>Something that is due at a time. It has at most one entry in the scheduler's heap, whose position it keeps.</summary>
internal abstract class Scheduled
{
    internal const int NotQueued = -1;

    internal TimeSpan Due { get; set; }

    internal int Position { get; set; } = NotQueued;

    /// <summary>Called by the scheduler's thread, which all links share: must not block.</summary>
    internal abstract void Fire(TimeSpan now);
}

/// <summary>
/// One thread and one heap of due times for all links of the process: a timer per link would be late by up to a timer tick, a thread per link
/// would not scale to hundreds. The thread starts with the first proxy and ends with the last.
/// </summary>
internal sealed class LinkScheduler : IDisposable
{
    private static readonly long Epoch = Stopwatch.GetTimestamp();
    private static readonly Lock Shared = new();
    private static LinkScheduler? current;

    private readonly Lock gate = new();
    private readonly PreciseWait wait = new();
    private readonly Thread thread;
    private Scheduled[] heap = new Scheduled[64];
    private int count;
    private int users;
    private TimeSpan sleepingUntil;
    private bool ending;

    private LinkScheduler()
    {
        thread = new Thread(Run) { IsBackground = true, Name = "links" };
        thread.Start();
    }

    /// <summary>Time since the process first used a link.</summary>
    internal static TimeSpan Now => Stopwatch.GetElapsedTime(Epoch);

    /// <summary>The process's scheduler. Every caller disposes it once; the last one ends its thread.</summary>
    internal static LinkScheduler Acquire()
    {
        lock (Shared)
        {
            current ??= new LinkScheduler();
            current.users++;
            return current;
        }
    }

    public void Dispose()
    {
        lock (Shared)
        {
            if (--users > 0)
            {
                return;
            }

            current = null;
        }

        lock (gate)
        {
            ending = true;
            wait.Wake();
        }

        if (Thread.CurrentThread != thread)
        {
            thread.Join();
        }
    }

    /// <summary>Has an item called at a time, instead of any time set before; null takes it out.</summary>
    internal void Schedule(Scheduled item, TimeSpan? due)
    {
        lock (gate)
        {
            // A closed event file's number may be another's by now.
            if (ending)
            {
                return;
            }

            if (due is not { } time)
            {
                Remove(item);
                return;
            }

            item.Due = time;
            if (item.Position == Scheduled.NotQueued)
            {
                if (count == heap.Length)
                {
                    Array.Resize(ref heap, 2 * heap.Length);
                }

                Place(item, count++);
            }

            SiftUp(item.Position);
            SiftDown(item.Position);
            if (heap[0].Due < sleepingUntil && Thread.CurrentThread != thread)
            {
                sleepingUntil = heap[0].Due;
                wait.Wake();
            }
        }
    }

    private void Run()
    {
        while (true)
        {
            Scheduled? due = null;
            TimeSpan? time = null;
            var now = Now;
            lock (gate)
            {
                if (ending)
                {
                    break;
                }

                if (count > 0 && heap[0].Due <= now)
                {
                    due = heap[0];
                    Remove(due);
                }
                else
                {
                    sleepingUntil = count > 0 ? heap[0].Due : TimeSpan.MaxValue;
                    time = count > 0 ? sleepingUntil - now : null;
                }
            }

            if (due is not null)
            {
                due.Fire(now);
            }
            else
            {
                wait.Wait(time);
            }
        }

        lock (gate)
        {
            wait.Dispose();
        }
    }

    private void Remove(Scheduled item)
    {
        var position = item.Position;
        if (position == Scheduled.NotQueued)
        {
            return;
        }

        item.Position = Scheduled.NotQueued;
        var last = heap[--count];
        heap[count] = null!;
        if (position < count)
        {
            Place(last, position);
            SiftUp(position);
            SiftDown(last.Position);
        }
    }

    private void SiftUp(int position)
    {
        var item = heap[position];
        while (position > 0 && heap[(position - 1) / 2] is var parent && item.Due < parent.Due)
        {
            Place(parent, position);
            position = (position - 1) / 2;
        }

        Place(item, position);
    }

    private void SiftDown(int position)
    {
        var item = heap[position];
        while ((2 * position) + 1 is var child && child < count)
        {
            child += child + 1 < count && heap[child + 1].Due < heap[child].Due ? 1 : 0;
            if (item.Due <= heap[child].Due)
            {
                break;
            }

            Place(heap[child], position);
            position = child;
        }

        Place(item, position);
    }

    private void Place(Scheduled item, int position)
    {
        heap[position] = item;
        item.Position = position;
    }
}
