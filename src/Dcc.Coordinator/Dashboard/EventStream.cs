using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;
using System.Threading.Channels;
using Dcc.Coordinator.Runs;
using Dcc.Protocol.V1;

namespace Dcc.Coordinator.Dashboard;

/// <summary>
/// One browser that watches a run, as server-sent events: a frame at most five times a second, each with all that happened since the one before.
/// A browser that does not keep up holds up nobody: its watch loses the oldest updates, and it begins again with a snapshot.
/// </summary>
internal sealed class EventStream(RunLoop run, PipeWriter output, TimeProvider time)
{
    private static readonly TimeSpan FrameInterval = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestSilence = TimeSpan.FromSeconds(10);

    private readonly RunFrame frame = new();
    private volatile bool fellBehind;

    /// <summary>Writes until the run is over, the browser is gone or the coordinator stops.</summary>
    /// <exception cref="OperationCanceledException">The browser is gone, or the coordinator stops: then the last frame may still be written.</exception>
    internal async Task Write(CancellationToken cancellation)
    {
        output.Write("retry: 1000\n\n"u8);
        using var tick = new PeriodicTimer(FrameInterval, time);
        do
        {
            var updates = await run.Watch(_ => fellBehind = true).ConfigureAwait(false);
            try
            {
                await Follow(updates.Reader, tick, cancellation).ConfigureAwait(false);
            }
            finally
            {
                await run.Unwatch(updates).ConfigureAwait(false);
            }
        }
        while (fellBehind);
    }

    // Returns when the run is over or this watch fell behind.
    private async Task Follow(ChannelReader<RunUpdate> updates, PeriodicTimer tick, CancellationToken cancellation)
    {
        fellBehind = false;
        frame.Clear();
        while (!frame.HasSnapshot && !fellBehind)
        {
            frame.Add(await updates.ReadAsync(cancellation).ConfigureAwait(false));
        }

        var spoken = time.GetTimestamp();
        do
        {
            Drain(updates);
            if (fellBehind)
            {
                return;
            }

            var over = updates.Completion.IsCompleted;
            if (!frame.IsEmpty || over || time.GetElapsedTime(spoken) >= LongestSilence)
            {
                Say(over);
                spoken = time.GetTimestamp();
                await output.FlushAsync(cancellation).ConfigureAwait(false);
            }

            if (over)
            {
                return;
            }
        }
        while (await WaitForTick(updates, tick, cancellation).ConfigureAwait(false));
    }

    private async ValueTask<bool> WaitForTick(ChannelReader<RunUpdate> updates, PeriodicTimer tick, CancellationToken cancellation)
    {
        try
        {
            return await tick.WaitForNextTickAsync(cancellation).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // What a run says last is worth hearing: its end often comes just before the coordinator's.
            Drain(updates);
            if (!fellBehind && !frame.IsEmpty)
            {
                Say(updates.Completion.IsCompleted);
            }

            throw;
        }
    }

    private void Drain(ChannelReader<RunUpdate> updates)
    {
        while (updates.TryRead(out var update))
        {
            frame.Add(update);
        }
    }

    private void Say(bool over)
    {
        if (frame.IsEmpty)
        {
            output.Write("event: idle\ndata: {}\n\n"u8);
        }
        else
        {
            output.Write(frame.HasSnapshot ? "event: snapshot\ndata: "u8 : "event: frame\ndata: "u8);
            using (var json = new Utf8JsonWriter((IBufferWriter<byte>)output))
            {
                frame.Write(json);
            }

            output.Write("\n\n"u8);
            frame.Clear();
        }

        if (over)
        {
            output.Write("event: end\ndata: {}\n\n"u8);
        }
    }
}
