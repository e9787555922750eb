using System.Globalization;
using System.Reflection;
using System.Text;
using System.Text.Json;
using Dcc.Cli.Reporting;
using Dcc.Cli.Scenarios;
using Dcc.Cli.Scenarios.Export;
using Dcc.Core.Engine;

namespace Dcc.Cli.Deployment;

/// <summary>
/// A scenario as a folder that kubectl kustomize renders: base and components of k8s/, as they are in the repository, and an overlay of its own: one pod
/// per device, each behind the link that the scenario gives it (dcc link --scenario). Its faults are objects apart, in faults/: Chaos Mesh starts them
/// when they are applied, and knows no rounds.
/// </summary>
internal sealed class KubernetesOverlay
{
    private const string Base = "k8s/";
    private const string NoEquivalent = "# no equivalent: ";

    private readonly SortedDictionary<string, string> files = new(StringComparer.Ordinal);

    internal KubernetesOverlay(ScenarioFile file)
    {
        var (scenario, devices, _) = file.ForItself();
        List<string> missing = scenario.DevicesPerProcess is null ? [] : ["several devices in a process: every device has a pod of its own"];
        var faults = ChaosMeshExport.Write(scenario, Enumerable.Range(0, devices), withLinks: false);
        foreach (var line in faults.Split('\n').Where(line => line.StartsWith(NoEquivalent, StringComparison.Ordinal)))
        {
            missing.Add(line[NoEquivalent.Length..]);
        }

        Missing = [.. missing.Distinct()];
        var assembly = Assembly.GetExecutingAssembly();
        foreach (var name in assembly.GetManifestResourceNames().Where(name => name.StartsWith(Base, StringComparison.Ordinal)))
        {
            using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
            files[name[Base.Length..]] = reader.ReadToEnd();
        }

        files["scenario.yaml"] = file.Text;
        files["link.yaml"] = LinkPatch;
        files["kustomization.yaml"] = Kustomization(file, devices);
        if (faults.Contains("\nkind: ", StringComparison.Ordinal))
        {
            files["faults/network-chaos.yaml"] = faults;
            files["faults/kustomization.yaml"] = $"""
                # Faults of the scenario "{OneLine(file.Name)}" by Chaos Mesh, which has to be in the cluster. All are in force from the moment that they are applied.
                apiVersion: kustomize.config.k8s.io/v1beta1
                kind: Kustomization
                namespace: dcc
                resources: [network-chaos.yaml]

                """;
        }
    }

    /// <summary>What of the scenario a cluster has no equivalent for.</summary>
    internal IReadOnlyList<string> Missing { get; }

    /// <summary>Whether there are faults to apply.</summary>
    internal bool HasFaults => files.ContainsKey("faults/kustomization.yaml");

    internal void Write(string folder)
    {
        foreach (var (name, text) in files)
        {
            var path = Path.Combine(folder, name);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, text);
        }
    }

    // The sidecar of components/link, with the link of the pod's device in place of a profile. A list of arguments is replaced as a whole.
    private const string LinkPatch = """
        apiVersion: apps/v1
        kind: StatefulSet
        metadata:
          name: dcc-agent
        spec:
          template:
            spec:
              initContainers:
                - name: link
                  # ConfigMap dcc-link stays behind, unused.
                  envFrom: null
                  args:
                    - link
                    - --listen=127.0.0.1:6000
                    - --upstream=dcc-coordinator:5080
                    - --scenario=/etc/dcc/scenario.yaml
                    - --device=$(POD_INDEX)
                  env:
                    - name: POD_INDEX
                      valueFrom:
                        fieldRef: {fieldPath: "metadata.labels['apps.kubernetes.io/pod-index']"}
                  volumeMounts:
                    - {name: scenario, mountPath: /etc/dcc, readOnly: true}
              volumes:
                - name: scenario
                  configMap: {name: dcc-scenario}

        """;

    private string Kustomization(ScenarioFile file, int devices)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"# The scenario \"{OneLine(file.Name)}\", written by dcc deploy kubernetes: one pod per device, each behind its link.\n");
        foreach (var missing in Missing)
        {
            text.Append(CultureInfo.InvariantCulture, $"{NoEquivalent}{missing}\n");
        }

        text.Append(CultureInfo.InvariantCulture, $$"""
            apiVersion: kustomize.config.k8s.io/v1beta1
            kind: Kustomization
            namespace: dcc
            resources: [base]
            components: [components/sqlite, components/link]
            patches:
              - path: link.yaml
            replicas:
              - {name: dcc-agent, count: {{devices}}}
            configMapGenerator:
              - name: dcc-scenario
                files: [scenario.yaml]
              - name: dcc-agent
                namespace: dcc
                behavior: merge
                literals: [Agent__Devices=0-{{devices - 1}}, PARTS={{devices}}]
              - name: dcc-run
                namespace: dcc
                behavior: merge
                literals:

            """);
        foreach (var (name, value) in Reproduction.Options(file.Run.Parameters()))
        {
            text.Append(CultureInfo.InvariantCulture, $"      - Run__{Setting(name)}={value}\n");
        }

        return text.ToString();
    }

    // --step-rule is Run__StepRule.
    private static string Setting(string option) => option == "--round-deadline" ? "RoundDeadlineSeconds"
        : string.Concat(option[2..].Split('-').Select(word => char.ToUpperInvariant(word[0]) + word[1..]));

    private static string OneLine(string name) => name.ReplaceLineEndings(" ");
}
