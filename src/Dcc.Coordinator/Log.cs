using System.Globalization;
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

    /// <summary>Of a reason that may quote the peer: what it says must not write lines, or to a terminal, on its own.</summary>
    internal static void Refused(ILogger logger, string peer, string reason) => RefusedFor(logger, peer, Printable(reason));

    [LoggerMessage(9, LogLevel.Critical, "Run {Run}: stopped")]
    internal static partial void RunFailed(ILogger logger, string run, Exception exception);

    [LoggerMessage(10, LogLevel.Information, "[{TraceId}] Run {Run}: cancelled in round {Round}")]
    internal static partial void Cancelled(ILogger logger, LoggedTrace traceId, string run, int round);

    [LoggerMessage(20, LogLevel.Error, "Run {Run}: stalled until its journal can be written: {Reason}")]
    internal static partial void Stalled(ILogger logger, string run, string reason);

    [LoggerMessage(21, LogLevel.Information, "Run {Run}: goes on after {Seconds:F1} s, the journal can be written again")]
    internal static partial void Resumed(ILogger logger, string run, double seconds);

    [LoggerMessage(22, LogLevel.Warning, "INSECURE: {Address} is open without TLS beyond loopback: whoever is on the way can read every run and every token")]
    internal static partial void Insecure(ILogger logger, string address);

    [LoggerMessage(23, LogLevel.Warning, "Anybody who reaches {Address} can join a run: neither certificates nor tokens are asked of devices")]
    internal static partial void OpenToDevices(ILogger logger, string address);

    [LoggerMessage(24, LogLevel.Error, "A changed file cannot be used, what it held before stays in force: {Reason}")]
    internal static partial void FilesKept(ILogger logger, string reason);

    [LoggerMessage(25, LogLevel.Warning, "INSECURE: anybody who reaches {Address} can operate every run: neither certificates nor a token are asked of operators")]
    internal static partial void OpenToOperators(ILogger logger, string address);

    [LoggerMessage(
        26, LogLevel.Warning,
        "INSECURE: whoever reaches {Address} from this machine, as everybody does behind a proxy on it, can operate every run: neither certificates (client-ca) nor a token (operator-token-file) are asked of operators")]
    internal static partial void OpenToLocalOperators(ILogger logger, string address);

    [LoggerMessage(27, LogLevel.Warning, "INSECURE: whoever reaches {Address} can read every run: its pages ask nobody for anything")]
    internal static partial void OpenToReaders(ILogger logger, string address);

    [LoggerMessage(28, LogLevel.Warning, "INSECURE: what connections to {Address} carry inside of TLS, tokens too, is shown at {Socket}")]
    internal static partial void Tapped(ILogger logger, string address, string socket);

    [LoggerMessage(29, LogLevel.Information, "Standing by until no other coordinator leads")]
    internal static partial void StandsBy(ILogger logger);

    [LoggerMessage(30, LogLevel.Information, "Leading, in term {Term}")]
    internal static partial void Leads(ILogger logger, long term);

    [LoggerMessage(31, LogLevel.Error, "The lease of term {Term} is lost: another coordinator leads, or the database did not answer in time. Ending; started again, this one stands by")]
    internal static partial void LeaseLost(ILogger logger, long term);

    [LoggerMessage(33, LogLevel.Error, "Ending: {Reason}")]
    internal static partial void Deposed(ILogger logger, string reason);

    [LoggerMessage(32, LogLevel.Warning, "Cannot ask for the lease, trying on: {Reason}")]
    internal static partial void LeaseUnavailable(ILogger logger, string reason);

    [LoggerMessage(8, LogLevel.Warning, "Stream of {Peer} refused: {Reason}", EventName = nameof(Refused))]
    private static partial void RefusedFor(ILogger logger, string peer, string reason);

    // Formats too: they turn a line's direction, or hide a part of it.
    private static string Printable(string text) => text.Any(IsUnprintable)
        ? string.Concat(text.Select(character => IsUnprintable(character) ? $"\\u{(int)character:X4}" : character.ToString()))
        : text;

    private static bool IsUnprintable(char character) => char.GetUnicodeCategory(character)
        is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;
}
