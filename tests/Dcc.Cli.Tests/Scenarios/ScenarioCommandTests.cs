namespace Dcc.Cli.Tests.Scenarios;

public sealed class ScenarioCommandTests : IDisposable
{
    private static readonly string[] Names =
    [
        "default", "lossy-lte", "flapping-wifi", "partition-and-heal", "asymmetric-partition", "satellite", "slow-devices", "agent-churn",
        "coordinator-crash", "chaos",
    ];

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task List_Redirected_OneALineNameFirstInLowerCase()
    {
        var result = await DccProcess.Run("scenario", "list");
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        var lines = result.Output.TrimEnd('\n').Split('\n');
        Assert.Equal(Names, lines.Select(line => line.Split(' ')[0]));
        Assert.All(lines, line => Assert.Matches("^[a-z0-9-]+  +[a-z].+$", line));
    }

    [Fact]
    public async Task BuiltIn_Each_ValidatesNamesItselfSaysWhatToSeeAndUsesNoTimes()
    {
        foreach (var name in Names)
        {
            var valid = await DccProcess.Run("scenario", "validate", name);
            Assert.Equal((0, ""), (valid.ExitCode, valid.Error));
            Assert.StartsWith($"{name}: valid: ", valid.Output, StringComparison.Ordinal);
            Assert.Equal(1, valid.Output.Count(character => character == '\n'));

            var shown = (await DccProcess.Run("scenario", "show", name)).Output;
            Assert.Contains($"\nname: {name}\n", shown, StringComparison.Ordinal);
            Assert.Contains("# One should see ", shown, StringComparison.Ordinal);
            Assert.DoesNotContain("time:", shown, StringComparison.Ordinal);

            // What is shown is a file that can be edited and used.
            var copy = folder[$"{name}.yaml"];
            await File.WriteAllTextAsync(copy, shown, TestContext.Current.CancellationToken);
            Assert.Equal(0, (await DccProcess.Run("scenario", "validate", copy)).ExitCode);
        }
    }

    [Fact]
    public async Task BuiltIn_TwoDevices_IsEnoughForEach()
    {
        foreach (var name in Names)
        {
            var result = await DccProcess.Run(
                "simulate", name, "--devices", "2", "--steps", "200", "--output", folder[name]);
            Assert.True(result.ExitCode == 0, $"{name}: {result.Error}");
        }
    }

    [Theory]
    [InlineData("simulate", "no-such-scenario")]
    [InlineData("emulate", "no-such-scenario")]
    [InlineData("scenario", "validate", "no-such-scenario")]
    [InlineData("scenario", "show", "/tmp")]
    [InlineData("scenario", "export", "no-such-scenario", "--format", "tc")]
    public async Task UnknownScenario_ExitsTwoNamingTheList(params string[] arguments)
    {
        var result = await DccProcess.Run(arguments);
        Assert.Equal((2, ""), (result.ExitCode, result.Output));
        Assert.StartsWith("dcc: SCENARIO: expected a YAML file or one of ", result.Error, StringComparison.Ordinal);
        Assert.All(Names, name => Assert.Contains(name, result.Error, StringComparison.Ordinal));
        Assert.Equal(1, result.Error.Count(character => character == '\n'));
    }

    [Theory]
    [InlineData("link", "simulate", "--link", "carrier-pigeon")]
    [InlineData("device", "scenario", "export", "chaos", "--format", "tc", "--device", "10")]
    [InlineData("format", "scenario", "export", "chaos", "--format", "ns-3")]
    [InlineData("--format", "scenario", "export", "chaos")]
    [InlineData("FILE", "scenario", "validate")]
    [InlineData("--fast", "emulate", "--fast")]
    public async Task BadOption_ExitsTwoNamingIt(string field, params string[] arguments)
    {
        var result = await DccProcess.Run(arguments);
        Assert.Equal((2, ""), (result.ExitCode, result.Output));
        Assert.Contains(field, result.Error, StringComparison.Ordinal);
        Assert.Equal(1, result.Error.Count(character => character == '\n'));
    }

    [Fact]
    public async Task Emulate_BrokenScenario_StartsNothingAndJoinsAllFaultsInOneLine()
    {
        var file = folder["broken.yaml"];
        await File.WriteAllTextAsync(
            file, "name: broken\nrun:\n  rounds: none\nlinks: pigeon\ntimeline:\n  - at: {round: 1}\n", TestContext.Current.CancellationToken);
        var result = await DccProcess.Run("emulate", file, "--output", folder["out"]);
        Assert.Equal((2, ""), (result.ExitCode, result.Output));
        Assert.Equal(1, result.Error.Count(character => character == '\n'));
        Assert.Contains($"dcc: {file}:3: run.rounds: ", result.Error, StringComparison.Ordinal);
        Assert.Contains($"; {file}:4: links: ", result.Error, StringComparison.Ordinal);
        Assert.Contains($"; {file}:6: timeline[0]: ", result.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder["out"]));
    }

    [Fact]
    public async Task Simulate_FewerDevicesThanTheScenarioNames_IsRefusedAtTheLineThatNamesThem()
    {
        var file = folder["five.yaml"];
        await File.WriteAllTextAsync(
            file, "name: five\ntimeline:\n  - at: {round: 4}\n    link: reset\n    devices: [0, 4]\n", TestContext.Current.CancellationToken);
        Assert.Equal(0, (await DccProcess.Run("scenario", "validate", file)).ExitCode);
        var result = await DccProcess.Run("simulate", file, "--devices", "4", "--rounds", "3", "--output", folder["out"]);
        Assert.Equal(2, result.ExitCode);
        Assert.Contains("five.yaml:3: timeline[0].at.round: expected an index from 0 to 3, got 4", result.Error, StringComparison.Ordinal);
        Assert.Contains("five.yaml:5: timeline[0].devices: expected device indices from 0 to 3, got 4", result.Error, StringComparison.Ordinal);
    }
}
