using System.Text.Json.Nodes;
using Dcc.Links;
using Dcc.Links.Proxy;

namespace Dcc.Cli.Control;

/// <summary>The faults in force on one link, and when they end by themselves. The latest of a kind replaces the one before.</summary>
internal sealed class LinkFaults : IDisposable
{
    private readonly Lock gate = new();
    private readonly LinkProxy proxy;
    private readonly LastingFault partition;
    private readonly LastingFault refusal;
    private readonly long?[] limits = new long?[2];
    private bool up;
    private bool down;

    internal LinkFaults(LinkProxy proxy, TimeProvider clock)
    {
        this.proxy = proxy;
        partition = new LastingFault(clock, gate, proxy.Heal);
        refusal = new LastingFault(clock, gate, () => proxy.Refuse(false));
    }

    /// <summary>Stalls one direction or both, until healed or for a time.</summary>
    internal void Partition(bool stallUp, bool stallDown, TimeSpan? time)
    {
        lock (gate)
        {
            (up, down) = (stallUp, stallDown);
            proxy.Partition(up, down);
            partition.Begin(time);
        }
    }

    internal void Heal()
    {
        lock (gate)
        {
            partition.End();
        }
    }

    /// <summary>Refuses new connections, until told to accept them or for a time.</summary>
    internal void Refuse(TimeSpan? time)
    {
        lock (gate)
        {
            proxy.Refuse(true);
            refusal.Begin(time);
        }
    }

    internal void Accept()
    {
        lock (gate)
        {
            refusal.End();
        }
    }

    /// <summary>Resets a connection after so many bytes.</summary>
    internal void Limit(LinkDirection direction, int bytes)
    {
        lock (gate)
        {
            proxy.LimitBytes(direction, bytes);
            limits[(int)direction] = Delivered(direction) + bytes;
        }
    }

    /// <summary>What is in force now; null for what is not.</summary>
    internal JsonObject ToJson()
    {
        lock (gate)
        {
            return new JsonObject
            {
                ["partition"] = !partition.InForce ? null : new JsonObject
                {
                    ["direction"] = up && down ? "both" : up ? "up" : "down",
                    ["endsInMilliseconds"] = partition.Left?.TotalMilliseconds,
                },
                ["refuse"] = !refusal.InForce ? null : new JsonObject { ["endsInMilliseconds"] = refusal.Left?.TotalMilliseconds },
                ["limit"] = new JsonObject { ["up"] = Left(LinkDirection.Up), ["down"] = Left(LinkDirection.Down) },
            };
        }
    }

    public void Dispose()
    {
        lock (gate)
        {
            partition.Dispose();
            refusal.Dispose();
        }
    }

    private long? Left(LinkDirection direction) => limits[(int)direction] - Delivered(direction) is { } left && left > 0 ? left : null;

    private long Delivered(LinkDirection direction) => direction == LinkDirection.Up ? proxy.Counts.UpBytes : proxy.Counts.DownBytes;
}

/// <summary>A fault that holds until it is ended, or for a time. Its owner's lock guards it.</summary>
internal sealed class LastingFault(TimeProvider clock, Lock gate, Action end) : IDisposable
{
    private ITimer? timer;
    private DateTimeOffset? until;

    internal bool InForce { get; private set; }

    /// <summary>How long it still holds; null for until it is ended.</summary>
    internal TimeSpan? Left => until is { } time && time - clock.GetUtcNow() is var left ? (left > TimeSpan.Zero ? left : TimeSpan.Zero) : null;

    internal void Begin(TimeSpan? time)
    {
        Dispose();
        InForce = true;
        until = clock.GetUtcNow() + time;
        timer = time is { } due ? clock.CreateTimer(Expire, new object(), due, Timeout.InfiniteTimeSpan) : null;
    }

    internal void End()
    {
        Dispose();
        InForce = false;
        until = null;
        end();
    }

    /// <summary>It no longer ends by itself.</summary>
    public void Dispose()
    {
        timer?.Dispose();
        timer = null;
    }

    private void Expire(object? state)
    {
        lock (gate)
        {
            // A timer that was replaced while it waited here has nothing to end.
            if (timer is not null)
            {
                End();
            }
        }
    }
}
