using System.Diagnostics;
using Dcc.Core.Engine;
using Dcc.Core.Learning;
using Dcc.Core.Validation;
using Dcc.Protocol;
using Dcc.Protocol.V1;
using Push = Dcc.Core.Learning.Push;

namespace Dcc.Agent.Telemetry;

/// <summary>How a device is connected.</summary>
internal enum LinkState
{
    Connecting,
    Connected,
    Ended,
}

/// <summary>What a device learned last at its theta and price.</summary>
/// <param name="Cost">J.</param>
/// <param name="Multiplier">lambda.</param>
/// <param name="Violation">f - theta.</param>
internal sealed record LearnedPoint(double Cost, double Multiplier, double Violation);

/// <summary>
/// What one device shows to observers. Its spans belong to the trace of the round that is learned, replayed or live: <c>learn</c> with one
/// <c>evaluate</c> per evaluation, and <c>report</c> while one is being sent. Both are children of the coordinator's <c>push</c>, whose ids are
/// derived, not received.
/// </summary>
internal sealed class DeviceTelemetry(AgentInstruments instruments, string run, int device, TimeProvider time)
{
    internal const string SourceName = "Dcc.Agent";

    private static readonly ActivitySource Source = new(SourceName);

    private volatile LinkState link = LinkState.Connecting;
    private volatile LearnedPoint? last;
    private Activity? evaluation;
    private long evaluationBegan;

    internal LinkState Link
    {
        get => link;
        set => link = value;
    }

    internal LearnedPoint? Last => last;

    /// <summary>What the solver tells; one evaluation at a time.</summary>
    internal EvaluationWatch Watch() => new(
        which =>
        {
            evaluation = Source.StartActivity("evaluate")?.SetTag("dcc.evaluation", KebabCase.Name(which));
            evaluationBegan = time.GetTimestamp();
        },
        (_, steps) =>
        {
            instruments.Evaluated(time.GetElapsedTime(evaluationBegan), steps);
            evaluation?.SetTag("dcc.steps", steps).Dispose();
        });

    /// <summary>Lets the session take a push.</summary>
    internal PushOutcome Handle(DeviceSession session, int round, Push push)
    {
        // Only the next round is learned: whatever else comes takes no time.
        using var learn = round == session.LastRoundHeld + 1 ? Start("learn", ActivityKind.Server, round) : null;
        var outcome = session.Handle(round, push);
        if (outcome == PushOutcome.Learned)
        {
            var point = session.LastPoint;
            last = new LearnedPoint(point.Cost, point.Multiplier, point.Frequency - push.Theta);
        }

        return outcome;
    }

    /// <summary>A message is about to be sent; null for one that is no report, or while nobody listens.</summary>
    internal Activity? StartSending(DeviceMessage message) =>
        message.Report is { } report ? Start("report", ActivityKind.Internal, (int)report.Round) : null;

    private Activity? Start(string name, ActivityKind kind, int round)
    {
        if (!Source.HasListeners())
        {
            return null;
        }

        var push = RoundTraceIds.OfPush(run, round, device);
        return Source.StartActivity(name, kind, new ActivityContext(push.TraceId, push.SpanId, push.TraceFlags, isRemote: true))
            ?.SetTag("dcc.run", run).SetTag("dcc.round", round).SetTag("dcc.device", device);
    }
}
