using System.Diagnostics;
using System.Globalization;

namespace Dcc.Cli.Tests;

/// <summary>Runs with device classes. Those with real limits need root and cgroups, and are skipped elsewhere; no time is asserted.</summary>
public sealed class DeviceClassTests : IDisposable
{
    private const string Root = "/sys/fs/cgroup";
    private static readonly string[] Run = ["--devices", "2", "--steps", "400000", "--seed", "3", "--no-report"];
    private static readonly bool IsUnified = File.Exists(Path.Combine(Root, "cgroup.controllers"));

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("classes: pi-4")]
    [InlineData("classes: {default: pi-4, overrides: [{devices: 0-1, class: pi-zero-2}, {devices: [3, 5], class: unlimited}]}")]
    [InlineData("classes: {overrides: [{devices: odd, class: pi-5}]}")]
    [InlineData("classes: {default: pi-3, overrides: [{devices: 0-4, class: pi-4}]}\nrun: {devicesPerProcess: 5}")]
    public async Task Scenario_EveryForm_IsValidAndLeavesTheDigest(string classes)
    {
        await File.WriteAllTextAsync(folder["one.yaml"], $"name: one\n{classes}\n", TestContext.Current.CancellationToken);
        var validated = await DccProcess.Run("scenario", "validate", folder["one.yaml"]);
        Assert.Equal((0, ""), (validated.ExitCode, validated.Error));
        string[] run = ["--rounds", "2", "--steps", "500", "--no-report"];
        var simulated = await DccProcess.Run(["simulate", folder["one.yaml"], .. run, "--output", folder["s"]]);
        Assert.Equal(0, simulated.ExitCode);
        Assert.Contains("device classes have no effect here", simulated.Error, StringComparison.Ordinal);
        Assert.Equal(0, (await DccProcess.Run(["simulate", .. run, "--output", folder["plain"]])).ExitCode);
        Assert.Equal(Digest("plain"), Digest("s"));
        var exported = await DccProcess.Run("scenario", "export", folder["one.yaml"], "--format", "tc");
        Assert.Single(exported.Output.Split('\n'), line => line.StartsWith("# no equivalent: device classes (pi-", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Emulate_ProcessOfTwoClasses_IsRefused()
    {
        await File.WriteAllTextAsync(
            folder["mixed.yaml"], "name: mixed\nclasses: {overrides: [{devices: 2, class: pi-4}]}\n", TestContext.Current.CancellationToken);
        var refused = await DccProcess.Run("emulate", folder["mixed.yaml"], "--devices-per-process", "2", "--output", folder["e"]);
        Assert.Equal(
            (2, "dcc: devices-per-process: expected devices of one class in each process, got 2 a process, with device 2 of pi-4 and device 3 of unlimited in one\n"),
            (refused.ExitCode, refused.Error));
    }

    [Fact]
    public async Task Emulate_OnASmallBoard_IsThrottledRestartedInPlaceAndHasTheSameDigest()
    {
        RequireCgroups();
        await File.WriteAllTextAsync(
            folder["small.yaml"], "name: small\nclasses: {overrides: [{devices: 1, class: pi-zero-2}]}\n", TestContext.Current.CancellationToken);
        Assert.Equal(0, (await DccProcess.Run(["simulate", .. Run, "--rounds", "40", "--output", folder["s"]])).ExitCode);
        using var emulate = DccProcess.Start(null, ["emulate", folder["small.yaml"], .. Run, "--rounds", "40", "--quiet", "--output", folder["e"]]);
        var error = emulate.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);

        // Only the second agent has a cgroup; nothing but the agent is in it.
        var agent = await Agent(emulate, not: 0);
        var own = Assert.Single(Directory.GetDirectories(CgroupOf(emulate, "cpu")));
        Assert.Equal("agent-1", Path.GetFileName(own));
        Assert.Equal(
            IsUnified ? "1884 10000\n" : "1884\n",
            await File.ReadAllTextAsync(Path.Combine(own, IsUnified ? "cpu.max" : "cpu.cfs_quota_us"), TestContext.Current.CancellationToken));
        Assert.Equal("536870912\n", await File.ReadAllTextAsync(MemoryLimit(emulate), TestContext.Current.CancellationToken));
        await Until(emulate, () => Throttled(own) > 0);

        // Who comes in its place is in the same cgroup.
        await Until(emulate, () => Joined(1));
        DccProcess.Signal(agent, "KILL");
        await Agent(emulate, not: agent);
        await emulate.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(emulate.ExitCode == 0, await error);
        Assert.Equal(Digest("s"), Digest("e"));
        Assert.Empty(Cgroups(emulate, "cpu").Concat(Cgroups(emulate, "memory")));
        var summary = DccProcess.Summary(folder["e"]);
        Assert.Equal(["unlimited", "pi-zero-2"], summary.GetProperty("deviceClasses").EnumerateArray().Select(name => name.GetString()!));
        Assert.True(summary.GetProperty("deviceClassesEnforced").GetBoolean());
        Assert.Equal(1, summary.GetProperty("restarts").GetInt32());
        Assert.Equal(2, Events().Count(line => line.Contains("pi-zero-2, 0.188 of a core of this machine, 512 MiB: enforced", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Emulate_AgentBeyondItsMemory_FailsAndSaysSo()
    {
        RequireCgroups();
        using var emulate = DccProcess.Start(
            null, ["emulate", "--devices", "1", "--rounds", "1000", "--steps", "400000", "--device-class", "pi-5", "--quiet", "--output", folder["e"]]);
        var error = emulate.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await Agent(emulate, not: 0);
        await Until(emulate, () => Joined(0));

        // What the agent has may not be taken from it; the next one starts with less than a program needs.
        for (var limited = false; !limited; limited = await Limit(emulate))
        {
            DccProcess.Children(emulate.Id, "Dcc.Agent").ToList().ForEach(agent => DccProcess.Signal(agent, "KILL"));
        }

        await emulate.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(1, emulate.ExitCode);
        Assert.Contains("ended more than 10 times (killed by signal 9, beyond the memory of its device class)", await error, StringComparison.Ordinal);
        Assert.Contains(Events(), line => line.Contains("\"killed\"", StringComparison.Ordinal) && line.Contains("beyond the memory", StringComparison.Ordinal));
        Assert.Empty(Cgroups(emulate, "cpu").Concat(Cgroups(emulate, "memory")));
    }

    [Fact]
    public async Task Emulate_AfterOneThatWasKilled_RemovesItsCgroups()
    {
        RequireCgroups();
        using var killed = DccProcess.Start(
            null,
            ["emulate", "--devices", "1", "--rounds", "1000", "--steps", "400000", "--device-class", "pi-4", "--quiet", "--output", folder["k"]]);
        await Agent(killed, not: 0);
        var left = Cgroups(killed, "cpu").Concat(Cgroups(killed, "memory")).ToArray();
        killed.Kill();
        await killed.WaitForExitAsync(TestContext.Current.CancellationToken);
        while (left.SelectMany(Directory.GetDirectories).Any(own => File.ReadAllText(Path.Combine(own, "cgroup.procs")).Length > 0))
        {
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }

        Assert.Contains(left, Directory.Exists);
        Assert.Equal(0, (await DccProcess.Run(["emulate", .. Run, "--rounds", "4", "--device-class", "pi-4", "--output", folder["e"]])).ExitCode);
        Assert.DoesNotContain(left, Directory.Exists);
    }

    [Fact]
    public async Task Emulate_WithoutCgroups_RunsWithoutLimitsAndSaysSo()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess, "needs root, to hide the cgroups");
        Assert.Equal(0, (await DccProcess.Run(["simulate", .. Run, "--rounds", "4", "--output", folder["s"]])).ExitCode);
        using var emulate = DccProcess.StartProgram(
            "unshare", null,
            [
                "--mount", "sh", "-c", $"mount -t tmpfs none {Root} && exec \"$@\"", "sh", DccProcess.Command, "emulate", .. Run, "--rounds", "4", "--device-class",
                "pi-3", "--quiet", "--output", folder["e"],
            ]);
        var error = await emulate.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await emulate.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(
            (0, $"dcc: device classes are NOT enforced, agents run without limits: no cgroups are mounted at {Root}/cpu\n"), (emulate.ExitCode, error));
        Assert.Equal(Digest("s"), Digest("e"));
        var summary = DccProcess.Summary(folder["e"]);
        Assert.Equal("pi-3", summary.GetProperty("deviceClasses")[1].GetString());
        Assert.False(summary.GetProperty("deviceClassesEnforced").GetBoolean());
        Assert.Equal(2, Events().Count(line => line.Contains(": NOT enforced", StringComparison.Ordinal)));
        Assert.Equal(0, (await DccProcess.Run("report", folder["e"])).ExitCode);
        Assert.Contains(
            "pi-3 (2), NOT enforced: agents ran without limits",
            await File.ReadAllTextAsync(Path.Combine(folder["e"], "report.html"), TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    private static void RequireCgroups() => Assert.SkipUnless(
        OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess
            && (IsUnified ? Controls("cpu") && Controls("memory") : File.Exists(Path.Combine(Root, "cpu", "cgroup.procs"))),
        $"needs root, and the controllers cpu and memory at {Root}");

    private static bool Controls(string controller) => File.ReadAllText(Path.Combine(Root, "cgroup.subtree_control")).Split(' ', '\n').Contains(controller);

    // Those of an emulation in one hierarchy; its process is that of the command.
    private static string[] Cgroups(Process emulate, string hierarchy) =>
        Directory.GetDirectories(IsUnified ? Root : Path.Combine(Root, hierarchy), $"dcc-emulate-{emulate.Id}-*");

    private static string CgroupOf(Process emulate, string hierarchy) => Assert.Single(Cgroups(emulate, hierarchy));

    private static string MemoryLimit(Process emulate) => Path.Combine(
        Assert.Single(Directory.GetDirectories(CgroupOf(emulate, "memory"))), IsUnified ? "memory.max" : "memory.limit_in_bytes");

    private static async Task<bool> Limit(Process emulate)
    {
        try
        {
            await File.WriteAllTextAsync(MemoryLimit(emulate), "2097152", TestContext.Current.CancellationToken);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    // The one program in the emulation's cgroup, once it is Dcc.Agent; the shell that it was is in there for a moment.
    private static async Task<int> Agent(Process emulate, int not)
    {
        var agent = 0;
        await Until(emulate, () => Cgroups(emulate, "cpu").SelectMany(Directory.GetDirectories).ToArray() is [var own]
            && File.ReadAllLines(Path.Combine(own, "cgroup.procs")) is [var only]
            && (agent = int.Parse(only, CultureInfo.InvariantCulture)) != not
            && DccProcess.Children(emulate.Id, "Dcc.Agent").Contains(agent));
        return agent;
    }

    private static long Throttled(string cgroup) => File.ReadLines(Path.Combine(cgroup, "cpu.stat"))
        .Where(line => line.StartsWith("nr_throttled ", StringComparison.Ordinal))
        .Select(line => long.Parse(line["nr_throttled ".Length..], CultureInfo.InvariantCulture)).Single();

    private static async Task Until(Process emulate, Func<bool> condition)
    {
        while (!condition())
        {
            Assert.False(emulate.HasExited, "the run ended before that came");
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }
    }

    private bool Joined(int device) => Events().Any(line => line.Contains($"\"joined\",\"round\":0,\"device\":{device}", StringComparison.Ordinal));

    private string[] Events()
    {
        using var reader = new StreamReader(new FileStream(
            Path.Combine(folder["e"], "events.jsonl"), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete));
        return reader.ReadToEnd().Split('\n');
    }

    private string Digest(string name) => DccProcess.Summary(folder[name]).GetProperty("digest").GetString()!;
}
