using System.CommandLine;
using System.Globalization;
using Dcc.Cli.Scenarios;
using Dcc.Cli.Scenarios.Export;
using Dcc.Core.Validation;

namespace Dcc.Cli.Commands;

/// <summary>dcc scenario: what can be emulated, and whether a file says so rightly.</summary>
internal static class ScenarioCommand
{
    internal static Command Create()
    {
        var command = new DccCommand("scenario", "List, show, validate and export scenarios.")
        {
            Purpose = "A scenario is a YAML file that says who is on which link and what breaks when; dcc emulate and dcc simulate take its path, or the "
                + "name of a built-in one.",
            Examples =
            [
                ("dcc scenario list", "the built-in ones"),
                ("dcc scenario show chaos > mine.yaml", "one to start from"),
                ("dcc scenario validate mine.yaml", "every fault with its line"),
                ("dcc scenario export mine.yaml --format tc", "for a kernel's links"),
            ],
        };
        foreach (var sub in (Command[])[List(), Show(), Validate(), Export(), Schema()])
        {
            command.Add(sub);
        }

        return command;
    }

    private static Command List()
    {
        var command = new Command("list", "The built-in scenarios, one a line, name first.");
        command.SetAction(_ =>
        {
            var width = BuiltInScenarios.Names.Max(name => name.Length);
            foreach (var name in BuiltInScenarios.Names)
            {
                Console.Out.WriteLine($"{name.PadRight(width)}  {ScenarioFile.Open(name).Description}");
            }

            return Program.Done;
        });
        return command;
    }

    private static Command Show()
    {
        var name = Inputs.Scenario("NAME", required: true);
        var command = new Command("show", "Print a scenario as YAML.") { name };
        command.SetAction(parsed =>
        {
            Console.Out.Write(ScenarioFile.Open(parsed.GetValue(name)!).Text);
            return Program.Done;
        });
        return command;
    }

    private static Command Validate()
    {
        var file = Inputs.Scenario("FILE", required: true);
        var command = new Command("validate", "Check a scenario and name every fault with its line, as FILE:LINE: field: expected X, got Y.") { file };
        command.SetAction(parsed =>
        {
            var path = parsed.GetValue(file)!;
            var scenario = ScenarioFile.Open(path);
            try
            {
                var (settled, devices, rounds) = scenario.ForItself();
                Console.Out.WriteLine(string.Create(
                    CultureInfo.InvariantCulture, $"{path}: valid: {devices} devices, {rounds} rounds, {settled.Timeline.Count} faults to inject"));
                return Program.Done;
            }
            catch (InvalidInputException exception)
            {
                foreach (var fault in exception.Faults)
                {
                    Console.Error.WriteLine(fault.ToString().ReplaceLineEndings(" "));
                }

                return Program.BadInput;
            }
        });
        return command;
    }

    private static Command Export()
    {
        var name = Inputs.Scenario("NAME|FILE", required: true);
        var format = Inputs.Choice<ExportFormat>("--format", "What to write: tc commands, or Chaos Mesh objects.");
        var device = Inputs.Number<int>("--device", "Only this device's links and faults [all].", "I");
        format.Required = true;
        var command = new Command("export", "Write a scenario for the kernel or for a cluster, and say what has no equivalent there.")
        {
            name, format, device,
        };
        command.SetAction(parsed =>
        {
            var (scenario, devices, _) = ScenarioFile.Open(parsed.GetValue(name)!).ForItself();
            if (parsed.GetValue(device) is { } asked && (asked < 0 || asked >= devices))
            {
                throw new InvalidInputException(
                    "device", string.Create(CultureInfo.InvariantCulture, $"an index from 0 to {devices - 1}"),
                    asked.ToString(CultureInfo.InvariantCulture));
            }

            IEnumerable<int> chosen = parsed.GetValue(device) is { } one ? [one] : Enumerable.Range(0, devices);
            Console.Out.Write(parsed.GetValue(format) == ExportFormat.Tc
                ? TrafficControlExport.Write(scenario, chosen)
                : ChaosMeshExport.Write(scenario, chosen));
            return Program.Done;
        });
        return command;
    }

    private static Command Schema()
    {
        var command = new Command("schema", "Print the JSON Schema of scenario files, for editors.");
        command.SetAction(_ =>
        {
            Console.Out.Write(BuiltInScenarios.Schema);
            return Program.Done;
        });
        return command;
    }
}

internal enum ExportFormat
{
    Tc,
    ChaosMesh,
}
