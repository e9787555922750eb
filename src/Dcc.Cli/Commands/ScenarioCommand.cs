using System.CommandLine;
using System.Globalization;
using Dcc.Cli.Scenarios;
using Dcc.Core.Validation;

namespace Dcc.Cli.Commands;

/// <summary>dcc scenario: what can be emulated, and whether a file says so rightly.</summary>
internal static class ScenarioCommand
{
    internal static Command Create() => new("scenario", "List, show, validate and export scenarios.")
    {
        List(), Show(), Validate(), Schema(),
    };

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
