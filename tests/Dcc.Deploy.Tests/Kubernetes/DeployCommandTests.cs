using System.Text.Json.Nodes;
using Dcc.Cli.Tests;
using static Dcc.Deploy.Tests.Kubernetes.Manifests;

namespace Dcc.Deploy.Tests.Kubernetes;

/// <summary>dcc deploy kubernetes; that what it writes is right is tested with the overlays of the repository.</summary>
public sealed class DeployCommandTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("dcc-test-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task Deploy_OfAScenario_WritesItsRunItsLinksAndItsFaults()
    {
        var scenario = await Scenario("""
            name: harbour
            run: {devices: 3, rounds: 8, seed: 7, solver: exact, quorum: 2, roundDeadline: 4, devicesPerProcess: 3}
            links: {default: lte, overrides: [{devices: 0, link: geo-satellite}]}
            timeline:
              - {at: {round: 2}, link: partition, devices: odd, for: 2 s}
              - {at: {round: 3}, agent: pause, devices: 2, for: 1 s}
            """);
        var output = Path.Combine(folder, "site");
        var written = await DccProcess.Run("deploy", "kubernetes", "--scenario", scenario, "--output", output);
        Assert.Equal((0, $"kubectl apply -k {output}\nkubectl apply -k {output}/faults\n"), (written.ExitCode, written.Output));
        Assert.Equal(
            "no equivalent: several devices in a process: every device has a pod of its own\n"
            + "no equivalent: a process that stands still and goes on (pod-failure ends it)\n", written.Error);
        var comments = await File.ReadAllTextAsync(Path.Combine(output, "kustomization.yaml"), TestContext.Current.CancellationToken);
        Assert.All(written.Error.Trim().Split('\n'), missing => Assert.Contains($"# {missing}\n", comments, StringComparison.Ordinal));

        var manifests = await Manifests.Render(output);
        Assert.Empty(ManifestRules.Faults(manifests));
        Assert.Equal("3", ManifestRules.At(manifests.Find("StatefulSet", "dcc-agent"), "spec.replicas")!.ToString());
        var coordinator = Containers(manifests.Find("Deployment", "dcc-coordinator")!).Single();
        var run = manifests.Environment(coordinator);
        Assert.Equal(
            ("3", "8", "7", "exact", "2", "4"),
            (run["Run__Devices"], run["Run__Rounds"], run["Run__Seed"], run["Run__Solver"], run["Run__Quorum"], run["Run__RoundDeadlineSeconds"]));
        await ProgramOptions.CheckSettings("dcc-coordinator", run.Keys.Where(key => key.StartsWith("Run__", StringComparison.Ordinal)));

        var faults = await Manifests.Render(Path.Combine(output, "faults"));
        Assert.Empty(ManifestRules.Faults(faults));
        Assert.Equal(["harbour-fault-0-device-1-both-partition"], faults.Objects.Select(Name));
    }

    [Theory]
    [InlineData("partition-and-heal")]
    [InlineData("agent-churn")]
    [InlineData("chaos")]
    public async Task Deploy_FaultsOfAScenario_AreObjectsOfChaosMesh(string scenario) =>
        Assert.Empty(ManifestRules.Faults(await Render(scenario, "faults")));

    [Fact]
    public async Task Deploy_IntoAFolderOfSomebodyElse_ChangesNothing()
    {
        var kept = Path.Combine(folder, "kept");
        await File.WriteAllTextAsync(kept, "", TestContext.Current.CancellationToken);
        var refused = await DccProcess.Run("deploy", "kubernetes", "--scenario", "default", "--output", folder);
        Assert.Equal((2, $"dcc: output: expected a new or an empty folder, got {folder}\n"), (refused.ExitCode, refused.Error));
        Assert.Equal([kept], Directory.GetFileSystemEntries(folder));
    }

    [Theory]
    [InlineData("run: {devices: 2, initialTheta: [0.1, 0.2]}", "run.initialTheta: expected one number, got a list, which a coordinator cannot be told")]
    public async Task Deploy_OfWhatAClusterCannotBeGiven_IsRefused(string text, string message)
    {
        var refused = await DccProcess.Run("deploy", "kubernetes", "--scenario", await Scenario($"name: site\n{text}"), "--output", Path.Combine(folder, "site"));
        Assert.Equal((2, $"dcc: {message}\n"), (refused.ExitCode, refused.Error));
    }

    // What the sidecar of a pod is: each device's own link.
    [Theory]
    [InlineData("0", "nb-iot")]
    [InlineData("1", "3g")]
    [InlineData("2", "wifi")]
    public async Task Link_OfAScenario_IsThatOfTheDevice(string device, string profile) => Assert.Equal(
        await Settings("--profile", profile), await Settings("--scenario", "slow-devices", "--device", device));

    [Theory]
    [InlineData("--scenario", "slow-devices")]
    [InlineData("--device", "1")]
    [InlineData("--scenario", "slow-devices", "--device", "1", "--profile", "lte")]
    [InlineData("--scenario", "slow-devices", "--device", "10")]
    public async Task Link_OfHalfAScenario_IsRefused(params string[] arguments)
    {
        var refused = await DccProcess.Run(["link", "--listen", "127.0.0.1:0", "--upstream", "127.0.0.1:9", .. arguments]);
        Assert.Equal(2, refused.ExitCode);
        Assert.Matches("^dcc: (scenario|device): expected .+\n$", refused.Error);
    }

    /// <summary>What kubectl makes of what the command writes.</summary>
    internal static async Task<Manifests> Render(string scenario, string part)
    {
        var parent = Directory.CreateTempSubdirectory("dcc-test-").FullName;
        try
        {
            var output = Path.Combine(parent, "site");
            var written = await DccProcess.Run("deploy", "kubernetes", "--scenario", scenario, "--output", output);
            Assert.True(written.ExitCode == 0, written.Error);
            return await Manifests.Render(Path.Combine(output, part));
        }
        finally
        {
            Directory.Delete(parent, recursive: true);
        }
    }

    private static async Task<string> Settings(params string[] link)
    {
        using var process = DccProcess.Start(
            null, ["link", "--listen", "127.0.0.1:0", "--upstream", "127.0.0.1:9", "--control", "127.0.0.1:0", .. link]);
        var said = await process.StandardError.ReadLineAsync(TestContext.Current.CancellationToken);
        using var client = new HttpClient();
        var shown = await client.GetStringAsync(new Uri(said!.Split(' ')[^1] + "/link"), TestContext.Current.CancellationToken);
        process.Kill();
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return JsonNode.Parse(shown)!["settings"]!.ToJsonString();
    }

    private async Task<string> Scenario(string text)
    {
        var path = Path.Combine(folder, "scenario.yaml");
        await File.WriteAllTextAsync(path, text, TestContext.Current.CancellationToken);
        return path;
    }
}
