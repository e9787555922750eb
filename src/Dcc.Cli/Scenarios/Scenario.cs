using Dcc.Links;

namespace Dcc.Cli.Scenarios;

/// <summary>A scenario for a run of known size: what an executor needs.</summary>
/// <param name="Name">As the file says; default where none was asked for.</param>
/// <param name="Links">The link of each device.</param>
/// <param name="Classes">The class of each device.</param>
/// <param name="Timeline">Every fault to inject, chaos included; the same for the same file, devices, rounds and seed.</param>
/// <param name="DevicesPerProcess">Devices that one agent process hosts, null where the scenario leaves it open.</param>
internal sealed record Scenario(
    string Name, IReadOnlyList<LinkSettings> Links, IReadOnlyList<DeviceClass> Classes, IReadOnlyList<TimelineFault> Timeline, int? DevicesPerProcess)
{
    /// <summary>An agent's command line names the address of each of its devices' links; one argument may have 128 KiB.</summary>
    internal const int MostDevicesPerProcess = 4000;

    /// <summary>Whether any device has a class that limits it.</summary>
    internal bool NamesClasses => Classes.Any(one => one.Board is not null);

    /// <summary>The link of a device.</summary>
    internal LinkSettings LinkOf(int device) => Links[device];
}
