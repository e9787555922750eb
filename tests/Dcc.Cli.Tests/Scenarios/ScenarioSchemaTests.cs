using System.Text.Json;

namespace Dcc.Cli.Tests.Scenarios;

/// <summary>
/// The schema that editors use and the parser are written apart; an unknown key makes the parser list the keys it knows, which must be the
/// schema's.
/// </summary>
public sealed class ScenarioSchemaTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("", "x: 1")]
    [InlineData("run", "run: {x: 1}")]
    [InlineData("system", "run: {system: {x: 1}}")]
    [InlineData("linkPlan", "links: {x: 1}")]
    [InlineData("mixPart", "links: {mix: [{x: 1}]}")]
    [InlineData("override", "links: {overrides: [{x: 1}]}")]
    [InlineData("classPlan", "classes: {x: 1}")]
    [InlineData("classOverride", "classes: {overrides: [{x: 1}]}")]
    [InlineData("linkFields", "links: {default: {x: 1}}")]
    [InlineData("direction", "links: {default: {up: {x: 1}}}")]
    [InlineData("burst", "links: {default: {burst: {x: 1}}}")]
    [InlineData("atTime", "timeline: [{at: {time: 1 s, x: 1}}]")]
    [InlineData("atRound", "timeline: [{at: {round: 1, x: 1}}]")]
    [InlineData("atPoint", "timeline: [{at: {point: push-sent, x: 1}}]")]
    [InlineData("linkPartition", "timeline: [{link: partition, x: 1}]")]
    [InlineData("linkStall", "timeline: [{link: stall, x: 1}]")]
    [InlineData("linkReset", "timeline: [{link: reset, x: 1}]")]
    [InlineData("linkChange", "timeline: [{link: change, x: 1}]")]
    [InlineData("linkRefuse", "timeline: [{link: refuse, x: 1}]")]
    [InlineData("linkLimit", "timeline: [{link: limit, x: 1}]")]
    [InlineData("linkSlowClose", "timeline: [{link: slow-close, x: 1}]")]
    [InlineData("agentKill", "timeline: [{agent: kill, x: 1}]")]
    [InlineData("agentPause", "timeline: [{agent: pause, x: 1}]")]
    [InlineData("coordinatorKill", "timeline: [{coordinator: kill, x: 1}]")]
    [InlineData("coordinatorTerminate", "timeline: [{coordinator: terminate, x: 1}]")]
    [InlineData("coordinatorPause", "timeline: [{coordinator: pause, x: 1}]")]
    [InlineData("chaos", "chaos: {x: 1}")]
    public async Task SchemaKeys_OfEveryMapping_AreTheParsersAndTheRequiredOnesToo(string definition, string yaml)
    {
        var part = await Definition(definition);
        var faults = await Faults(yaml);
        var listed = faults.Single(fault => fault.Field.EndsWith(".x", StringComparison.Ordinal) || fault.Field == "x").Expected;
        var known = listed[(listed.StartsWith("one of ", StringComparison.Ordinal) ? "one of " : "only ").Length..].Split(", ");
        Assert.Equal(part.GetProperty("properties").EnumerateObject().Select(property => property.Name).Order(), known.Order());

        // What is left out and needed is named beside the unknown key.
        var required = part.TryGetProperty("required", out var names) ? names.EnumerateArray().Select(name => name.GetString()!) : [];
        var given = yaml.Split([' ', '{', '[', ':', ',']).ToHashSet();
        var missing = faults.Where(fault => fault.Actual == "nothing").Select(fault => fault.Field.Split('.')[^1]).ToHashSet();
        Assert.All(required.Where(name => !given.Contains(name)), name => Assert.Contains(name, missing));
    }

    [Theory]
    [InlineData("solver", "run: {solver: x}")]
    [InlineData("stepRule", "run: {stepRule: x}")]
    [InlineData("congestion", "run: {congestion: x}")]
    [InlineData("congestionForm", "run: {congestionForm: x}")]
    [InlineData("criterion", "run: {criterion: x}")]
    [InlineData("gradient", "run: {gradient: x}")]
    [InlineData("perturbation", "run: {perturbation: x}")]
    [InlineData("jitterDistribution", "links: {default: {jitterDistribution: x}}")]
    [InlineData("direction", "timeline: [{at: {round: 1}, link: partition, direction: x, devices: 1, for: 1 s}]")]
    [InlineData("point", "timeline: [{at: {point: x, device: 1, round: 1}, link: reset, devices: 1}]")]
    [InlineData("profile", "links: {default: {profile: x}}")]
    [InlineData("default", "classes: {default: x}")]
    public async Task SchemaChoices_OfEveryField_AreTheParsers(string field, string yaml)
    {
        var choices = (await Faults(yaml)).Single(fault => fault.Field.EndsWith("." + field, StringComparison.Ordinal)).Expected;
        Assert.Contains(choices, Enumerations(await Schema()).Select(names => string.Join('|', names)));
    }

    [Fact]
    public async Task Schema_Printed_IsDraft202012()
    {
        var schema = await Schema();
        Assert.Equal("https://json-schema.org/draft/2020-12/schema", schema.GetProperty("$schema").GetString());
    }

    private static IEnumerable<IEnumerable<string>> Enumerations(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => element.EnumerateObject().SelectMany(property => property.Name == "enum"
            ? [property.Value.EnumerateArray().Select(value => value.GetString()!)]
            : Enumerations(property.Value)),
        JsonValueKind.Array => element.EnumerateArray().SelectMany(Enumerations),
        _ => [],
    };

    private async Task<IReadOnlyList<(string Field, string Expected, string Actual)>> Faults(string yaml)
    {
        var file = folder["probe.yaml"];
        await File.WriteAllTextAsync(file, yaml, TestContext.Current.CancellationToken);
        var result = await DccProcess.Run("scenario", "validate", file);
        return [.. result.Error.TrimEnd('\n').Split('\n').Select(line =>
        {
            var field = line[(line.IndexOf(": ", StringComparison.Ordinal) + 2)..];
            var (expected, got) = (field.IndexOf(": expected ", StringComparison.Ordinal), field.IndexOf(", got ", StringComparison.Ordinal));
            return (field[..expected], field[(expected + ": expected ".Length)..got], field[(got + ", got ".Length)..]);
        })];
    }

    private static async Task<JsonElement> Definition(string name)
    {
        var schema = await Schema();
        return name == "" ? schema : schema.GetProperty("$defs").GetProperty(name);
    }

    private static async Task<JsonElement> Schema()
    {
        using var document = JsonDocument.Parse((await DccProcess.Run("scenario", "schema")).Output);
        return document.RootElement.Clone();
    }
}
