using System.Globalization;
using Dcc.Core.Validation;

namespace Dcc.Cli.Scenarios;

/// <summary>Where a message of a round is on its way between coordinator and device.</summary>
internal enum ProtocolPoint
{
    /// <summary>The push left the coordinator and has not arrived.</summary>
    PushSent,

    /// <summary>The push arrived at the device.</summary>
    PushArrived,

    /// <summary>The report left the device and has not arrived.</summary>
    ReportSent,

    /// <summary>The report arrived at the coordinator.</summary>
    ReportArrived,
}

/// <summary>When a fault happens. Each trigger fires once: what is sent again does not fire it again.</summary>
internal abstract record FaultTrigger;

/// <summary>At a time after the coordinator took the run.</summary>
internal sealed record AtTime(TimeSpan Time) : FaultTrigger
{
    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"at {Time.TotalSeconds} s");
}

/// <summary>When a round is opened: when its first push, to whichever device, leaves the coordinator. Rounds count from 0; round R is the last evaluation.</summary>
internal sealed record AtRound(int Round) : FaultTrigger
{
    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"at round {Round}");
}

/// <summary>When a message of one device and round is at a point of its way.</summary>
internal sealed record AtPoint(ProtocolPoint Point, int Device, int Round) : FaultTrigger
{
    /// <inheritdoc/>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"at {KebabCase.Name(Point)} of device {Device}, round {Round}");
}
