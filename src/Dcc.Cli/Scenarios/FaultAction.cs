using System.Globalization;
using Dcc.Links;

namespace Dcc.Cli.Scenarios;

/// <summary>What a fault does. Link and agent actions name their devices; every action that takes something away gives it back in bounded time.</summary>
internal abstract record FaultAction;

/// <summary>An action on devices' links or agents.</summary>
/// <param name="Devices">Indices, ascending, at least one.</param>
internal abstract record DeviceAction(IReadOnlyList<int> Devices) : FaultAction;

/// <summary>When an action is undone.</summary>
/// <param name="For">At the latest this long after it began.</param>
/// <param name="UntilRound">Earlier if this round is opened before; null for no such end.</param>
internal sealed record FaultEnd(TimeSpan For, int? UntilRound)
{
    /// <inheritdoc/>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"for {For.TotalSeconds} s{(UntilRound is { } round ? $" or until round {round}" : "")}");
}

/// <summary>Bytes wait on the link, connections stay open. A stall is a partition of both directions.</summary>
/// <param name="Devices">Whose links.</param>
/// <param name="Direction">The direction that stalls, null for both.</param>
/// <param name="End">When bytes flow again.</param>
internal sealed record Partition(IReadOnlyList<int> Devices, LinkDirection? Direction, FaultEnd End) : DeviceAction(Devices);

/// <summary>Open connections are reset (RST) on both sides; new ones are taken.</summary>
internal sealed record ResetConnections(IReadOnlyList<int> Devices) : DeviceAction(Devices);

/// <summary>The link becomes another one.</summary>
/// <param name="Devices">Whose links.</param>
/// <param name="Change">Laid over the link that is there.</param>
/// <param name="End">When the link is again what it was before; null for never.</param>
internal sealed record ChangeLink(IReadOnlyList<int> Devices, LinkChange Change, FaultEnd? End) : DeviceAction(Devices);

/// <summary>New connections are refused; open ones are left alone.</summary>
internal sealed record RefuseConnections(IReadOnlyList<int> Devices, TimeSpan For) : DeviceAction(Devices);

/// <summary>The open connection is reset once this many more bytes went through in a direction; the next connection is unlimited.</summary>
internal sealed record LimitBytes(IReadOnlyList<int> Devices, LinkDirection Direction, int Bytes) : DeviceAction(Devices);

/// <summary>Open connections are closed (FIN) towards the coordinator at once, and towards the device only after a while.</summary>
internal sealed record SlowClose(IReadOnlyList<int> Devices, TimeSpan For) : DeviceAction(Devices);

/// <summary>The agent processes of the devices end by SIGKILL and are started again.</summary>
internal sealed record KillAgents(IReadOnlyList<int> Devices, TimeSpan RestartAfter) : DeviceAction(Devices);

/// <summary>The agent processes of the devices are stopped (SIGSTOP) and go on (SIGCONT).</summary>
internal sealed record PauseAgents(IReadOnlyList<int> Devices, TimeSpan For) : DeviceAction(Devices);

/// <summary>The coordinator ends by SIGKILL and is started again.</summary>
internal sealed record KillCoordinator(TimeSpan RestartAfter) : FaultAction;

/// <summary>The coordinator is asked to end (SIGTERM), and is started again once it has and this time has passed.</summary>
internal sealed record TerminateCoordinator(TimeSpan RestartAfter) : FaultAction;

/// <summary>The coordinator is stopped (SIGSTOP) and goes on (SIGCONT).</summary>
internal sealed record PauseCoordinator(TimeSpan For) : FaultAction;
