using Dcc.Links;

namespace Dcc.Cli.Emulation;

/// <summary>What faults act on: processes and sockets, or a simulation of them. Each call sets a state or does something once.</summary>
internal interface IFaultTarget
{
    /// <summary>Sets which directions of a device's link stall.</summary>
    void Partition(int device, bool up, bool down);

    /// <summary>Sets what a device's link is.</summary>
    void Change(int device, LinkSettings settings);

    /// <summary>Sets whether new connections of a device are refused.</summary>
    void Refuse(int device, bool refuse);

    /// <summary>Resets the open connections of a device.</summary>
    void Reset(int device);

    /// <summary>Resets the open connection of a device after so many more bytes in a direction.</summary>
    void Limit(int device, LinkDirection direction, int bytes);

    /// <summary>Closes the open connections of a device, towards the device only after a while.</summary>
    void SlowClose(int device, TimeSpan time);

    /// <summary>Kills the agents of these devices, to be started again after a while.</summary>
    void KillAgents(IReadOnlyList<int> devices, TimeSpan restartAfter);

    /// <summary>Sets whether the agents of these devices are stopped where they are.</summary>
    void PauseAgents(IReadOnlyList<int> devices, bool pause);

    /// <summary>Ends the coordinator, to be started again after a while.</summary>
    void EndCoordinator(bool kill, TimeSpan restartAfter);

    /// <summary>Sets whether the coordinator is stopped where it is.</summary>
    void PauseCoordinator(bool pause);
}

/// <summary>The processes and links of an emulation.</summary>
internal sealed class EmulatedFaultTarget(EmulatedNetwork network, EmulatedProcesses processes) : IFaultTarget
{
    public void Partition(int device, bool up, bool down) => network.Links[device].Partition(up, down);

    public void Change(int device, LinkSettings settings) => network.Links[device].Change(settings);

    public void Refuse(int device, bool refuse) => network.Links[device].Refuse(refuse);

    public void Reset(int device) => network.Links[device].Reset();

    public void Limit(int device, LinkDirection direction, int bytes) => network.Links[device].LimitBytes(direction, bytes);

    public void SlowClose(int device, TimeSpan time) => network.Links[device].SlowClose(time);

    public void KillAgents(IReadOnlyList<int> devices, TimeSpan restartAfter) => Agents(devices).ForEach(agent => agent.Kill(restartAfter));

    public void PauseAgents(IReadOnlyList<int> devices, bool pause) => Agents(devices).ForEach(agent => Pause(agent, pause));

    public void EndCoordinator(bool kill, TimeSpan restartAfter)
    {
        if (kill)
        {
            processes.Coordinator.Kill(restartAfter);
        }
        else
        {
            processes.Coordinator.Terminate(restartAfter);
        }
    }

    public void PauseCoordinator(bool pause) => Pause(processes.Coordinator, pause);

    private List<ChildProcess> Agents(IReadOnlyList<int> devices) => [.. devices.Select(processes.AgentOf).Distinct()];

    private static void Pause(ChildProcess child, bool pause)
    {
        if (pause)
        {
            child.Pause();
        }
        else
        {
            child.Resume();
        }
    }
}
