using Dcc.Core.Engine;
using Dcc.Journal;

namespace Dcc.Coordinator.Runs;

/// <summary>
/// What a run does while its journal cannot be written, for want of room or of a server: it stalls. The record that could not be written is tried
/// again, with growing delays, until it is stored; the effects after it wait, and with them every input that would move the engine. Streams,
/// heartbeats and whoever asks for the run's state go on. Status and snapshot show the run as the journal has it.
/// </summary>
internal sealed partial class RunLoop
{
    private static readonly TimeSpan FirstRetry = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestRetry = TimeSpan.FromSeconds(5);

    private string? stalledBecause;
    private Durable durable;
    private int executed;

    // What the journal has: the engine is ahead of it from the moment that it closes a round until its record is stored.
    private readonly record struct Durable(int Round, bool Finished, bool Cancelled, int Members, string Digest);

    private void NoteDurable() => durable = new Durable(engine.Round, engine.Finished, engine.Cancelled, engine.Members, engine.Digest);

    private void Stall(IOException reason)
    {
        stalledBecause = reason.Message;
        figures.Stalled = true;
        Log.Stalled(logger, name, stalledBecause);
        watchers.TellStatus();
    }

    /// <summary>True when every effect of the input that stalled is executed, false when the run is to stop before.</summary>
    /// <exception cref="JournalLostException">Waiting cannot help.</exception>
    private async Task<bool> Outlast(RunInput interrupted, CancellationToken cancellation)
    {
        try
        {
            while (await Retry(cancellation).ConfigureAwait(false))
            {
                executed++;
                Proceed(interrupted);
                if (stalledBecause is null)
                {
                    return true;
                }
            }

            return false;
        }
        finally
        {
            // Whoever waits for it and was not answered never will be.
            interrupted.Reply?.TrySetCanceled(CancellationToken.None);
        }
    }

    // True when the record is stored, false when the run is to stop.
    private async Task<bool> Retry(CancellationToken cancellation)
    {
        var record = effects[executed].Record!;
        for (var delay = FirstRetry; !cancellation.IsCancellationRequested; delay = delay < LongestRetry / 2 ? 2 * delay : LongestRetry)
        {
            await AnswerUntil(Task.Delay(delay, time, cancellation)).ConfigureAwait(false);
            if (cancellation.IsCancellationRequested)
            {
                break;
            }

            // Elsewhere: a server that does not answer takes its time to be given up.
            var attempt = Task.Run(() => store.Append(name, record), CancellationToken.None);
            await AnswerUntil(attempt).ConfigureAwait(false);
            try
            {
                await attempt.ConfigureAwait(false);
                Resume();
                return true;
            }
            catch (IOException exception) when (exception is not JournalLostException)
            {
                if (stalledBecause != exception.Message)
                {
                    stalledBecause = exception.Message;
                    watchers.TellStatus();
                }
            }
        }

        return false;
    }

    private void Resume()
    {
        stalledBecause = null;
        figures.Stalled = false;
        Persisted();
        Log.Resumed(logger, name, time.GetElapsedTime(commitStarted, commitEnded).TotalSeconds);
        watchers.TellStatus();
    }

    private async Task AnswerUntil(Task end)
    {
        Task<bool>? more = null;
        while (!end.IsCompleted)
        {
            while (inbox.CanDefer && inbox.TryTakeNew(out var input))
            {
                if (!Answer(input))
                {
                    Defer(input);
                }
            }

            // An inbox that was completed has nothing more: what ends the run cancels the delay too.
            more = more is { IsCompleted: false } ? more : inbox.WaitForNew().AsTask();
            var isOver = more.IsCompletedSuccessfully && !await more.ConfigureAwait(false);
            await Task.WhenAny(inbox.CanDefer && !isOver ? [end, more] : [end]).ConfigureAwait(false);
        }
    }

    private void Defer(RunInput input)
    {
        if (input.Kind is RunInputKind.Cancel or RunInputKind.Drain)
        {
            // It could not be recorded, and whoever asked is there to hear it.
            input.Reply!.SetException(new IOException(stalledBecause));
            return;
        }

        inbox.Defer(input);
    }
}
