using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using Dcc.Cli.Scenarios;

namespace Dcc.Cli.Emulation;

/// <summary>
/// The device classes of an emulation, enforced by cgroups of version 1 or 2: one for the emulation, in it one for each agent process whose class
/// has a board, with that board's processor share and memory. They are gone at the end; where this process was killed, at the next emulation. Where
/// they cannot be made, none is, and <see cref="Fault"/> says why: agents then run without limits.
/// <code>
///   version 1   ROOT/cpu/dcc-emulate-PID-X/agent-0, ROOT/memory/dcc-emulate-PID-X/agent-0
///   version 2   ROOT/dcc-emulate-PID-X/agent-0
/// </code>
/// They stand at the top, not below this process's own cgroup: version 2 allows no limits beside processes.
/// </summary>
internal sealed class AgentCgroups : IDisposable
{
    /// <summary>Where Linux mounts them.</summary>
    internal const string Root = "/sys/fs/cgroup";

    // The kernel's 100 ms would let an agent learn for its share of them at full speed and then stand still, or be done before it is slowed at all.
    private const int PeriodMicroseconds = 10_000;

    private const string Prefix = "dcc-emulate-";
    private const string BothControllers = "+cpu +memory";

    // By agent, null where its class has no limits.
    private readonly AgentCgroup?[] agents;

    // In the order in which they were made.
    private readonly List<string> folders = [];

    /// <summary>Makes the cgroups.</summary>
    /// <param name="root">Where they are mounted.</param>
    /// <param name="classes">By device.</param>
    /// <param name="devicesPerProcess">Devices of each agent process, all of one class; the last may have fewer.</param>
    internal AgentCgroups(string root, IReadOnlyList<DeviceClass> classes, int devicesPerProcess)
    {
        agents = new AgentCgroup?[(classes.Count + devicesPerProcess - 1) / devicesPerProcess];
        Classes = classes;
        if (classes.All(one => one.Board is null))
        {
            return;
        }

        try
        {
            Make(root, devicesPerProcess);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Dispose();
            Array.Clear(agents);
            Fault = exception.Message;
        }
    }

    /// <summary>By device.</summary>
    internal IReadOnlyList<DeviceClass> Classes { get; }

    /// <summary>Why classes are not enforced; null where they are, or no device has one with limits.</summary>
    internal string? Fault { get; }

    /// <summary>The cgroup of an agent process; null for none.</summary>
    internal AgentCgroup? Of(int agent) => agents[agent];

    public void Dispose()
    {
        foreach (var folder in folders.AsEnumerable().Reverse())
        {
            Remove(folder);
        }

        folders.Clear();
    }

    private void Make(string root, int devicesPerProcess)
    {
        // A folder that is not mounted would take the files as well, and limit nothing.
        var unified = File.Exists(Path.Combine(root, "cgroup.controllers"));
        string[] hierarchies = unified ? [root] : [Path.Combine(root, "cpu"), Path.Combine(root, "memory")];
        if (hierarchies.FirstOrDefault(hierarchy => !File.Exists(Path.Combine(hierarchy, "cgroup.procs"))) is { } missing)
        {
            throw new IOException($"no cgroups are mounted at {missing}");
        }

        Sweep(hierarchies);
        var name = string.Create(
            CultureInfo.InvariantCulture, $"{Prefix}{Environment.ProcessId}-{RandomNumberGenerator.GetHexString(8, lowercase: true)}");
        string[] parents = [.. hierarchies.Select(hierarchy => Path.Combine(hierarchy, name))];
        if (unified)
        {
            File.WriteAllText(Path.Combine(root, "cgroup.subtree_control"), BothControllers);
        }

        Array.ForEach(parents, Add);
        if (unified)
        {
            File.WriteAllText(Path.Combine(parents[0], "cgroup.subtree_control"), BothControllers);
        }

        for (var agent = 0; agent < agents.Length; agent++)
        {
            var first = agent * devicesPerProcess;
            if (Classes[first].Board is { } board)
            {
                string[] own = [.. parents.Select(parent => Path.Combine(parent, string.Create(CultureInfo.InvariantCulture, $"agent-{agent}")))];
                Array.ForEach(own, Add);
                Limit(own, unified, board, Math.Min(devicesPerProcess, Classes.Count - first));
                agents[agent] = new AgentCgroup(own, Path.Combine(own[^1], unified ? "memory.events" : "memory.oom_control"));
            }
        }
    }

    private static void Limit(string[] own, bool unified, Board board, int devices)
    {
        var quota = Math.Round(board.ProcessorShare(devices) * PeriodMicroseconds);
        if (unified)
        {
            Write(own[0], "cpu.max", $"{quota} {PeriodMicroseconds}");
            Write(own[0], "memory.max", $"{board.MemoryBytes}");
            Write(own[0], "memory.swap.max", $"{0}");
        }
        else
        {
            Write(own[0], "cpu.cfs_period_us", $"{PeriodMicroseconds}");
            Write(own[0], "cpu.cfs_quota_us", $"{quota}");
            Write(own[1], "memory.limit_in_bytes", $"{board.MemoryBytes}");

            // Memory and swap together; missing where the kernel does not count swap.
            if (File.Exists(Path.Combine(own[1], "memory.memsw.limit_in_bytes")))
            {
                Write(own[1], "memory.memsw.limit_in_bytes", $"{board.MemoryBytes}");
            }
        }
    }

    private static void Write(string folder, string file, FormattableString text) =>
        File.WriteAllText(Path.Combine(folder, file), FormattableString.Invariant(text));

    private void Add(string folder)
    {
        Directory.CreateDirectory(folder);
        folders.Add(folder);
    }

    // What killed emulations left. Where one's process lives it is left alone, and the kernel removes none in which agents still run.
    private static void Sweep(string[] hierarchies)
    {
        foreach (var folder in hierarchies.SelectMany(hierarchy => Directory.GetDirectories(hierarchy, Prefix + "*")))
        {
            var owner = Path.GetFileName(folder)[Prefix.Length..].Split('-')[0];
            if (owner == Environment.ProcessId.ToString(CultureInfo.InvariantCulture) || !Directory.Exists($"/proc/{owner}"))
            {
                Array.ForEach(Directory.GetDirectories(folder), Remove);
                Remove(folder);
            }
        }
    }

    private static void Remove(string folder)
    {
        try
        {
            Directory.Delete(folder);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Something still runs in it, or another emulation has removed it: the next one looks again.
        }
    }
}

/// <summary>The cgroup of one agent process, and of those that are started in its place.</summary>
/// <param name="folders">One per hierarchy.</param>
/// <param name="memoryEvents">The file that counts what the kernel killed for want of memory.</param>
internal sealed class AgentCgroup(IReadOnlyList<string> folders, string memoryEvents)
{
    // The shell moves itself in before it becomes the program, whose start is then limited too; its process stays the same.
    private const string Enter = """until [ "$1" = -- ]; do echo $$ > "$1/cgroup.procs" || exit 126; shift; done; shift; exec "$@" """;

    /// <summary>Processes in it that the kernel has killed for want of memory.</summary>
    internal int KilledForMemory => File.ReadLines(memoryEvents)
        .Where(line => line.StartsWith("oom_kill ", StringComparison.Ordinal))
        .Select(line => int.Parse(line["oom_kill ".Length..], CultureInfo.InvariantCulture)).FirstOrDefault();

    /// <summary>Changes how a program is started: in this cgroup from its first instruction.</summary>
    internal void Take(ProcessStartInfo start)
    {
        string[] arguments = ["-c", Enter, "sh", .. folders, "--", start.FileName, .. start.ArgumentList];
        start.FileName = "/bin/sh";
        start.ArgumentList.Clear();
        arguments.ToList().ForEach(start.ArgumentList.Add);
    }
}
