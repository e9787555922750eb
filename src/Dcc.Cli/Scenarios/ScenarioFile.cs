using System.Text.Json;
using Dcc.Cli.Scenarios.Yaml;
using Dcc.Cli.Terminal;
using Dcc.Core.Engine;
using Dcc.Core.Validation;
using Dcc.Links;

namespace Dcc.Cli.Scenarios;

/// <summary>
/// A scenario as written. What depends on the numbers of devices and rounds, which options may override, is settled and checked by
/// <see cref="For"/>; only then are all faults of the file reported, those of reading included.
/// </summary>
internal sealed class ScenarioFile
{
    /// <summary>The keys at the top of a file.</summary>
    internal static readonly string[] Keys = ["name", "description", "run", "links", "classes", "timeline", "chaos"];

    private readonly ScenarioFaults faults;
    private LinkPlan links = LinkPlan.Uniform(LinkProfile.Find(LinkPlan.DefaultProfile)!);
    private ClassPlan classes = new();
    private List<TimelineEntry> timeline = [];
    private Chaos? chaos;
    private YamlNode? run;

    private ScenarioFile(string text, string source, ScenarioFaults faults) => (Text, Name, this.faults) = (text, source, faults);

    /// <summary>The file's text.</summary>
    internal string Text { get; }

    /// <summary>The scenario's name.</summary>
    internal string Name { get; private set; }

    /// <summary>What it is for, in one line.</summary>
    internal string Description { get; private set; } = "";

    /// <summary>What it says about the run itself.</summary>
    internal RunSettings Run { get; private set; } = new();

    /// <summary>Finds a scenario: a built-in of that name, or else a file.</summary>
    /// <exception cref="InvalidInputException">Neither, or a file that cannot be read.</exception>
    internal static ScenarioFile Open(string nameOrPath)
    {
        if (BuiltInScenarios.Find(nameOrPath) is { } builtIn)
        {
            return Read(builtIn, nameOrPath, ".");
        }

        if (!File.Exists(nameOrPath))
        {
            throw new InvalidInputException(
                "SCENARIO", $"a YAML file or one of {string.Join(", ", BuiltInScenarios.Names)}",
                YamlScalar.Shorten(nameOrPath) + NearestName.Hint(nameOrPath, BuiltInScenarios.Names));
        }

        try
        {
            return Read(BoundedFile.ReadText(nameOrPath), nameOrPath, Path.GetDirectoryName(Path.GetFullPath(nameOrPath))!);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new InvalidInputException("SCENARIO", "a readable file of UTF-8 text, at most 1 MiB", $"{nameOrPath} ({exception.Message})");
        }
    }

    /// <summary>The scenario for a run of this size.</summary>
    /// <param name="devices">N, at least 1.</param>
    /// <param name="rounds">R, at least 1.</param>
    /// <param name="seed">Draws links from a mix, and chaos.</param>
    /// <param name="link">Overrides the links of all devices; null to leave them.</param>
    /// <exception cref="InvalidInputException">Every fault of the file, each with its line.</exception>
    internal Scenario For(int devices, int rounds, ulong seed, LinkProfile? link)
    {
        var found = faults.Copy();
        var scenario = Settle(devices, rounds, seed, link, found);
        found.Throw();
        return scenario;
    }

    /// <summary>The scenario for the run that the file itself asks for, which is checked too.</summary>
    /// <exception cref="InvalidInputException">Every fault of the file, each with its line.</exception>
    internal (Scenario Scenario, int Devices, int Rounds) ForItself()
    {
        var found = faults.Copy();
        var parameters = Run.Parameters();
        CheckRun(parameters, found);
        var scenario = Settle(parameters.Devices, parameters.Rounds, parameters.Seed, link: null, found);
        if (Run.DevicesPerProcess is { } several && ClassPlan.Mixed(scenario.Classes, several) is { } mixed)
        {
            found.Add(run!.LineOf("devicesPerProcess"), "run.devicesPerProcess", "devices of one class in each process", mixed);
        }

        found.Throw();
        return (scenario, parameters.Devices, parameters.Rounds);
    }

    private Scenario Settle(int devices, int rounds, ulong seed, LinkProfile? link, ScenarioFaults faults)
    {
        // Where the file's own size could not be read, what is out of range of a default would mislead.
        var found = Run.SizeKnown ? faults : faults.Copy();
        var settings = links.Of(devices, seed, found);
        var injected = timeline.Select(entry => entry.In(devices, rounds, found)).OfType<TimelineFault>().ToList();
        injected.AddRange(chaos?.Expand(devices, rounds, seed, injected.Select(fault => fault.Trigger), found) ?? []);
        TimelineConflicts.Find(injected, Run.DevicesPerProcess ?? 1, found);
        return new Scenario(
            Name, link is null ? settings : LinkPlan.Uniform(link).Of(devices, seed, found), classes.Of(devices, found), injected, Run.DevicesPerProcess);
    }

    // What is wrong with values that are each in range: a criterion that a solver has not, one theta too many.
    private void CheckRun(RunParameters parameters, ScenarioFaults found)
    {
        if (run is null || found.Count > 0)
        {
            return;
        }

        try
        {
            parameters.Validate();
        }
        catch (InvalidInputException exception)
        {
            foreach (var fault in exception.Faults)
            {
                var key = RunSettings.Keys.FirstOrDefault(key => JsonNamingPolicy.KebabCaseLower.ConvertName(key) == fault.Field) ?? fault.Field;
                found.Add(run.LineOf(key), $"run.{key}", fault.Expected, fault.Actual);
            }
        }
    }

    // As the names of Kubernetes objects, which an export makes of it (RFC 1123).
    private static bool IsLabel(string name) =>
        name.Length is > 0 and <= 63 && !name.StartsWith('-') && !name.EndsWith('-')
        && name.All(character => char.IsAsciiLetterLower(character) || char.IsAsciiDigit(character) || character == '-');

    private static ScenarioFile Read(string text, string source, string folder)
    {
        var faults = new ScenarioFaults(source);
        var file = new ScenarioFile(text, source, faults);
        if (YamlText.Read(text, faults) is not { } root || YamlFields.Of(root, "", faults, Keys) is not { } fields)
        {
            return file;
        }

        fields.Require("name");
        var name = fields.Text("name");
        file.Name = name ?? source;
        file.Description = fields.Text("description") ?? "";
        if (name is not null && !IsLabel(name))
        {
            fields.Fault("name", "1 to 63 lower-case letters, digits and hyphens, none at either end", YamlScalar.Shorten(file.Name));
        }

        var links = new LinkReader(folder, faults);
        file.run = fields.Find("run");
        file.Run = RunSettings.Read(file.run, folder, faults);
        file.links = LinkPlan.Read(fields.Find("links"), links, faults);
        file.classes = ClassPlan.Read(fields.Find("classes"), faults);
        file.timeline = new TimelineReader(links, faults).Read(fields);
        file.chaos = fields.Find("chaos") is { } node ? Chaos.Read(node, faults) : null;
        if (file.Run is { Devices: { } devices, System: { } system } && devices != system.Devices.Length)
        {
            faults.Add(
                file.run!.LineOf("devices"), "run.devices", $"{system.Devices.Length}, the number in the system", $"{devices}");
        }

        return file;
    }
}
