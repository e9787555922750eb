using System.Runtime.InteropServices;

namespace Dcc.Links.Proxy;

/// <summary>
/// A wait of one thread with microsecond resolution that another thread can end early. .NET's own waits count whole milliseconds; on Linux
/// ppoll on an eventfd does not (50 us of timer slack). Elsewhere whole milliseconds must do.
/// </summary>
internal sealed partial class PreciseWait : IDisposable
{
    private const short PollIn = 1;
    private const int CloseOnExecNonBlocking = 0x80000 | 0x800;

    private readonly int eventFile = OperatingSystem.IsLinux() ? EventFile(0, CloseOnExecNonBlocking) : -1;
    private readonly ManualResetEventSlim? signal;

    internal PreciseWait() => signal = eventFile < 0 ? new ManualResetEventSlim() : null;

    /// <summary>Waits; a wake-up that came before the call ends it at once.</summary>
    /// <param name="time">How long; null for ever.</param>
    internal unsafe void Wait(TimeSpan? time)
    {
        if (signal is not null)
        {
            // Rounded up: waking early would spin.
            signal.Wait(time is { } some ? (int)Math.Min(int.MaxValue, Math.Ceiling(some.TotalMilliseconds)) : Timeout.Infinite);
            signal.Reset();
            return;
        }

        var poll = new PollFile { File = eventFile, Events = PollIn };
        var limit = new TimeSpec();
        if (time is { } finite)
        {
            var (seconds, rest) = Math.DivRem(finite.Ticks, TimeSpan.TicksPerSecond);
            limit = new TimeSpec { Seconds = (nint)seconds, Nanoseconds = (nint)(rest * TimeSpan.NanosecondsPerTick) };
        }

        if (PrecisePoll(&poll, 1, time is null ? null : &limit, null) > 0)
        {
            ulong wakeUps;
            _ = Read(eventFile, &wakeUps, sizeof(ulong));
        }
    }

    /// <summary>Ends the present wait, or the next one.</summary>
    internal unsafe void Wake()
    {
        if (signal is not null)
        {
            signal.Set();
            return;
        }

        var one = 1UL;
        _ = Write(eventFile, &one, sizeof(ulong));
    }

    public void Dispose()
    {
        signal?.Dispose();
        if (eventFile >= 0)
        {
            _ = Close(eventFile);
        }
    }

    [LibraryImport("libc", EntryPoint = "eventfd")]
    private static partial int EventFile(uint initial, int flags);

    [LibraryImport("libc", EntryPoint = "ppoll")]
    private static unsafe partial int PrecisePoll(PollFile* files, nuint count, TimeSpec* limit, void* signalMask);

    [LibraryImport("libc", EntryPoint = "read")]
    private static unsafe partial nint Read(int file, void* buffer, nuint count);

    [LibraryImport("libc", EntryPoint = "write")]
    private static unsafe partial nint Write(int file, void* buffer, nuint count);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int file);

    private struct PollFile
    {
        internal int File;
        internal short Events;
        internal short Returned;
    }

    private struct TimeSpec
    {
        internal nint Seconds;
        internal nint Nanoseconds;
    }
}
