using System.Globalization;

namespace Dcc.Cli.Tests.Scenarios;

/// <summary>Each broken file is rejected by its line and reason, and by nothing else.</summary>
public sealed class BrokenScenarioTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    public static TheoryData<int, string, string> BrokenFiles => new()
    {
        // The file as such.
        { 1, "scenario: expected a mapping, got an empty file", "" },
        { 1, "scenario: expected a mapping, got an empty file", "# nothing but a comment\n" },
        { 1, "scenario: expected a mapping of name, description, run, links, classes, timeline, chaos, got a list", "- name: a\n" },
        { 1, "scenario: expected a mapping of name, description, run, links, classes, timeline, chaos, got hello", "hello" },
        { 3, "syntax: expected valid YAML", "name: a\nrun:\n  {devices: 3" },
        { 2, "syntax: expected spaces as indentation, got a tab", "name: a\n\trun: {}\n" },
        { 2, "syntax: expected valid YAML", "name: a\nlinks: \"lte\n" },
        { 2, "syntax: expected valid YAML, got nested deeper than 16 levels", "name: a\nrun: [[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]\n" },
        { 3, "syntax: expected valid YAML, got text that cannot stand here, or is not indented", "name: a\nrun: {devices: 3,\nrounds: 4}\n" },
        { 1, "name: expected a text, got 5", "name: 5\n" },
        { 2, "scenario: expected one document, got another document", "name: a\n---\nname: b\n" },
        { 3, "run.seed: expected one value (line 2 has it), got the key again", "name: a\nrun: {seed: 1,\n  seed: 2}\n" },
        { 2, "links: expected no anchor, got &l", "name: a\nlinks: &l lte\n" },
        { 3, "description: expected a text, got an alias (*l)", "name: a\nlinks: lte\ndescription: *l\n" },
        { 2, "run.rounds: expected no tag, got tag:yaml.org,2002:int", "name: a\nrun: {rounds: !!int 3}\n" },
        { 2, "timelines: expected one of name, description, run, links, classes, timeline, chaos, got an unknown key", "name: a\ntimelines: []\n" },
        { 1, "name: expected a value, got nothing", "run: {}\n" },
        { 2, "name: expected 1 to 63 lower-case letters, digits and hyphens, none at either end, got My Scenario", "# a name with a space\nname: My Scenario\n" },

        { 1, "name: expected 1 to 63 lower-case letters, digits and hyphens, none at either end, got -", "name: \"-\"\n" },
        { 2, "syntax: expected valid YAML, got text that cannot stand here", "name: a\ndescription: \"\\UFFFFFFFF\"\n" },

        // The run.
        { 2, "run: expected a mapping of devices, rounds, ", "name: a\nrun: 5\n" },
        { 3, "run.device: expected one of devices, rounds, ", "name: a\nrun:\n  device: 5\n" },
        { 3, "run.devices: expected a whole number from 1 to 1000000, got 0", "name: a\nrun:\n  devices: 0\n" },
        { 3, "run.rounds: expected a whole number from 1 to 1000000, got 2.5", "name: a\nrun:\n  rounds: 2.5\n" },
        { 3, "run.rounds: expected a whole number from 1 to 1000000, got \"3\"", "name: a\nrun:\n  rounds: \"3\"\n" },
        { 3, "run.rounds: expected a whole number from 1 to 1000000, got nothing", "name: a\nrun:\n  rounds:\n" },
        { 3, "run.seed: expected a whole number from 0 to 2^64-1, got -1", "name: a\nrun:\n  seed: -1\n" },
        { 3, "run.solver: expected q-learning|price-q|exact|dqn|ppo, got PriceQ", "name: a\nrun:\n  solver: PriceQ\n" },
        { 3, "run.alpha: expected a positive number, got .inf", "name: a\nrun:\n  alpha: .inf\n" },
        { 3, "run.perturbationSize: expected a number in [1e-12, 0.5], got 0.6", "name: a\nrun:\n  perturbationSize: 0.6\n" },
        { 4, "run.initialTheta[1]: expected a number in [0, 1], got 2", "name: a\nrun:\n  initialTheta: [0.5,\n    2]\n" },
        { 3, "run.system: expected a readable file or an inline system", "name: a\nrun:\n  system: no-such-file.json\n" },
        { 3, "run.system: expected a readable file or an inline system, got /dev/zero (larger than 128 MiB)", "name: a\nrun:\n  system: /dev/zero\n" },
        { 3, "run.devicesPerProcess: expected a whole number from 1 to 4000, got 4001", "name: a\nrun:\n  devicesPerProcess: 4001\n" },
        { 4, "run.system.gamma: expected a number in (0, 1), got 1.5", System("gamma: 1.5", "maxCost: 7") },
        { 9, "run.system.devices[0].maxCost: ", System("gamma: 0.9", "maxCost: 0") },
        { 10, "run.devices: expected 1, the number in the system, got 3", System("gamma: 0.9", "maxCost: 7") + "  devices: 3\n" },
        { 4, "run.initialTheta: expected 3 numbers, one per device, got 2", "name: a\nrun:\n  devices: 3\n  initialTheta: [0.1, 0.2]\n" },
        { 3, "run.criterion: expected discounted with solver exact", "name: a\nrun:\n  criterion: average\n  solver: exact\n" },

        // Links.
        { 2, "links: expected loopback|ethernet|wifi|", "name: a\nlinks: pigeon\n" },
        { 3, "links.defaults: expected one of default, mix, overrides, got an unknown key", "name: a\nlinks:\n  defaults: lte\n" },
        { 4, "links.default.profile: expected loopback|", "name: a\nlinks:\n  default:\n    profile: [lte]\n" },
        { 4, "links.default.latency: expected a duration such as 50 ms or 2 s, got 50", "name: a\nlinks:\n  default:\n    latency: 50\n" },
        { 4, "links.default.latency: expected a duration such as 50 ms or 2 s, got -5 ms", "name: a\nlinks:\n  default:\n    latency: -5 ms\n" },
        { 4, "links.default.latency: expected 0 s to 10 minutes, got ", "name: a\nlinks:\n  default:\n    latency: 601 s\n" },
        { 4, "links.default.bandwidth: expected a bandwidth such as 20 Mbit/s", "name: a\nlinks:\n  default:\n    bandwidth: 20 MB/s\n" },
        { 4, "links.default.bandwidth: expected 1 byte/s to 1 TB/s, got 0", "name: a\nlinks:\n  default:\n    bandwidth: 0 kbit/s\n" },
        { 4, "links.default.queue: expected at least 1448, got 1024", "name: a\nlinks:\n  default:\n    queue: 1 KiB\n" },
        { 4, "links.default.queue: expected a size such as 64 KiB", "name: a\nlinks:\n  default:\n    queue: 64 kB\n" },
        { 4, "links.default.loss: expected a probability such as 1 % or 0.01, got 101 %", "name: a\nlinks:\n  default:\n    loss: 101 %\n" },
        { 4, "links.default.loss: expected a probability in [0, 1), got 1", "name: a\nlinks:\n  default:\n    loss: 100 %\n" },
        { 4, "links.default.jitterDistribution: expected uniform|normal|pareto, got gauss", "name: a\nlinks:\n  default:\n    jitterDistribution: gauss\n" },
        { 5, "links.default.up.burst.toGood: expected a probability in (0, 1], got 0", "name: a\nlinks:\n  default:\n    up:\n      burst: {toBad: 1 %, toGood: 0, lossInBad: 50 %}\n" },
        { 4, "links.default.burst.lossInBad: expected a value, got nothing", "name: a\nlinks:\n  default:\n    burst: {toBad: 1 %, toGood: 0.5}\n" },
        { 4, "links.default.trace: expected driving-lte|steady-3g or a readable file, got none.trace", "name: a\nlinks:\n  default:\n    trace: none.trace\n" },
        { 4, "links.default.trace: expected at least one line that is not 0, got an empty file (empty.trace, trace)", "name: a\nlinks:\n  default:\n    trace: empty.trace\n" },
        { 4, "links.default.trace: expected at least 7, the line before (ascending), got 3 (falling.trace, trace line 2)", "name: a\nlinks:\n  default:\n    trace: falling.trace\n" },
        { 5, "links.default.trace: expected no bandwidth beside it, got both", "name: a\nlinks:\n  default:\n    bandwidth: 1 Mbit/s\n    trace: good.trace\n" },
        { 4, "links.mix: expected no default beside it, got both", "name: a\nlinks:\n  default: lte\n  mix: [{link: wifi, weight: 1}]\n" },
        { 3, "links.mix: expected a list of at least one item, got an empty list", "name: a\nlinks:\n  mix: []\n" },
        { 4, "links.mix[1].weight: expected a positive number up to 1000000, got 0", "name: a\nlinks:\n  mix: [{link: wifi, weight: 1},\n    {link: lte, weight: 0}]\n" },
        { 3, "links.overrides[0].devices: expected device indices from 0 to 9, got 10", "name: a\nlinks:\n  overrides: [{devices: 8-10, link: lte}]\n" },
        { 5, "links.overrides[1].devices: expected each device in one override, got device 4 again", "name: a\nlinks:\n  overrides:\n    - {devices: 0-4, link: lte}\n    - {devices: [4, 5], link: 3g}\n" },
        { 3, "links.overrides[0].devices: expected each device once, got 0-3 and 2", "name: a\nlinks:\n  overrides: [{devices: [0-3, 2], link: lte}]\n" },
        { 3, "links.overrides[0].devices: expected all, odd, even, an index, a range such as 0-4", "name: a\nlinks:\n  overrides: [{devices: 4-0, link: lte}]\n" },

        // Classes.
        { 2, "classes: expected pi-zero-2|pi-3|pi-4|pi-5|unlimited, got pi4 (did you mean pi-4?)", "name: a\nclasses: pi4\n" },
        { 2, "classes: expected a mapping of default, overrides, got nothing", "name: a\nclasses:\n" },
        { 3, "classes.overrides[0].class: expected pi-zero-2|pi-3|pi-4|pi-5|unlimited, got a list", "name: a\nclasses:\n  overrides: [{devices: 1, class: [pi-3]}]\n" },
        { 3, "classes.overrides[0].devices: expected device indices from 0 to 9, got 10", "name: a\nclasses:\n  overrides: [{devices: 10, class: pi-3}]\n" },
        { 3, "classes.overrides[1].devices: expected each device in one override, got device 4 again", "name: a\nclasses: {overrides: [{devices: 4, class: pi-3},\n  {devices: even, class: pi-4}]}\n" },
        { 3, "run.devicesPerProcess: expected devices of one class in each process, got 4 a process, with device 4 of pi-3 and device 5 of pi-4 in one", "name: a\nclasses: {default: pi-3, overrides: [{devices: 5, class: pi-4}]}\nrun: {devicesPerProcess: 4}\n" },

        // The timeline.
        { 3, "timeline[0].at: expected a value, got nothing", Timeline("{link: reset, devices: 1}") },
        { 3, "timeline[0]: expected one action: link, agent or coordinator, got none", Timeline("{at: {round: 1}, devices: 1}") },
        { 3, "timeline[0]: expected one action: link, agent or coordinator, got agent and coordinator", Timeline("{at: {round: 1}, agent: kill, coordinator: kill, devices: 1, restartAfter: 1 s}") },
        { 3, "timeline[0].link: expected partition|stall|reset|change|refuse|limit|slow-close, got cut", Timeline("{at: {round: 1}, link: cut, devices: 1}") },
        { 3, "timeline[0].coordinator: expected kill|terminate|pause, got reset", Timeline("{at: {round: 1}, coordinator: reset}") },
        { 3, "timeline[0].devices: expected one of at, coordinator, restartAfter, got an unknown key", Timeline("{at: {round: 1}, coordinator: kill, devices: 1, restartAfter: 1 s}") },
        { 3, "timeline[0].devices: expected a value, got nothing", Timeline("{at: {round: 1}, link: reset}") },
        { 3, "timeline[0].for: expected a value, got nothing", Timeline("{at: {round: 1}, link: partition, devices: 1, untilRound: 2}") },
        { 3, "timeline[0].for: expected a duration such as 50 ms or 2 s, from 1 ms to 600 s, got 0 s", Timeline("{at: {round: 1}, link: stall, devices: 1, for: 0 s}") },
        { 3, "timeline[0].untilRound: expected a round after the fault's, up to 5, got 2", Timeline("{at: {round: 2}, link: partition, direction: down, devices: 1, for: 1 s, untilRound: 2}") },
        { 3, "timeline[0].direction: expected both|up|down, got left", Timeline("{at: {round: 2}, link: partition, direction: left, devices: 1, for: 1 s}") },
        { 3, "timeline[0].to: expected a value, got nothing", Timeline("{at: {round: 2}, link: change, devices: 1}") },
        { 3, "timeline[0].to.loss: ", Timeline("{at: {round: 2}, link: change, devices: 1, to: {loss: 2}}") },
        { 3, "timeline[0].bytes: expected a size such as 64 KiB", Timeline("{at: {round: 2}, link: limit, devices: 1, direction: up, bytes: 100}") },
        { 3, "timeline[0].restartAfter: expected a duration", Timeline("{at: {round: 2}, agent: kill, devices: 1, restartAfter: never}") },
        { 3, "timeline[0].at.round: expected an index from 0 to 5, got 6", Timeline("{at: {round: 6}, link: reset, devices: 1}") },
        { 3, "timeline[0].at.round: expected a whole number from 0 to 2147483647, got -1", Timeline("{at: {round: -1}, link: reset, devices: 1}") },
        { 3, "timeline[0].at.device: expected an index from 0 to 9, got 12", Timeline("{at: {point: push-sent, device: 12, round: 1}, link: reset, devices: 1}") },
        { 3, "timeline[0].at.point: expected push-sent|push-arrived|report-sent|report-arrived, got report-lost", Timeline("{at: {point: report-lost, device: 1, round: 1}, link: reset, devices: 1}") },
        { 3, "timeline[0].at.point: expected a value, got nothing", Timeline("{at: {device: 1, round: 1}, link: reset, devices: 1}") },
        { 3, "timeline[0].at.round: expected one of time, got an unknown key", Timeline("{at: {time: 1 s, round: 1}, link: reset, devices: 1}") },
        { 3, "timeline[0].at: expected a mapping of time, round, point, device, got 1", Timeline("{at: 1, link: reset, devices: 1}") },
        { 3, "timeline[0].devices: expected device indices from 0 to 9, got 10", Timeline("{at: {round: 1}, link: reset, devices: [0, 10]}") },

        { 3, "timeline[0].bytes: expected a size such as 64 KiB (B, KiB, MiB), from 1 B, got 0 B", Timeline("{at: {round: 1}, link: limit, direction: up, bytes: 0 B, devices: 0}") },
        { 4, "links.default.resetAfter: expected 1 ms to 1 hour, got 0 ms", "name: a\nlinks:\n  default:\n    resetAfter: 0 ms\n" },

        // Faults that cannot both be meant.
        { 5, "timeline[1]: expected one action on an agent at a time", "run: {devicesPerProcess: 2}\n" + Timeline("{at: {round: 1}, agent: kill, devices: 0, restartAfter: 1 s}", "{at: {round: 1}, agent: pause, devices: 1, for: 1 s}") },
        { 4, "timeline[1]: expected partitions that do not overlap, got partition up of device 1 for 2 s at round 1, beside timeline[0] (line 3)", Timeline("{at: {round: 1}, link: stall, devices: all, for: 1 s}", "{at: {round: 1}, link: partition, direction: up, devices: 1, for: 2 s}") },
        { 4, "timeline[1]: expected partitions that do not overlap", Timeline("{at: {time: 1 s}, link: stall, devices: 1, for: 2 s}", "{at: {time: 2500 ms}, link: stall, devices: odd, for: 1 s}") },
        { 4, "timeline[1]: expected one action on an agent at a time", Timeline("{at: {point: push-arrived, device: 1, round: 1}, agent: kill, devices: 1, restartAfter: 1 s}", "{at: {point: push-arrived, device: 1, round: 1}, agent: pause, devices: 0-3, for: 1 s}") },
        { 4, "timeline[1]: expected one action on the coordinator at a time", Timeline("{at: {round: 1}, coordinator: kill, restartAfter: 1 s}", "{at: {round: 1}, coordinator: pause, for: 1 s}") },
        { 4, "timeline[1]: expected no action but reset on a link that refuses connections", Timeline("{at: {round: 1}, link: refuse, devices: 1, for: 1 s}", "{at: {round: 1}, link: stall, devices: 1, for: 1 s}") },
        { 4, "timeline[1]: expected one end of a connection", Timeline("{at: {round: 1}, link: reset, devices: 1}", "{at: {round: 1}, link: slow-close, devices: 1, for: 1 s}") },
        { 4, "timeline[1]: expected one such action on a link at a time", Timeline("{at: {time: 1 s}, link: change, devices: 1, to: lte, for: 3 s}", "{at: {time: 3 s}, link: change, devices: 1, to: 3g}") },
        { 13, "timeline[10]: expected at most 10 restarts of one process, got one more of the coordinator", Timeline([.. Enumerable.Range(0, 11).Select(second => $"{{at: {{time: {2 * second} s}}, coordinator: kill, restartAfter: 1 s}}")]) },

        // Chaos.
        { 2, "chaos.longest: expected a value, got nothing", "name: a\nchaos: {faults: 3, kinds: [reset]}\n" },
        { 2, "chaos.faults: expected a whole number from 1 to 1000, got 0", "name: a\nchaos: {faults: 0, kinds: [reset], longest: 1 s}\n" },
        { 2, "chaos.kinds[1]: expected each at most once of partition|", "name: a\nchaos: {faults: 3, kinds: [reset, reset], longest: 1 s}\n" },
        { 2, "chaos.rounds: expected a range of rounds such as 1-4, got 4-1", "name: a\nchaos: {faults: 3, kinds: [reset], rounds: 4-1, longest: 1 s}\n" },
        { 2, "chaos.rounds: expected rounds from 0 to 5, got 1-9", "name: a\nchaos: {faults: 3, kinds: [reset], rounds: 1-9, longest: 1 s}\n" },
        { 2, "chaos.faults: expected no more than fit", "name: a\nchaos: {faults: 11, kinds: [coordinator-kill], longest: 1 s}\n" },
    };

    [Theory]
    [MemberData(nameof(BrokenFiles))]
    public async Task Validate_BrokenFile_NamesItsLineAndReason(int line, string reason, string yaml)
    {
        await Write("good.trace", "3\n7\n");
        await Write("falling.trace", "7\n3\n");
        await Write("empty.trace", "");
        await Write("broken.yaml", yaml);
        var result = await DccProcess.Run("scenario", "validate", folder["broken.yaml"]);
        Assert.Equal((2, ""), (result.ExitCode, result.Output));
        var fault = Assert.Single(result.Error.TrimEnd('\n').Split('\n'));
        Assert.StartsWith(string.Create(CultureInfo.InvariantCulture, $"{folder["broken.yaml"]}:{line}: {reason}"), fault, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Validate_ManyFaults_ListsThemAllInTheOrderOfTheLines()
    {
        await Write("broken.yaml", """
            name: many
            run:
              rounds: 3
              steps: fast
              steps: 10
            links:
              default: {latency: 5, loss: 3}
            timeline:
              - {at: {round: 9}, link: reset, devices: 77}
              - {at: {round: 1}, link: partition, devices: all}
              - {at: {point: push-sent, device: 1, round: 1}, agent: feed}
              - nonsense
            chaos: {faults: 2, kinds: [peace], longest: 1 s}
            """);
        var result = await DccProcess.Run("scenario", "validate", folder["broken.yaml"]);
        Assert.Equal(2, result.ExitCode);
        var places = result.Error.TrimEnd('\n').Split('\n').Select(line => string.Join(':', line.Split(": ")[..2])[(folder["broken.yaml"].Length + 1)..]);
        Assert.Equal(
            [
                "4:run.steps", "5:run.steps", "7:links.default.latency", "7:links.default.loss", "9:timeline[0].at.round", "9:timeline[0].devices",
                "10:timeline[1].for", "11:timeline[2].agent", "12:timeline[3]", "13:chaos.kinds[0]",
            ],
            places);
    }

    [Fact]
    public async Task Validate_TooLargeOrNotText_IsRefused()
    {
        await Write("large.yaml", "name: a\n#" + new string('x', 1024 * 1024));
        await File.WriteAllBytesAsync(folder["binary.yaml"], [0x6e, 0xff, 0xfe], TestContext.Current.CancellationToken);
        foreach (var (file, reason) in new[] { ("large.yaml", "larger than 1 MiB"), ("binary.yaml", "not UTF-8 text") })
        {
            var result = await DccProcess.Run("scenario", "validate", folder[file]);
            Assert.Equal(2, result.ExitCode);
            Assert.Contains(reason, result.Error, StringComparison.Ordinal);
        }
    }

    private static string Timeline(params string[] faults) => "name: a\ntimeline:\n" + string.Concat(faults.Select(fault => $"  - {fault}\n"));

    private static string System(string gamma, string cost) => $$"""
        name: a
        run:
          system:
            {{gamma}}
            maxAge: 15
            battery: 15
            exponent: 1
            devices:
              - {minHarvest: 0, maxHarvest: 3, minCost: 1, {{cost}}}

        """;

    private Task Write(string name, string text) => File.WriteAllTextAsync(folder[name], text, TestContext.Current.CancellationToken);
}
