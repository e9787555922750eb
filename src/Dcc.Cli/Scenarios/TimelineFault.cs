using System.Globalization;
using Dcc.Core.Validation;
using Dcc.Links;

namespace Dcc.Cli.Scenarios;

/// <summary>One fault of a timeline.</summary>
/// <param name="Trigger">When.</param>
/// <param name="Action">What.</param>
/// <param name="Line">The line of the scenario file that asks for it.</param>
/// <param name="Path">Where in the file: <c>timeline[2]</c>, or <c>chaos</c>.</param>
internal sealed record TimelineFault(FaultTrigger Trigger, FaultAction Action, int Line, string Path)
{
    /// <summary>The round it is placed at; null where it has a time.</summary>
    internal int? Round => Trigger switch
    {
        AtRound at => at.Round,
        AtPoint at => at.Round,
        _ => null,
    };

    /// <summary>The fault in words, the same for the same scenario, devices, rounds and seed: what a fault log says of it.</summary>
    public override string ToString() => $"{Describe(Action)} {Trigger}";

    private static string Describe(FaultAction action) => action switch
    {
        Partition partition => $"partition{Way(partition.Direction)} of {List(partition)} {partition.End}",
        ResetConnections reset => $"reset of {List(reset)}",
        ChangeLink change => $"link change of {List(change)}{(change.End is { } end ? $" {end}" : "")}",
        RefuseConnections refuse => $"connections of {List(refuse)} refused for {Seconds(refuse.For)}",
        LimitBytes limit => string.Create(
            CultureInfo.InvariantCulture, $"limit of {limit.Bytes} B{Way(limit.Direction)} for {List(limit)}"),
        SlowClose close => $"slow close of {List(close)} over {Seconds(close.For)}",
        KillAgents kill => $"agent kill of {List(kill)}, restart after {Seconds(kill.RestartAfter)}",
        PauseAgents pause => $"agent pause of {List(pause)} for {Seconds(pause.For)}",
        KillCoordinator kill => $"coordinator kill, restart after {Seconds(kill.RestartAfter)}",
        TerminateCoordinator terminate => $"coordinator terminate, restart after {Seconds(terminate.RestartAfter)}",
        PauseCoordinator pause => $"coordinator pause for {Seconds(pause.For)}",
        _ => throw new ArgumentOutOfRangeException(nameof(action), action, "no such action"),
    };

    private static string Way(LinkDirection? direction) => direction is { } way ? $" {KebabCase.Name(way)}" : "";

    private static string List(DeviceAction action) =>
        (action.Devices.Count == 1 ? "device " : "devices ") + string.Join(',', action.Devices.Select(device => device.ToString(CultureInfo.InvariantCulture)));

    private static string Seconds(TimeSpan time) => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds} s");
}
