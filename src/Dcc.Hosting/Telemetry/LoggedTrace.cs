using System.Diagnostics;
using OpenTelemetry;
using OpenTelemetry.Logs;

namespace Dcc.Hosting.Telemetry;

/// <summary>What a log line belongs to: reads as the trace's id in text and JSON, and puts an exported record into the trace.</summary>
/// <param name="Span">The span that the line is about, whether or not it is recorded.</param>
public readonly record struct LoggedTrace(ActivityContext Span)
{
    /// <summary>32 hexadecimal digits.</summary>
    public override string ToString() => Span.TraceId.ToHexString();
}

/// <summary>Puts exported log records into the trace that their line names. The exporter leaves out a trace without a span.</summary>
internal sealed class TraceOnLogs : BaseProcessor<LogRecord>
{
    public override void OnEnd(LogRecord data)
    {
        foreach (var (_, value) in data.Attributes ?? [])
        {
            if (value is LoggedTrace { Span: var span })
            {
                (data.TraceId, data.SpanId, data.TraceFlags) = (span.TraceId, span.SpanId, span.TraceFlags);
            }
        }
    }
}
