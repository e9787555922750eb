using Dcc.Hosting.Telemetry;
using Microsoft.Extensions.Logging;

namespace Dcc.Agent;

/// <summary>Every log line of an agent. A line about a round begins with the id of the round's trace.</summary>
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "Device {Device}: joined run {Run} holding round {Held}")]
    internal static partial void Joined(ILogger logger, int device, string run, int held);

    [LoggerMessage(2, LogLevel.Warning, "Device {Device}: {Coordinator} cannot be reached ({Reason}); attempt {Attempt} in {Delay:F1} s")]
    internal static partial void Retrying(ILogger logger, int device, string coordinator, string reason, int attempt, double delay);

    [LoggerMessage(3, LogLevel.Warning, "Device {Device}: stream lost ({Reason})")]
    internal static partial void Lost(ILogger logger, int device, string reason);

    [LoggerMessage(4, LogLevel.Information, "[{TraceId}] Device {Device}: learned round {Round}")]
    internal static partial void Learned(ILogger logger, LoggedTrace traceId, int device, int round);

    [LoggerMessage(5, LogLevel.Information, "Device {Device}: the run has ended, final theta {Theta}")]
    internal static partial void Ended(ILogger logger, int device, double theta);

    [LoggerMessage(6, LogLevel.Error, "Device {Device}: refused for good ({Reason})")]
    internal static partial void Refused(ILogger logger, int device, string reason);

    [LoggerMessage(7, LogLevel.Warning, "Device {Device}: refused ({Reason}); its files have changed and are tried")]
    internal static partial void Renewed(ILogger logger, int device, string reason);
}
