using System.Diagnostics;
using OpenTelemetry;
using OpenTelemetry.Logs;

namespace Dcc.Hosting.Telemetry;

/// <summary>Puts exported log records into the trace that their TraceId names. Lines about a round name it, whether or not a span is open.</summary>
internal sealed class RoundTraceOnLogs : BaseProcessor<LogRecord>
{
    public override void OnEnd(LogRecord data)
    {
        foreach (var (name, value) in data.Attributes ?? [])
        {
            if (name == "TraceId" && value is ActivityTraceId trace)
            {
                (data.TraceId, data.TraceFlags) = (trace, ActivityTraceFlags.Recorded);
            }
        }
    }
}
