using Dcc.Hosting.Telemetry;

namespace Dcc.Coordinator;

/// <summary>Every log line of the coordinator. A line about a round begins with the id of the round's trace.</summary>
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "Listening on {Address}, store {Store}")]
    internal static partial void Listening(ILogger logger, string address, string store);

    [LoggerMessage(2, LogLevel.Information, "Run {Run}: created with {Devices} devices and {Rounds} rounds")]
    internal static partial void RunCreated(ILogger logger, string run, int devices, int rounds);

    [LoggerMessage(3, LogLevel.Information, "Run {Run}: resumed at round {Round} of {Rounds}")]
    internal static partial void RunResumed(ILogger logger, string run, int round, int rounds);

    [LoggerMessage(4, LogLevel.Information, "Run {Run}: device {Device} joined holding round {Held} (stream {Incarnation})")]
    internal static partial void Joined(ILogger logger, string run, int device, int held, long incarnation);

    [LoggerMessage(5, LogLevel.Information, "Run {Run}: device {Device} left (stream {Incarnation})")]
    internal static partial void Left(ILogger logger, string run, int device, long incarnation);

    [LoggerMessage(6, LogLevel.Information, "[{TraceId}] Run {Run}: round {Round} committed")]
    internal static partial void Committed(ILogger logger, LoggedTrace traceId, string run, int round);

    [LoggerMessage(7, LogLevel.Information, "Run {Run}: finished with digest {Digest}")]
    internal static partial void Finished(ILogger logger, string run, string digest);

    [LoggerMessage(8, LogLevel.Warning, "Stream of {Peer} refused: {Reason}")]
    internal static partial void Refused(ILogger logger, string peer, string reason);

    [LoggerMessage(9, LogLevel.Critical, "Run {Run}: stopped")]
    internal static partial void RunFailed(ILogger logger, string run, Exception exception);

    [LoggerMessage(10, LogLevel.Information, "[{TraceId}] Run {Run}: cancelled in round {Round}")]
    internal static partial void Cancelled(ILogger logger, LoggedTrace traceId, string run, int round);

    [LoggerMessage(20, LogLevel.Error, "Run {Run}: stalled until its journal can be written: {Reason}")]
    internal static partial void Stalled(ILogger logger, string run, string reason);

    [LoggerMessage(21, LogLevel.Information, "Run {Run}: goes on after {Seconds:F1} s, the journal can be written again")]
    internal static partial void Resumed(ILogger logger, string run, double seconds);

    [LoggerMessage(22, LogLevel.Warning, "INSECURE: {Address} is open without TLS beyond loopback: whoever reaches it can read, join and operate every run")]
    internal static partial void Insecure(ILogger logger, string address);

    [LoggerMessage(23, LogLevel.Warning, "Anybody who reaches {Address} can join a run: neither certificates nor tokens are asked of devices")]
    internal static partial void OpenToDevices(ILogger logger, string address);

    [LoggerMessage(24, LogLevel.Error, "A changed file cannot be used, what it held before stays in force: {Reason}")]
    internal static partial void FilesKept(ILogger logger, string reason);
}
