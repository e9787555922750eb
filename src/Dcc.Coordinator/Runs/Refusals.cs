using System.Globalization;
using Dcc.Core.Engine;
using Dcc.Core.Validation;
using Grpc.Core;

namespace Dcc.Coordinator.Runs;

/// <summary>Refusals before a stream belongs to a run, or for what never was a message of the protocol.</summary>
internal enum ProtocolFault
{
    UnknownRun,
    ProtocolVersion,
    NoHello,
    SecondHello,
    HelloTimeout,
    Garbage,
    Oversized,
    NoCertificate,
    UntrustedCertificate,
    ExpiredCertificate,
    RevokedCertificate,
    NoToken,
    InvalidToken,
    ExpiredToken,
    OtherDevice,
    NotOperator,
    HandshakeFailed,
    TooManyConnections,
    TooManyStreams,
    TooManyRuns,
    TooManyDevices,
    TooManyMessages,
}

/// <summary>Counts faults of the protocol; shared by all streams.</summary>
internal sealed class ProtocolFaults
{
    private readonly long[] counts = new long[Enum.GetValues<ProtocolFault>().Length];

    internal void Count(ProtocolFault fault) => Interlocked.Increment(ref counts[(int)fault]);

    internal long Read(ProtocolFault fault) => Interlocked.Read(ref counts[(int)fault]);

    /// <summary>Adds every count that is not zero under its name.</summary>
    internal void AddTo(IDictionary<string, ulong> refused)
    {
        foreach (var fault in Enum.GetValues<ProtocolFault>())
        {
            var count = Read(fault);
            if (count > 0)
            {
                refused[KebabCase.Name(fault)] = (ulong)count;
            }
        }
    }
}

/// <summary>The gRPC status of each refusal of the engine.</summary>
internal static class Refusals
{
    internal static Status ToStatus(in RoundEffect effect, RoundEngine engine) => effect.Refusal switch
    {
        Refusal.UnknownDevice => new Status(
            StatusCode.NotFound, $"device: expected an index from 0 to {engine.Parameters.Devices - 1}, got {effect.Device}"),
        Refusal.Replaced => new Status(
            StatusCode.Aborted, $"device: expected one process, got another that started later for device {effect.Device}, or a later stream"),
        Refusal.AheadOfRun => new Status(
            StatusCode.FailedPrecondition,
            $"rounds_held: expected at most {OpenRound(effect, engine) + 1}, got {effect.Round + 1L}; the device learned in another run, or the journal was lost"),
        Refusal.WrongRound => new Status(
            StatusCode.FailedPrecondition, $"round: expected {OpenRound(effect, engine)}, got {effect.Round}"),
        Refusal.NotFinite => new Status(StatusCode.InvalidArgument, "report: expected numbers of at most 1e60, got another"),
        Refusal.OlderProcess => new Status(
            StatusCode.Unavailable, $"device: expected the process of device {effect.Device} that started last, got one that started before it"),
        Refusal.Implausible => new Status(
            StatusCode.InvalidArgument,
            string.Create(CultureInfo.InvariantCulture, $"report: expected numbers of at most {engine.Parameters.ReportLimit:R}, got another")),
        Refusal.CannotLeave => new Status(
            StatusCode.FailedPrecondition, "leave: expected a run with a quorum, got one that waits for everybody"),
        Refusal.ConflictingReport => new Status(
            StatusCode.FailedPrecondition, $"report: expected the scalars already reported for round {effect.Round}, got others"),
        Refusal.RunCancelled => new Status(StatusCode.Aborted, "run: cancelled by an operator"),
        _ => throw new ArgumentOutOfRangeException(nameof(effect), effect.Refusal, "Not a refusal."),
    };

    private static int OpenRound(in RoundEffect effect, RoundEngine engine) => Math.Min(engine.RoundOf(effect.Device), engine.Parameters.Rounds);
}
