using System.Diagnostics;
using Dcc.Protocol;

namespace Dcc.Coordinator.Telemetry;

/// <summary>
/// The spans of one run's rounds: <c>round</c>, in it <c>push</c> per device (from the first push sent to the report accepted) and <c>commit</c> (until
/// the record was durable). The run's loop alone calls this.
/// <para>
/// A span is made when it is over. So there is one push span per device and round, however often the push was sent again on a new stream (the
/// tag dcc.pushes says), no span that never ends, and what a process did not see whole (a round in which the coordinator was killed) is shown from
/// the new process's start. While nobody listens, nothing is noted.
/// </para>
/// </summary>
internal sealed class RoundTracing(string run, int devices, TimeProvider time)
{
    internal const string SourceName = "Dcc.Coordinator";

    private static readonly ActivitySource Source = new(SourceName);

    private readonly long[] firstPush = new long[devices];
    private readonly int[] pushes = new int[devices];

    // Which round of each device those are of: devices may be in different ones.
    private readonly int[] rounds = new int[devices];
    private long openedAt = time.GetTimestamp();

    /// <summary>A push was sent.</summary>
    internal void Pushed(int device, int round)
    {
        if (!Source.HasListeners())
        {
            return;
        }

        if (pushes[device] == 0 || rounds[device] != round)
        {
            (firstPush[device], rounds[device], pushes[device]) = (time.GetTimestamp(), round, 0);
        }

        pushes[device]++;
    }

    /// <summary>A report was accepted.</summary>
    internal void Accepted(int round, int device)
    {
        if (pushes[device] == 0 || rounds[device] != round)
        {
            return;
        }

        var push = RoundTraceIds.OfPush(run, round, device);
        using var span = Start("push", ActivityKind.Client, RoundTraceIds.OfRound(run, round), firstPush[device], time.GetTimestamp());
        if (span is not null)
        {
            DerivedSpanId.Give(span, push.SpanId);
            span.SetTag("dcc.run", run).SetTag("dcc.round", round).SetTag("dcc.device", device).SetTag("dcc.pushes", pushes[device]);
        }
    }

    /// <summary>The open round was committed, and the next one opened.</summary>
    internal void Committed(int round, long commitStarted, long commitEnded)
    {
        if (Source.HasListeners())
        {
            using var span = Start("commit", ActivityKind.Internal, RoundTraceIds.OfRound(run, round), commitStarted, commitEnded);
            span?.SetTag("dcc.run", run).SetTag("dcc.round", round);
        }

        EndRound(round, null);
    }

    /// <summary>The run was cancelled in the open round.</summary>
    internal void Cancelled(int round) => EndRound(round, "cancelled by an operator");

    private void EndRound(int round, string? fault)
    {
        var now = time.GetTimestamp();
        if (Source.HasListeners())
        {
            var ids = RoundTraceIds.OfRound(run, round);
            using var span = Start("round", ActivityKind.Internal, new ActivityContext(ids.TraceId, default, ids.TraceFlags), openedAt, now);
            if (span is not null)
            {
                DerivedSpanId.Give(span, ids.SpanId);
                span.SetTag("dcc.run", run).SetTag("dcc.round", round).SetTag("dcc.devices", devices);
                if (fault is not null)
                {
                    span.SetStatus(ActivityStatusCode.Error, fault);
                }
            }
        }

        openedAt = now;
    }

    // A span that is over: it is stopped, and so handed on, when it is disposed of.
    private Activity? Start(string name, ActivityKind kind, ActivityContext parent, long from, long to)
    {
        var (now, timestamp) = (time.GetUtcNow(), time.GetTimestamp());
        return Source.StartActivity(name, kind, parent, startTime: now - time.GetElapsedTime(from, timestamp))
            ?.SetEndTime((now - time.GetElapsedTime(to, timestamp)).UtcDateTime);
    }
}
