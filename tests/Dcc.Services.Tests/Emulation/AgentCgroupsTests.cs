using System.Diagnostics;
using Dcc.Cli.Emulation;
using Dcc.Cli.Scenarios;

namespace Dcc.Services.Tests.Emulation;

/// <summary>What is written where, in a folder that stands for the kernel's; and on real cgroups, where they are permitted, what the kernel does.</summary>
public sealed class AgentCgroupsTests : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("dcc-test-").FullName;

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Fact]
    public void Version2_TwoClasses_LimitsEachAgentByItsBoard()
    {
        Mount("cgroup.controllers", "cgroup.procs");
        var cgroups = new AgentCgroups(root, Classes("pi-zero-2", "unlimited", "pi-4"), devicesPerProcess: 1);
        Assert.Null(cgroups.Fault);
        var emulation = Assert.Single(Directory.GetDirectories(root, "dcc-emulate-*"));
        Assert.Equal("+cpu +memory", File.ReadAllText(Path.Combine(root, "cgroup.subtree_control")));
        Assert.Equal("+cpu +memory", File.ReadAllText(Path.Combine(emulation, "cgroup.subtree_control")));
        Assert.Equal(["agent-0", "agent-2"], Directory.GetDirectories(emulation).Select(Path.GetFileName).Order());

        // 838 and 1769 MIPS of 4448, of 10 ms; 512 MiB and 4 GiB.
        Assert.Equal(
            [("cpu.max", "1884 10000"), ("memory.max", "536870912"), ("memory.swap.max", "0")], Files(Path.Combine(emulation, "agent-0")));
        Assert.Equal(
            [("cpu.max", "3977 10000"), ("memory.max", "4294967296"), ("memory.swap.max", "0")], Files(Path.Combine(emulation, "agent-2")));
        Assert.Equal((true, false, true), (cgroups.Of(0) is not null, cgroups.Of(1) is not null, cgroups.Of(2) is not null));
    }

    [Fact]
    public void Version1_OneClass_LimitsInBothHierarchies()
    {
        Mount("cpu/cgroup.procs", "memory/cgroup.procs");
        Assert.Null(new AgentCgroups(root, Classes("pi-3"), devicesPerProcess: 1).Fault);
        var (cpu, memory) = (
            Assert.Single(Directory.GetDirectories(Path.Combine(root, "cpu"))), Assert.Single(Directory.GetDirectories(Path.Combine(root, "memory"))));
        Assert.Equal(Path.GetFileName(cpu), Path.GetFileName(memory));
        Assert.Equal([("cpu.cfs_period_us", "10000"), ("cpu.cfs_quota_us", "2196")], Files(Path.Combine(cpu, "agent-0")));
        Assert.Equal([("memory.limit_in_bytes", "1073741824")], Files(Path.Combine(memory, "agent-0")));
    }

    // Each learns on a thread of its own, as far as there are cores; the last process has what is left.
    [Theory]
    [InlineData(2, 0, "3768 10000")]
    [InlineData(6, 0, "7536 10000")]
    [InlineData(6, 1, "1884 10000")]
    public void Version2_SeveralDevicesInAProcess_HaveACoreEachUpToTheBoards(int perProcess, int agent, string quota)
    {
        Mount("cgroup.controllers", "cgroup.procs");
        Assert.Null(new AgentCgroups(root, [.. Enumerable.Repeat(DeviceClass.Find("pi-zero-2")!, 7)], perProcess).Fault);
        var emulation = Assert.Single(Directory.GetDirectories(root, "dcc-emulate-*"));
        Assert.Equal(quota, File.ReadAllText(Path.Combine(emulation, $"agent-{agent}", "cpu.max")));
    }

    [Fact]
    public void Cgroups_OfTwoEmulationsAtOnce_DoNotClash()
    {
        Mount("cgroup.controllers", "cgroup.procs");
        Assert.Null(new AgentCgroups(root, Classes("pi-3"), 1).Fault);
        Assert.Null(new AgentCgroups(root, Classes("pi-3"), 1).Fault);
        Assert.Equal(2, Directory.GetDirectories(root, "dcc-emulate-*").Length);
    }

    [Fact]
    public void Cgroups_OfAKilledEmulation_AreGoneAndThoseOfALiveOneStay()
    {
        Mount("cgroup.controllers", "cgroup.procs");
        using var other = Process.Start(new ProcessStartInfo("sleep", "600"))!;
        var live = Directory.CreateDirectory(Path.Combine(root, $"dcc-emulate-{other.Id}-00000000")).FullName;
        var stale = Directory.CreateDirectory(Path.Combine(root, $"dcc-emulate-{int.MaxValue}-00000000")).FullName;
        Directory.CreateDirectory(Path.Combine(stale, "agent-0"));
        Assert.Null(new AgentCgroups(root, Classes("pi-3"), 1).Fault);
        other.Kill();
        Assert.Equal((true, false), (Directory.Exists(live), Directory.Exists(stale)));
    }

    [Fact]
    public void Cgroups_WhereNoneAreMounted_AreNotEnforcedAndLeaveNothing()
    {
        var cgroups = new AgentCgroups(root, Classes("pi-3"), 1);
        Assert.Equal($"no cgroups are mounted at {Path.Combine(root, "cpu")}", cgroups.Fault);
        Assert.Null(cgroups.Of(0));
        Assert.Empty(Directory.GetFileSystemEntries(root));
    }

    [Fact]
    public void Cgroups_ThatMayNotBeLimited_AreNotEnforcedAndLeaveNothing()
    {
        // As the kernel refuses to write a file.
        Mount("cgroup.controllers", "cgroup.procs");
        Directory.CreateDirectory(Path.Combine(root, "cgroup.subtree_control"));
        var cgroups = new AgentCgroups(root, Classes("pi-3"), 1);
        Assert.Contains("cgroup.subtree_control", cgroups.Fault, StringComparison.Ordinal);
        Assert.Null(cgroups.Of(0));
        Assert.Empty(Directory.GetDirectories(root, "dcc-emulate-*"));
    }

    [Fact]
    public void Cgroups_WithoutLimitedClasses_AreNone()
    {
        var cgroups = new AgentCgroups(root, Classes("unlimited", "unlimited"), 2);
        Assert.Null(cgroups.Fault);
        Assert.Null(cgroups.Of(0));
    }

    [Fact]
    public async Task RealCgroup_ProcessBeyondItsMemory_IsKilledAndCounted()
    {
        using var cgroups = new AgentCgroups(AgentCgroups.Root, [new DeviceClass("tiny", new Board(4448, 1, 16, "none"))], 1);
        Assert.SkipWhen(cgroups.Fault is not null, $"needs cgroups: {cgroups.Fault}");
        var cgroup = cgroups.Of(0)!;
        Assert.Equal(0, cgroup.KilledForMemory);

        // tail keeps a line whole, and this one has no end.
        var start = new ProcessStartInfo("tail", ["/dev/zero"]);
        cgroup.Take(start);
        using var process = Process.Start(start)!;
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal((128 + 9, 1), (process.ExitCode, cgroup.KilledForMemory));
    }

    private static DeviceClass[] Classes(params string[] names) => Array.ConvertAll(names, name => DeviceClass.Find(name)!);

    private static (string, string)[] Files(string folder) =>
        [.. Directory.GetFiles(folder).Order().Select(file => (Path.GetFileName(file), File.ReadAllText(file)))];

    // The files that the kernel has there.
    private void Mount(params string[] files)
    {
        foreach (var file in files)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(root, file))!);
            File.WriteAllText(Path.Combine(root, file), "");
        }
    }
}
