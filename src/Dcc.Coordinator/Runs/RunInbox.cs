using System.Threading.Channels;
using Dcc.Core.Engine;
using Dcc.Protocol.V1;

namespace Dcc.Coordinator.Runs;

/// <summary>
/// The inputs of a run in order of arrival. Anybody posts, and waits while it is full; the run's loop alone takes, and defers what it cannot handle
/// now. What was deferred is taken first.
/// </summary>
internal sealed class RunInbox(int devices)
{
    private const int Capacity = 4096;

    private readonly Channel<RunInput> inputs = Channel.CreateBounded<RunInput>(new BoundedChannelOptions(Capacity) { SingleReader = true });

    // In order of arrival. A stream that comes and goes while the run stalls leaves nothing behind, and what one says again is kept once: one
    // talkative peer fills nothing.
    private readonly LinkedList<RunInput> deferred = [];
    private readonly Dictionary<long, List<LinkedListNode<RunInput>>> deferredOf = [];
    private readonly int mostDeferred = Capacity + (2 * devices);

    /// <summary>Whether more can be deferred. Where not, the channel fills and its writers wait.</summary>
    internal bool CanDefer => deferred.Count < mostDeferred;

    /// <summary>Enqueues an input. A run that has stopped takes nothing more; its streams are closed by then, or will be when the process stops.</summary>
    internal ValueTask Post(in RunInput input) => TryPost(input) ? ValueTask.CompletedTask : PostSlowly(input);

    /// <summary>Enqueues an input unless there is no room.</summary>
    internal bool TryPost(in RunInput input) => inputs.Writer.TryWrite(input);

    /// <summary>Enqueues an input and waits for the status that it is answered with.</summary>
    internal async Task<RunStatus> Ask(RunInput input, CancellationToken cancellation)
    {
        var reply = new TaskCompletionSource<RunStatus>(TaskCreationOptions.RunContinuationsAsynchronously);
        await Post(input with { Reply = reply }).ConfigureAwait(false);
        return await reply.Task.WaitAsync(cancellation).ConfigureAwait(false);
    }

    /// <summary>Waits for something new; false when nothing comes any more.</summary>
    internal ValueTask<bool> WaitForNew() => inputs.Reader.WaitToReadAsync(CancellationToken.None);

    /// <summary>Takes what has waited longest.</summary>
    internal bool TryTake(out RunInput input)
    {
        if (deferred.First is { } first)
        {
            input = first.Value;
            deferred.RemoveFirst();
            var said = deferredOf[input.Event.Incarnation];
            said.Remove(first);
            if (said.Count == 0)
            {
                deferredOf.Remove(input.Event.Incarnation);
            }

            return true;
        }

        return TryTakeNew(out input);
    }

    /// <summary>Takes past what was deferred.</summary>
    internal bool TryTakeNew(out RunInput input) => inputs.Reader.TryRead(out input);

    /// <summary>Keeps an input for later.</summary>
    internal void Defer(RunInput input)
    {
        if (!deferredOf.TryGetValue(input.Event.Incarnation, out var said))
        {
            deferredOf.Add(input.Event.Incarnation, said = []);
        }

        if (input.Event.Kind == RoundEventKind.Left && IsUnknownYet(said))
        {
            said.ForEach(deferred.Remove);
            deferredOf.Remove(input.Event.Incarnation);
        }
        else if (!said.Exists(node => node.Value.Kind == input.Kind && node.Value.Event.Kind == input.Event.Kind))
        {
            said.Add(deferred.AddLast(input));
        }
    }

    /// <summary>Takes nothing more; what is there can still be taken. From any thread.</summary>
    internal void Complete() => inputs.Writer.TryComplete();

    /// <summary>Ends it: who waits for an answer to what is left gets none.</summary>
    internal void Close()
    {
        Complete();
        while (TryTake(out var input))
        {
            input.Reply?.SetCanceled(CancellationToken.None);
        }
    }

    private async ValueTask PostSlowly(RunInput input)
    {
        while (await inputs.Writer.WaitToWriteAsync().ConfigureAwait(false))
        {
            if (TryPost(input))
            {
                return;
            }
        }

        input.Reply?.SetCanceled(CancellationToken.None);
    }

    // Whether the stream had only just come: when it leaves, nobody need ever know of it, unless it said that its device leaves for good.
    private static bool IsUnknownYet(List<LinkedListNode<RunInput>> said) =>
        said.Exists(node => node.Value.Kind == RunInputKind.Joined) && !said.Exists(node => node.Value.Event.Kind == RoundEventKind.Withdrew);
}
