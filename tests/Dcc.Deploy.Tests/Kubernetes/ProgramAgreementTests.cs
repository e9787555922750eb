using System.Diagnostics;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Dcc.Cli.Tests;
using static Dcc.Deploy.Tests.Kubernetes.Manifests;
using static Dcc.Deploy.Tests.ProgramOptions;
using static Dcc.Deploy.Tests.Repository;

namespace Dcc.Deploy.Tests.Kubernetes;

/// <summary>Whether what the manifests tell the programs is what the programs understand: asked of the programs as built.</summary>
public sealed class ProgramAgreementTests
{
    private static readonly string[] OwnKeys = ["PARTS", "PROFILE", "SEED", "POD_INDEX", "JOB_COMPLETION_INDEX", "PGPASSWORD", "DOTNET_EnableDiagnostics"];

    public static TheoryData<string, string> Overlays => OverlayTests.Overlays;

    [Theory]
    [MemberData(nameof(Overlays))]
    public async Task Overlay_Images_AreThoseOfThisVersion(string overlay, string components)
    {
        var manifests = await OverlayTests.Of(overlay, components);
        var images = manifests.Workloads.SelectMany(Containers).Select(container => container["image"]!.ToString()).Distinct();
        string[] known = [$"dcc-coordinator:{Repository.Version}", $"dcc-agent:{Repository.Version}", $"dcc:{Repository.Version}"];
        Assert.Empty(images.Except(known));
    }

    [Theory]
    [MemberData(nameof(Overlays))]
    public async Task Overlay_Flags_AreThoseThatTheProgramsList(string overlay, string components)
    {
        var manifests = await OverlayTests.Of(overlay, components);
        foreach (var container in manifests.Workloads.SelectMany(Containers))
        {
            Assert.Empty(await UnknownFlags(Image(container), manifests.Arguments(container)));
        }
    }

    [Theory]
    [MemberData(nameof(Overlays))]
    public async Task Overlay_SettingsInTheEnvironment_AreThoseOfThePrograms(string overlay, string components)
    {
        var manifests = await OverlayTests.Of(overlay, components);
        foreach (var container in manifests.Workloads.SelectMany(Containers))
        {
            var keys = manifests.Environment(container).Keys.Except(OwnKeys).ToList();
            if (Image(container) == "dcc")
            {
                Assert.Empty(keys);
                continue;
            }

            Assert.NotEmpty(keys);
            await CheckSettings(Image(container), keys);
        }
    }

    [Theory]
    [MemberData(nameof(Overlays))]
    public async Task Overlay_Ports_AreTheSameOnBothSides(string overlay, string components)
    {
        var manifests = await OverlayTests.Of(overlay, components);
        var coordinator = manifests.Workloads.Single(workload => Name(workload) == "dcc-coordinator");
        var container = Containers(coordinator).Single();
        var settings = manifests.Environment(container);
        var ports = List(container["ports"]).ToDictionary(port => port["name"]!.ToString(), port => port["containerPort"]!.ToString());
        Assert.Equal(ports["grpc"], new Uri(settings["Coordinator__Listen"]).Port.ToString(null as IFormatProvider));
        Assert.Equal(ports["http"], new Uri(settings["Coordinator__Http"]).Port.ToString(null as IFormatProvider));
        foreach (var probe in new[] { "startupProbe", "readinessProbe", "livenessProbe" }.Select(probe => container[probe]!))
        {
            // Kubernetes cannot probe gRPC under TLS.
            var isTls = settings["Coordinator__Listen"].StartsWith("https:", StringComparison.Ordinal);
            Assert.Equal(isTls ? "http" : ports["grpc"], (isTls ? probe["httpGet"]! : probe["grpc"]!)["port"]!.ToString());
        }

        var served = List(manifests.Find("Service", "dcc-coordinator")!["spec"]!["ports"])
            .Single(port => port["targetPort"]!.ToString() == "grpc")["port"]!.ToString();
        var agents = manifests.Workloads.Single(workload => Name(workload) == "dcc-agent");
        var agent = new Uri(manifests.Environment(Containers(agents).Last())["Agent__Coordinator"]);
        Assert.Equal(settings["Coordinator__Listen"].Split(':')[0], agent.Scheme);
        if (Containers(agents).FirstOrDefault(sidecar => Image(sidecar) == "dcc" && agent.Host == "localhost") is { } link)
        {
            var arguments = manifests.Arguments(link);
            Assert.Contains($"--listen=127.0.0.1:{agent.Port}", arguments);
            Assert.Contains($"--upstream=dcc-coordinator:{served}", arguments);
        }
        else
        {
            Assert.Equal($"dcc-coordinator:{served}", agent.Authority);
        }
    }

    [Theory]
    [MemberData(nameof(Overlays))]
    public async Task Overlay_PodsOfAgents_AreEveryDeviceOfTheRunOnce(string overlay, string components)
    {
        var manifests = await OverlayTests.Of(overlay, components);
        var (agents, settings) = Agents(manifests);
        var run = manifests.Environment(Containers(manifests.Workloads.Single(workload => Name(workload) == "dcc-coordinator")).Single());
        var pods = (agents["spec"]!["replicas"] ?? agents["spec"]!["completions"])!.ToString();
        Assert.Equal(pods, settings["PARTS"]);
        Assert.Equal($"0-{int.Parse(run["Run__Devices"], null) - 1}", settings["Agent__Devices"]);
        Assert.Equal(run["Run__Name"], settings["Agent__Run"]);
    }

    // What a StatefulSet that was scaled beyond the run says, before it connects to anything.
    [Theory]
    [InlineData("dev", "10/10")]
    [InlineData("sharded", "10/10")]
    public async Task Overlay_PodBeyondTheRun_EndsWith2AndOneLine(string overlay, string shard)
    {
        var manifests = await OverlayTests.Of(overlay, "");
        var (agents, settings) = Agents(manifests);
        var container = Containers(agents).Last();
        var index = shard.Split('/')[0];
        var refused = await Repository.Run(
            Program(Image(container)), settings, manifests.Arguments(container, ("POD_INDEX", index), ("JOB_COMPLETION_INDEX", index)));
        Assert.Equal(2, refused.ExitCode);
        Assert.Equal(1, refused.Error.Count(character => character == '\n'));
        Assert.StartsWith("shard: expected INDEX/PARTS with INDEX below PARTS", refused.Error, StringComparison.Ordinal);
        Assert.EndsWith($"got {shard}\n", refused.Error, StringComparison.Ordinal);
    }

    // The programs with the very settings of the pods, but for addresses, the store and what learning costs.
    [Fact]
    public async Task DevOverlay_ItsSettingsRunHere_EndWithTheDigestOfSimulate()
    {
        var manifests = await OverlayTests.Of("dev", "");
        var (agents, settings) = Agents(manifests);
        var run = manifests.Environment(Containers(manifests.Workloads.Single(workload => Name(workload) == "dcc-coordinator")).Single());
        run["Coordinator__Listen"] = "http://127.0.0.1:0";
        run["Coordinator__Http"] = "none";
        run["Coordinator__Store"] = "memory";
        run["Run__Steps"] = "1000";
        using var coordinator = DccProcess.StartProgram(Service("Dcc.Coordinator"), run);
        var processes = new List<Process>();
        try
        {
            settings["Agent__Coordinator"] = Regex.Match(await Says(coordinator, "http://127.0.0.1:"), @"http://127\.0\.0\.1:\d+").Value;
            var container = Containers(agents).Last();
            processes.AddRange(Enumerable.Range(0, 10).Select(index => DccProcess.StartProgram(
                Service("Dcc.Agent"), settings, manifests.Arguments(container, ("POD_INDEX", index.ToString(null as IFormatProvider))))));
            var ends = await Task.WhenAll(processes.Select(Repository.End));
            Assert.All(ends, end => Assert.Equal((0, ""), (end.ExitCode, end.Error)));
            var finished = await Says(coordinator, "finished with digest");

            var folder = Directory.CreateTempSubdirectory("dcc-test-").FullName;
            var simulated = await DccProcess.Run(
                "simulate", "--devices", run["Run__Devices"], "--rounds", run["Run__Rounds"], "--steps", "1000", "--json", "--quiet", "--no-report", "--force", "--output", folder);
            Directory.Delete(folder, recursive: true);
            Assert.Equal(0, simulated.ExitCode);
            Assert.Contains(JsonNode.Parse(simulated.Output)!["digest"]!.ToString(), finished, StringComparison.Ordinal);
        }
        finally
        {
            foreach (var process in processes.Prepend(coordinator))
            {
                process.Kill();
                await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            }

            processes.ForEach(process => process.Dispose());
        }
    }

    private static (JsonNode Workload, Dictionary<string, string> Settings) Agents(Manifests manifests)
    {
        var agents = manifests.Workloads.Single(workload => Name(workload) == "dcc-agent");
        return (agents, manifests.Environment(Containers(agents).Last()));
    }
}
