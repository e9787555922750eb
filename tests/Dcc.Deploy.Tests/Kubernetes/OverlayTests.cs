using Dcc.Cli.Scenarios;
using static Dcc.Deploy.Tests.Kubernetes.Manifests;

namespace Dcc.Deploy.Tests.Kubernetes;

/// <summary>Every overlay, as kubectl renders it, by the types of Kubernetes and by what they do not say. No cluster has seen them here.</summary>
public sealed class OverlayTests
{
    // What README.md tells the user to make.
    private const string Database = "dcc-postgres";

    // What dcc deploy kubernetes writes is held to the same.
    private const string OfScenario = "scenario ";

    private static readonly string[] Scenarios =
    [
        "default", "lossy-lte", "flapping-wifi", "partition-and-heal", "asymmetric-partition", "satellite", "slow-devices", "agent-churn", "coordinator-crash", "chaos",
    ];

    public static TheoryData<string, string> Overlays => [.. Kept, .. Scenarios.Select(name => (OfScenario + name, ""))];

    private static TheoryData<string, string> Kept => new()
    {
        { "dev", "" },
        { "emulation", "" },
        { "sharded", "" },
        { "ha", "" },
        { "chaos", "" },
        { "dev", "monitoring" },
        { "dev", "cert-manager" },
        { "emulation", "monitoring cert-manager" },
        { "sharded", "monitoring cert-manager" },
        { "ha", "monitoring cert-manager" },
    };

    [Theory]
    [MemberData(nameof(Overlays))]
    public async Task Overlay_Rendered_IsWhatKubernetesKnowsAndAgreesWithItself(string overlay, string components)
    {
        var manifests = await Of(overlay, components);
        Assert.NotEmpty(manifests.ReadStrictly());
        Assert.Empty(ManifestRules.Faults(manifests, Database));
    }

    [Fact]
    public void Overlays_OfTheRepository_AreAllTested() => Assert.Equal(
        Directory.GetDirectories(Repository.File("k8s", "overlays")).Select(Path.GetFileName).Order(),
        Kept.Select(row => row.Data.Item1).Distinct().Order());

    [Fact]
    public async Task Scenarios_ThatAreBuiltIn_AreAllTested() => Assert.Equal(
        Scenarios.Order(),
        (await Dcc.Cli.Tests.DccProcess.Run("scenario", "list")).Output.Trim().Split('\n').Select(line => line.Split(' ')[0]).Order());

    // Each is a mistake that somebody could make in these files.
    [Theory]
    [InlineData("readOnlyRootFilesystem: true", "readOnlyRootFilesytem: true", "readOnlyRootFilesytem")]
    [InlineData("replicas: 10", "replicas: ten", "'ten'")]
    public async Task Manifest_WithWhatItsTypeDoesNotHave_CannotBeRead(string right, string wrong, string named)
    {
        var manifests = await Of("dev", "");
        var broken = Manifests.Parse(Once(manifests.Text, right, wrong));
        var refused = Assert.ThrowsAny<Exception>(broken.ReadStrictly);
        Assert.Contains(named, refused.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("serviceName: dcc-agent", "podManagementPolicy: Parallel", "StatefulSet dcc-agent: no spec.serviceName")]
    [InlineData("claimName: dcc-journal", "claimName: dcc-journals", "dcc-coordinator: no PersistentVolumeClaim dcc-journals")]
    [InlineData("readOnlyRootFilesystem: true", "readOnlyRootFilesystem: false", "securityContext.readOnlyRootFilesystem is false, not true")]
    [InlineData("targetPort: grpc", "targetPort: grcp", "Service dcc-coordinator: no port grcp in its pods")]
    [InlineData("kind: PersistentVolumeClaim", "kind: PersistentVolumeClaims", "a kind that nothing is known of")]
    [InlineData("mountPath: /var/lib/dcc\n          name: journal", "mountPath: /var/lib/dcc\n          name: journey", "no volume journey")]
    [InlineData("      app.kubernetes.io/name: dcc-agent\n  policyTypes", "      app.kubernetes.io/name: dcc-agents\n  policyTypes", "NetworkPolicy dcc-agent: selects no pod of {\"app.kubernetes.io/name\":\"dcc-agents\"}")]
    public async Task Manifest_ThatDoesNotAgreeWithItself_IsSeen(string right, string wrong, string fault)
    {
        var manifests = await Of("dev", "");
        var text = Once(manifests.Text, right, wrong);
        Assert.Contains(ManifestRules.Faults(Manifests.Parse(text)), found => found.Contains(fault, StringComparison.Ordinal));
    }

    [Fact]
    public async Task EmulationOverlay_Limits_AreThoseOfTheClassItNames()
    {
        var template = (await Of("emulation", "")).Find("StatefulSet", "dcc-agent")!["spec"]!["template"]!;
        var board = DeviceClass.Find((string)template["metadata"]!["annotations"]!["dcc/device-class"]!)!.Board!;
        var limits = List(template["spec"]!["containers"]).Single(container => (string)container["name"]! == "agent")["resources"]!["limits"]!;
        Assert.Equal(
            ($"{Math.Round(1000 * board.ProcessorShare(devices: 1))}m", $"{board.MemoryMebibytes}Mi"), ((string)limits["cpu"]!, (string)limits["memory"]!));
    }

    // It is a copy of what the command writes, so that it can be applied without the command.
    [Fact]
    public async Task ChaosOverlay_Faults_AreThoseOfTheScenario()
    {
        var exported = await Dcc.Cli.Tests.DccProcess.Run("scenario", "export", "partition-and-heal", "--format", "chaos-mesh");
        Assert.Equal(0, exported.ExitCode);
        Assert.Equal(exported.Output, await File.ReadAllTextAsync(
            Repository.File("k8s", "overlays", "chaos", "network-chaos.yaml"), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task ChaosOverlay_TargetsOfItsFaults_AreItsPods()
    {
        var manifests = await Of("chaos", "");
        var replicas = int.Parse(manifests.Find("StatefulSet", "dcc-agent")!["spec"]!["replicas"]!.ToString(), null);
        var pods = manifests.Objects.Where(item => Kind(item) == "NetworkChaos")
            .Select(item => ManifestRules.At(item, "spec.selector.labelSelectors")!["statefulset.kubernetes.io/pod-name"]!.ToString()).Distinct().ToList();
        Assert.NotEmpty(pods);
        Assert.Empty(pods.Except(Enumerable.Range(0, replicas).Select(index => $"dcc-agent-{index}")));
    }

    internal static Task<Manifests> Of(string overlay, string components) => overlay.StartsWith(OfScenario, StringComparison.Ordinal)
        ? DeployCommandTests.Render(overlay[OfScenario.Length..], "")
        : components.Length == 0
        ? Render(Repository.File("k8s", "overlays", overlay))
        : Render(overlay, components.Split(' '));

    private static string Once(string text, string right, string wrong)
    {
        var at = text.IndexOf(right, StringComparison.Ordinal);
        Assert.True(at >= 0, $"nothing says {right}");
        return text[..at] + wrong + text[(at + right.Length)..];
    }
}
