using System.Text.Json;

namespace Dcc.Cli.Tests.Scenarios;

/// <summary>Option over scenario over system file over default.</summary>
public sealed class ScenarioPrecedenceTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private int runs;

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Simulate_ScenarioWithRunSettings_HasTheDigestOfTheSameOptions()
    {
        await Write("run.yaml", """
            name: run
            run: {devices: 3, rounds: 2, seed: 7, steps: 500, solver: q-learning, stepRule: robbins-monro, congestion: mean-field, alpha: 1.5,
              congestionForm: plain, criterion: average, gradient: exact-multiplier, perturbation: gaussian, perturbationSize: 0.05, initialTheta: 0.25}
            links: {mix: [{link: lte, weight: 1}, {link: wifi, weight: 1}]}
            timeline:
              - {at: {round: 1}, link: stall, devices: all, for: 1 s}
            """);
        var options = await Digest(
            "--devices", "3", "--rounds", "2", "--seed", "7", "--steps", "500", "--solver", "q-learning", "--step-rule", "robbins-monro",
            "--congestion", "mean-field", "--alpha", "1.5", "--congestion-form", "plain", "--criterion", "average", "--gradient",
            "exact-multiplier", "--perturbation", "gaussian", "--perturbation-size", "0.05", "--initial-theta", "0.25");
        Assert.Equal(options, await Digest(folder["run.yaml"]));

        // An option wins over the scenario, and only for its own value.
        Assert.Equal(await Digest(folder["run.yaml"], "--seed", "7"), options);
        var other = await Digest(folder["run.yaml"], "--seed", "8", "--rounds", "3");
        Assert.NotEqual(options, other);
        var summary = DccProcess.Summary(folder[$"{runs}"]);
        Assert.Equal((8, 3, 3), (Number(summary, "seed"), Number(summary, "rounds"), Number(summary, "devices")));
        Assert.Equal("q-learning", summary.GetProperty("solver").GetString());
    }

    [Fact]
    public async Task Simulate_SystemInScenario_StandsBelowScenarioAndOption()
    {
        var golden = await File.ReadAllTextAsync(DccProcess.Golden("system-n2-a2.json"), TestContext.Current.CancellationToken);
        Directory.CreateDirectory(folder["systems"]);
        await Write("systems/two.json", golden);
        await Write("file.yaml", "name: file\nrun: {system: systems/two.json, steps: 500, rounds: 2}\n");
        await Write("inline.yaml", $"name: inline\nrun: {{steps: 500, rounds: 2, system: {golden}}}\n");
        await Write("alpha.yaml", "name: alpha\nrun: {system: systems/two.json, steps: 500, rounds: 2, alpha: 1.25}\n");
        string[] common = ["--steps", "500", "--rounds", "2"];

        var expected = await Digest(["--system", DccProcess.Golden("system-n2-a2.json"), .. common]);
        Assert.Equal(expected, await Digest(folder["file.yaml"]));
        Assert.Equal(expected, await Digest(folder["inline.yaml"]));
        Assert.Equal(
            await Digest(["--system", DccProcess.Golden("system-n2-a2.json"), "--alpha", "1.25", .. common]), await Digest(folder["alpha.yaml"]));
        Assert.Equal(
            await Digest(["--system", DccProcess.Golden("system-n2-a1.json"), .. common]),
            await Digest(folder["file.yaml"], "--system", DccProcess.Golden("system-n2-a1.json")));

        var refused = await DccProcess.Run("simulate", folder["file.yaml"], "--devices", "3", "--output", folder["refused"]);
        Assert.Equal(2, refused.ExitCode);
        Assert.StartsWith("dcc: devices: expected 2, ", refused.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Simulate_AnyBuiltInOrLink_DoesNotChangeTheResult()
    {
        string[] common = ["--devices", "3", "--steps", "500", "--rounds", "4"];
        var calm = await Digest(common);
        foreach (var name in new[] { "default", "flapping-wifi", "agent-churn", "chaos", "satellite" })
        {
            Assert.Equal(calm, await Digest([name, .. common]));
        }

        Assert.Equal(calm, await Digest(["chaos", "--link", "geo-satellite", .. common]));
    }

    [Fact]
    public async Task Emulate_Scenario_HasTheDigestOfSimulate()
    {
        await Write("small.yaml", "name: small\nrun: {devices: 3, rounds: 2, steps: 500, devicesPerProcess: 2}\n");
        var simulated = await Digest(folder["small.yaml"]);
        var result = await DccProcess.Run("emulate", folder["small.yaml"], "--link", "loopback", "--output", folder["emulated"]);
        Assert.True(result.ExitCode == 0, result.Error);
        Assert.Equal(simulated, DccProcess.Summary(folder["emulated"]).GetProperty("digest").GetString());

        // Three devices, two to a process.
        Assert.Equal(2, Directory.GetFiles(Path.Combine(folder["emulated"], "logs"), "agent-*").Length);
    }

    private async Task<string> Digest(params string[] arguments)
    {
        var output = folder[$"{++runs}"];
        var result = await DccProcess.Run(["simulate", .. arguments, "--output", output]);
        Assert.True(result.ExitCode == 0, result.Error);
        return DccProcess.Summary(output).GetProperty("digest").GetString()!;
    }

    private static int Number(JsonElement summary, string name) => summary.GetProperty(name).GetInt32();

    private Task Write(string name, string text) => File.WriteAllTextAsync(folder[name], text, TestContext.Current.CancellationToken);
}
