using Dcc.Cli.Tests;

namespace Dcc.Deploy.Tests.Release;

/// <summary>The installer for small hosts, into a folder that stands for the root of one.</summary>
public sealed class InstallScriptTests : IDisposable
{
    private readonly string archive = Directory.CreateTempSubdirectory("dcc-test-").FullName;
    private readonly string root = Directory.CreateTempSubdirectory("dcc-test-").FullName;

    public InstallScriptTests()
    {
        foreach (var name in new[] { "install.sh", "dcc-agent.service", "agent.conf" })
        {
            File.Copy(Repository.File("deploy", "raspberry-pi", name), Path.Combine(archive, name));
        }

        Directory.CreateDirectory(Path.Combine(archive, "bin"));
        Write(Path.Combine(archive, "bin", "Dcc.Agent"), "first");
    }

    public void Dispose()
    {
        Directory.Delete(archive, recursive: true);
        Directory.Delete(root, recursive: true);
    }

    [Fact]
    public async Task Install_Twice_ReplacesTheProgramAndKeepsTheSettings()
    {
        Assert.Equal((0, ""), await Install());
        var installed = Files();
        Assert.Equal(
            ["etc/dcc/agent.conf", "etc/systemd/system/dcc-agent.service", "usr/local/lib/dcc-agent/Dcc.Agent"], installed.Order(StringComparer.Ordinal));
        Assert.Equal("600", await Mode("etc/dcc/agent.conf"));
        Assert.Equal("700", await Mode("etc/dcc/credentials"));
        Assert.Equal("755", await Mode("usr/local/lib/dcc-agent/Dcc.Agent"));

        await File.WriteAllTextAsync(Path.Combine(root, "etc/dcc/agent.conf"), "Agent__Devices=7\n", TestContext.Current.CancellationToken);
        Write(Path.Combine(archive, "bin", "Dcc.Agent"), "second");
        Assert.Equal((0, ""), await Install());
        Assert.Equal(installed, Files());
        Assert.Equal("Agent__Devices=7\n", Read("etc/dcc/agent.conf"));
        Assert.Equal("second", Read("usr/local/lib/dcc-agent/Dcc.Agent"));
    }

    [Fact]
    public async Task Uninstall_Twice_KeepsTheSettingsUntilPurged()
    {
        Assert.Equal(0, (await Install()).Code);
        Assert.Equal((0, ""), await Install("uninstall"));
        Assert.Equal(["etc/dcc/agent.conf"], Files());
        Assert.Equal((0, ""), await Install("uninstall", "--purge"));
        Assert.Equal((0, ""), await Install("uninstall", "--purge"));
        Assert.Empty(Files());
    }

    [Theory]
    [InlineData("remove", "", "action: expected install or uninstall, got remove")]
    [InlineData("install", "--purge", "option: expected --purge after uninstall, got --purge")]
    public async Task Install_WithArgumentsThatItDoesNotKnow_ChangesNothing(string action, string option, string message)
    {
        Assert.Equal((2, $"install.sh: {message}\n"), await Install(option.Length == 0 ? [action] : [action, option]));
        Assert.Empty(Files());
    }

    [Fact]
    public async Task Install_WithoutTheProgram_ChangesNothing()
    {
        File.Delete(Path.Combine(archive, "bin", "Dcc.Agent"));
        Assert.Equal((2, "install.sh: bin/Dcc.Agent: expected the program of the archive, got nothing\n"), await Install());
        Assert.Empty(Files());
    }

    // The settings are read by the programs from the environment: what stands in them must be known there.
    [Theory]
    [InlineData("Dcc.Agent", "agent.conf")]
    [InlineData("Dcc.Coordinator", "coordinator.conf")]
    public async Task Settings_ShippedOrSuggested_AreThoseOfTheProgram(string program, string file)
    {
        var keys = (await File.ReadAllLinesAsync(Repository.File("deploy", "raspberry-pi", file), TestContext.Current.CancellationToken))
            .Select(line => line.TrimStart('#')).Where(line => line.Contains("__", StringComparison.Ordinal) && !line.StartsWith(' '))
            .Select(line => line.Split('=')[0]).Where(key => key != "Process__LogFormat").ToList();
        Assert.True(keys.Count > 4);
        var service = Path.Combine(Path.GetDirectoryName(DccProcess.Command)!, "services", program, program);
        var refused = await Repository.Run(
            service, [.. keys.Select(key => $"--{key.Replace("__", ":", StringComparison.Ordinal)}=x"), "--Process:LogFormat", "wrong"]);
        Assert.Equal((2, "log-format: expected text or json, got wrong\n"), (refused.ExitCode, refused.Error));
    }

    [Theory]
    [InlineData("dcc-agent.service")]
    [InlineData("dcc-coordinator.service")]
    public async Task Unit_AsShipped_IsOneThatSystemdUnderstands(string unit)
    {
        Repository.Require("systemd-analyze", "apt-get install systemd");

        // It looks for the program, which is not installed here.
        var copy = Path.Combine(archive, unit);
        var text = await File.ReadAllTextAsync(Repository.File("deploy", "raspberry-pi", unit), TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(
            copy, string.Join('\n', text.Split('\n').Select(line => line.StartsWith("ExecStart=", StringComparison.Ordinal) ? "ExecStart=/bin/true" : line)),
            TestContext.Current.CancellationToken);
        var verified = await Repository.Run("systemd-analyze", "verify", copy);
        Assert.Equal((0, ""), (verified.ExitCode, verified.Error));
        Assert.Contains("\nRestartPreventExitStatus=2\n", text, StringComparison.Ordinal);

        // 10 is exposed to everything; below 2 it says OK.
        var exposure = await Repository.Run("systemd-analyze", "security", "--offline=true", "--threshold=20", copy);
        Assert.True(exposure.ExitCode == 0, exposure.Output);
    }

    [Fact]
    public async Task Scripts_OfTheRepository_HaveNothingThatShellcheckFinds()
    {
        Repository.Require("shellcheck", "apt-get install shellcheck");
        string[] scripts = [.. new[] { Repository.File("deploy"), Repository.File("tests", "footprint") }
            .SelectMany(folder => Directory.GetFiles(folder, "*.sh", SearchOption.AllDirectories))];
        Assert.True(scripts.Length > 1);
        var checkedOnes = await Repository.Run("shellcheck", scripts);
        Assert.True(checkedOnes.ExitCode == 0, checkedOnes.Output);
    }

    private async Task<(int Code, string Error)> Install(params string[] arguments)
    {
        var result = await Repository.Run(Path.Combine(archive, "install.sh"), new Dictionary<string, string> { ["DESTDIR"] = root }, arguments);
        return (result.ExitCode, result.Error);
    }

    private string Read(string path) => File.ReadAllText(Path.Combine(root, path));

    private List<string> Files() =>
        [.. Directory.GetFiles(root, "*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(root, file)).Order(StringComparer.Ordinal)];

    private async Task<string> Mode(string path) => (await Repository.Run("stat", "-c", "%a", Path.Combine(root, path))).Output.Trim();

    private static void Write(string file, string text)
    {
        File.WriteAllText(file, text);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }
}
