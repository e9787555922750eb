using System.CommandLine;
using Dcc.Cli.Deployment;
using Dcc.Cli.Scenarios;
using Dcc.Core.Validation;

namespace Dcc.Cli.Commands;

/// <summary>dcc deploy: a scenario for somewhere else than this machine.</summary>
internal static class DeployCommand
{
    internal static Command Create()
    {
        var command = new DccCommand("deploy", "Write a scenario as what a cluster is given.")
        {
            Purpose = "The run, its devices and their links as Kustomize files of the repository's k8s folder, and the faults as Chaos Mesh objects.",
            Examples =
            [
                ("dcc deploy kubernetes --scenario satellite --output site", "a folder to render"),
                ("kubectl apply --dry-run=server -k site", "what the cluster says to it"),
            ],
        };
        command.Add(Kubernetes());
        return command;
    }

    private static Command Kubernetes()
    {
        var scenario = new Option<string>("--scenario") { Description = "A YAML file, or the name of a built-in scenario.", HelpName = "NAME|FILE", Required = true };
        var output = new Option<string>("--output") { Description = "The folder to write, a new or an empty one.", HelpName = "DIR", Required = true };
        Inputs.Complete(scenario, BuiltInScenarios.Names);
        var command = new Command("kubernetes", "Write a Kustomize overlay with all that it stands on, for kubectl apply -k.") { scenario, output };
        command.SetAction(parsed =>
        {
            var file = ScenarioFile.Open(parsed.GetValue(scenario)!);
            Check(file);
            var overlay = new KubernetesOverlay(file);
            var folder = parsed.GetValue(output)!;
            if (File.Exists(folder) || (Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any()))
            {
                throw new InvalidInputException("output", "a new or an empty folder", folder);
            }

            overlay.Write(folder);
            foreach (var missing in overlay.Missing)
            {
                Console.Error.WriteLine($"no equivalent: {missing}");
            }

            Console.Out.WriteLine($"kubectl apply -k {folder}");
            if (overlay.HasFaults)
            {
                Console.Out.WriteLine($"kubectl apply -k {Path.Combine(folder, "faults")}");
            }

            return Program.Done;
        });
        return command;
    }

    // Files beside the scenario are not carried along.
    private static void Check(ScenarioFile file)
    {
        var (scenario, devices, _) = file.ForItself();
        if (file.Run.System is not null)
        {
            throw new InvalidInputException("run.system", "devices that are sampled by the seed", "a system file, which a cluster is not given");
        }

        if (file.Run.Parameters().InitialTheta.Distinct().Count() > 1)
        {
            throw new InvalidInputException("run.initialTheta", "one number", "a list, which a coordinator cannot be told");
        }

        if (Enumerable.Range(0, devices).Select(scenario.LinkOf).Any(link => link.Up.Trace is not null || link.Down.Trace is not null))
        {
            throw new InvalidInputException("links", "links without a trace", "a packet-delivery file, which a cluster is not given");
        }
    }
}
