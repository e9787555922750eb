namespace Dcc.Links.Model;

/// <summary>
/// The slowest hop of one direction: segments leave it one after the other, at the bandwidth (a token bucket one segment deep, so an idle link
/// still takes bytes / bandwidth to serialise a segment) or at the opportunities of a trace. Remembers what has not left yet, for back-pressure.
/// </summary>
internal sealed class Bottleneck
{
    // IPv4 and TCP headers with the timestamp option: a trace counts whole packets, so that a full segment of 1448 is one opportunity of 1500.
    private const int HeaderBytes = 52;

    private readonly Queue<(TimeSpan Departure, int Bytes)> waiting = new();
    private int waitingBytes;

    // In ticks of 100 ns, with a fraction: rounding each segment of a fast link would add up.
    private double freeAt;
    private long opportunity = -1;
    private int opportunityLeft;

    /// <summary>Forgets the position in a trace; what is waiting keeps its departure.</summary>
    internal void Retrace() => (opportunity, opportunityLeft) = (-1, 0);

    /// <summary>Takes a segment on.</summary>
    /// <returns>When its last byte has left, at least <paramref name="now"/>.</returns>
    internal TimeSpan Take(TimeSpan now, int bytes, DirectionSettings settings)
    {
        TimeSpan departure;
        if (settings.Trace is { } trace)
        {
            departure = TakeOpportunities(now, bytes + HeaderBytes, trace);
        }
        else if (settings.BandwidthBytesPerSecond is { } bandwidth)
        {
            freeAt = Math.Max(freeAt, now.Ticks) + (bytes / bandwidth * TimeSpan.TicksPerSecond);
            departure = TimeSpan.FromTicks((long)Math.Ceiling(freeAt));
        }
        else
        {
            return now;
        }

        waiting.Enqueue((departure, bytes));
        waitingBytes += bytes;
        return departure;
    }

    /// <summary>Bytes that have not left yet.</summary>
    internal int QueuedBytes(TimeSpan now)
    {
        while (waiting.TryPeek(out var first) && first.Departure <= now)
        {
            waiting.Dequeue();
            waitingBytes -= first.Bytes;
        }

        return waitingBytes;
    }

    /// <summary>When no more than so many bytes wait, if nothing else is taken on.</summary>
    internal TimeSpan DrainsTo(TimeSpan now, int bytes)
    {
        var left = QueuedBytes(now);
        foreach (var segment in waiting)
        {
            if (left <= bytes)
            {
                break;
            }

            left -= segment.Bytes;
            now = segment.Departure;
        }

        return now;
    }

    // As Mahimahi does: small packets that wait share an opportunity, a packet may span two, and what nobody uses is lost.
    private TimeSpan TakeOpportunities(TimeSpan now, int bytes, PacketTrace trace)
    {
        if (opportunityLeft == 0 || trace.OpportunityAt(opportunity) < now)
        {
            opportunity = Math.Max(opportunity + 1, trace.FirstOpportunity(now));
            opportunityLeft = PacketTrace.PacketBytes;
        }

        while (bytes > opportunityLeft)
        {
            bytes -= opportunityLeft;
            opportunity++;
            opportunityLeft = PacketTrace.PacketBytes;
        }

        opportunityLeft -= bytes;
        return trace.OpportunityAt(opportunity);
    }
}
