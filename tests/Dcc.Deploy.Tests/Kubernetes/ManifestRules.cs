using System.Text.Json.Nodes;
using static Dcc.Deploy.Tests.Kubernetes.Manifests;

namespace Dcc.Deploy.Tests.Kubernetes;

/// <summary>What the types do not say: fields that an API server would ask for, names that must agree, and what the restricted profile wants of pods.</summary>
internal static class ManifestRules
{
    private static readonly Dictionary<string, string[]> Required = new()
    {
        ["Deployment"] = ["spec.selector.matchLabels", "spec.template.metadata.labels", "spec.template.spec.containers"],
        ["StatefulSet"] = ["spec.serviceName", "spec.selector.matchLabels", "spec.template.metadata.labels", "spec.template.spec.containers"],
        ["Job"] = ["spec.completions", "spec.template.spec.containers", "spec.template.spec.restartPolicy"],
        ["Service"] = ["spec.selector"],
        ["PersistentVolumeClaim"] = ["spec.accessModes", "spec.resources.requests.storage"],
        ["PodDisruptionBudget"] = ["spec.selector.matchLabels", "spec.minAvailable"],
        ["NetworkPolicy"] = ["spec.podSelector", "spec.policyTypes"],
        ["ConfigMap"] = ["data"],
        ["Namespace"] = [],
        ["ServiceAccount"] = [],
        ["NetworkChaos"] = ["spec.action", "spec.mode", "spec.selector"],
        ["PodChaos"] = ["spec.action", "spec.mode", "spec.selector"],
        ["Issuer"] = ["spec"],
        ["Certificate"] = ["spec.secretName", "spec.issuerRef.name"],
        ["PodMonitor"] = ["spec.selector", "spec.podMetricsEndpoints"],
    };

    /// <summary>Everything that is wrong.</summary>
    /// <param name="manifests">The objects.</param>
    /// <param name="secrets">Secrets that the user makes.</param>
    internal static List<string> Faults(Manifests manifests, params string[] secrets)
    {
        var faults = new List<string>();
        foreach (var group in manifests.Objects.GroupBy(item => $"{Kind(item)} {Name(item)}").Where(group => group.Count() > 1))
        {
            faults.Add($"{group.Key}: more than once");
        }

        foreach (var item in manifests.Objects)
        {
            var (kind, where) = (Kind(item), $"{Kind(item)} {Name(item)}");
            if (!Required.TryGetValue(kind, out var fields))
            {
                faults.Add($"{where}: a kind that nothing is known of");
                continue;
            }

            faults.AddRange(fields.Append("metadata.name").Where(field => At(item, field) is null).Select(field => $"{where}: no {field}"));
            if (kind != "Namespace" && (string?)item["metadata"]!["namespace"] != "dcc")
            {
                faults.Add($"{where}: not in namespace dcc");
            }
        }

        foreach (var workload in manifests.Workloads)
        {
            CheckPod(manifests, workload, secrets, faults);
        }

        CheckSelectors(manifests, faults);
        return faults;
    }

    private static void CheckPod(Manifests manifests, JsonNode workload, string[] secrets, List<string> faults)
    {
        var where = Name(workload);
        var pod = At(workload, "spec.template.spec")!;
        Expect(pod, where, faults, "automountServiceAccountToken", "false");
        Expect(pod, where, faults, "securityContext.runAsNonRoot", "true");
        Expect(pod, where, faults, "securityContext.seccompProfile.type", "RuntimeDefault");
        if (manifests.Find("ServiceAccount", pod["serviceAccountName"]?.ToString() ?? "") is not { } account
            || account["automountServiceAccountToken"]?.ToString() != "false")
        {
            faults.Add($"{where}: no ServiceAccount without a token");
        }

        var volumes = List(pod["volumes"]).ToDictionary(volume => (string)volume["name"]!);
        foreach (var volume in volumes.Values)
        {
            var (kind, name) = volume["persistentVolumeClaim"] is { } claim ? ("PersistentVolumeClaim", claim["claimName"]!.ToString())
                : volume["configMap"] is { } map ? ("ConfigMap", map["name"]!.ToString())
                : volume["secret"] is { } secret ? ("Secret", secret["secretName"]!.ToString()) : ("?", "?");
            CheckReference(manifests, kind, name, secrets, where, faults);
        }

        foreach (var container in Containers(workload))
        {
            var inside = $"{where}/{container["name"]}";
            Expect(container, inside, faults, "securityContext.allowPrivilegeEscalation", "false");
            Expect(container, inside, faults, "securityContext.readOnlyRootFilesystem", "true");
            Expect(container, inside, faults, "securityContext.capabilities.drop.0", "ALL");
            Expect(container, inside, faults, "terminationMessagePolicy", "FallbackToLogsOnError");
            foreach (var field in new[] { "name", "image", "resources.limits.memory", "resources.requests.cpu", "resources.requests.memory" })
            {
                if (At(container, field) is null)
                {
                    faults.Add($"{inside}: no {field}");
                }
            }

            faults.AddRange(List(container["volumeMounts"]).Select(mount => mount["name"]!.ToString()).Where(name => !volumes.ContainsKey(name))
                .Select(name => $"{inside}: no volume {name}"));
            foreach (var source in List(container["envFrom"]))
            {
                CheckReference(manifests, "ConfigMap", source["configMapRef"]!["name"]!.ToString(), secrets, inside, faults);
            }

            foreach (var reference in List(container["env"]).Select(entry => entry["valueFrom"]?["secretKeyRef"]).OfType<JsonNode>())
            {
                CheckReference(manifests, "Secret", reference["name"]!.ToString(), secrets, inside, faults);
            }
        }
    }

    private static void CheckReference(Manifests manifests, string kind, string name, string[] secrets, string where, List<string> faults)
    {
        var isMade = kind == "Secret"
            ? secrets.Contains(name) || manifests.Objects.Any(item => Kind(item) == "Certificate" && At(item, "spec.secretName")!.ToString() == name)
            : manifests.Find(kind, name) is not null;
        if (!isMade)
        {
            faults.Add($"{where}: no {kind} {name}");
        }
    }

    private static void CheckSelectors(Manifests manifests, List<string> faults)
    {
        var pods = manifests.Workloads.Select(workload => At(workload, "spec.template.metadata.labels")!.AsObject()).ToList();
        foreach (var item in manifests.Objects)
        {
            // A Service's selector is the labels themselves.
            var selectors = Descendants(item).Where(entry => entry.Key == "matchLabels").Select(entry => entry.Value)
                .Concat(Kind(item) == "Service" ? [item["spec"]!["selector"]!] : []);
            foreach (var labels in selectors.Select(selector => selector.AsObject()))
            {
                var isOfNamespace = labels.ContainsKey("kubernetes.io/metadata.name");
                if (!isOfNamespace && !pods.Any(pod => labels.All(label => pod[label.Key]?.ToString() == label.Value!.ToString())))
                {
                    faults.Add($"{Kind(item)} {Name(item)}: selects no pod of {labels.ToJsonString()}");
                }
            }

            if (Kind(item) == "Service")
            {
                CheckPorts(manifests, item, faults);
            }
        }
    }

    private static void CheckPorts(Manifests manifests, JsonNode service, List<string> faults)
    {
        var selected = manifests.Workloads.Where(workload => service["spec"]!["selector"]!.AsObject()
            .All(label => At(workload, "spec.template.metadata.labels")![label.Key]?.ToString() == label.Value!.ToString()));
        var names = selected.SelectMany(Containers).SelectMany(container => List(container["ports"])).Select(port => port["name"]!.ToString()).ToList();
        faults.AddRange(List(service["spec"]!["ports"]).Select(port => port["targetPort"]!.ToString()).Where(port => !names.Contains(port))
            .Select(port => $"Service {Name(service)}: no port {port} in its pods"));
    }

    private static IEnumerable<(string Key, JsonNode Value)> Descendants(JsonNode node) => node switch
    {
        JsonObject map => map.Where(entry => entry.Value is not null)
            .SelectMany(entry => Descendants(entry.Value!).Prepend((entry.Key, entry.Value!))),
        JsonArray list => list.SelectMany(entry => Descendants(entry!)),
        _ => [],
    };

    private static void Expect(JsonNode node, string where, List<string> faults, string path, string expected)
    {
        if (At(node, path)?.ToString() is var found && found != expected)
        {
            faults.Add($"{where}: {path} is {found ?? "nothing"}, not {expected}");
        }
    }

    internal static JsonNode? At(JsonNode? node, string path) => path.Split('.').Aggregate(node, (at, step) => at switch
    {
        JsonArray list => int.TryParse(step, out var index) && index < list.Count ? list[index] : null,
        JsonObject map => map[step],
        _ => null,
    });
}
