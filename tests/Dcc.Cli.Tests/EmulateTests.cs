using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Dcc.Cli.Tests;

public sealed class EmulateTests : IDisposable
{
    private const int Agents = 4;

    // Long enough that kills land in the middle.
    private static readonly string[] LongRun =
        ["--devices", "4", "--rounds", "60", "--steps", "300000", "--seed", "3"];

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Emulate_Default_EndsLikeSimulateAndVerifies()
    {
        Assert.Equal(0, (await DccProcess.Run("simulate", "--output", folder["s"])).ExitCode);
        var result = await DccProcess.Run("emulate", "--output", folder["e"]);
        Assert.True(result.ExitCode == 0, result.Error);
        var (simulated, emulated) = (DccProcess.Summary(folder["s"]), DccProcess.Summary(folder["e"]));
        foreach (var property in simulated.EnumerateObject().Where(property => property.Name is not ("wallSeconds" or "bytes" or "roundTripMilliseconds")))
        {
            Assert.Equal(property.Value.GetRawText(), emulated.GetProperty(property.Name).GetRawText());
        }

        var rows = await Rows("e");
        Assert.Equal((await Rows("s")).Select(row => row[..9]), rows.Select(row => row[..9]));
        Assert.All(rows.Skip(1), row =>
        {
            Assert.InRange(int.Parse(row[9], CultureInfo.InvariantCulture), 29, 33);
            Assert.True(double.Parse(row[10], CultureInfo.InvariantCulture) > 0);
        });
        Assert.Equal(10, Events("joined").Count);
        Assert.Equal(11, Directory.GetFiles(Path.Combine(folder["e"], "logs")).Length);
        Assert.Equal(["journal.db"], Directory.GetFiles(folder["e"], "journal.db*").Select(Path.GetFileName));
        foreach (var relearn in new[] { Array.Empty<string>(), ["--relearn"] })
        {
            Assert.Equal(0, (await DccProcess.Run(["verify", folder["e"], .. relearn])).ExitCode);
        }
    }

    [Theory]
    [InlineData("price-q", 1, 1)]
    [InlineData("q-learning", 2, 1)]
    [InlineData("exact", 2, 5)]
    [InlineData("price-q", 10, 5)]
    [InlineData("q-learning", 10, 5)]
    [InlineData("exact", 10, 1)]
    [InlineData("price-q", 37, 5)]
    [InlineData("exact", 37, 5)]
    [InlineData("dqn", 3, 2)]
    [InlineData("ppo", 3, 2)]
    public async Task Emulate_SolverSizeAndPacking_HaveSimulatesDigest(string solver, int devices, int perProcess)
    {
        string[] run =
            ["--solver", solver, "--devices", devices.ToString(CultureInfo.InvariantCulture), "--rounds", "4", "--steps", "2000", "--alpha", "1.5"];
        Assert.Equal(0, (await DccProcess.Run(["simulate", .. run, "--no-report", "--output", folder["s"]])).ExitCode);
        var result = await DccProcess.Run(
            [
                "emulate", .. run, "--no-report", "--output", folder["e"], "--devices-per-process", perProcess.ToString(CultureInfo.InvariantCulture),
            ]);
        Assert.True(result.ExitCode == 0, result.Error);
        Assert.Equal(Digest("s"), Digest("e"));
    }

    [Fact]
    public async Task Emulate_OneProcessor_HasSimulatesDigest()
    {
        string[] run = ["--devices", "3", "--rounds", "3", "--steps", "2000"];
        await DccProcess.Run(["simulate", .. run, "--no-report", "--output", folder["s"]]);
        var result = await DccProcess.Run(
            new Dictionary<string, string> { ["DOTNET_PROCESSOR_COUNT"] = "1" }, ["emulate", .. run, "--no-report", "--output", folder["e"]]);
        Assert.True(result.ExitCode == 0, result.Error);
        Assert.Equal(Digest("s"), Digest("e"));
    }

    [Theory]
    [InlineData("one agent")]
    [InlineData("several agents")]
    [InlineData("the coordinator")]
    [InlineData("all")]
    [InlineData("one agent", "TERM")]
    [InlineData("the coordinator", "TERM")]
    public async Task Emulate_ProcessesKilled_CompletesWithTheSameDigest(string victims, string signal = "KILL")
    {
        Assert.Equal(0, (await DccProcess.Run(["simulate", .. LongRun, "--no-report", "--output", folder["s"]])).ExitCode);
        using var emulate = DccProcess.Start(null, ["emulate", .. LongRun, "--no-report", "--output", folder["e"]]);
        var error = emulate.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var output = emulate.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var killed = 0;

        // At three rounds of this run, whenever the machine reaches them.
        foreach (var round in new[] { 4, 17, 31 })
        {
            await Until(emulate, () => CommittedRound() >= round);
            var agents = DccProcess.Children(emulate.Id, "Dcc.Agent");
            var coordinators = DccProcess.Children(emulate.Id, "Dcc.Coordinator");
            IEnumerable<int> targets = victims switch
            {
                "one agent" => agents.Take(1),
                "several agents" => agents.Take(3),
                "the coordinator" => coordinators,
                _ => [.. agents, .. coordinators],
            };
            foreach (var target in targets)
            {
                DccProcess.Signal(target, signal);
                killed++;
            }

            await Until(emulate, () => Events("restarted").Count >= killed);
        }

        await emulate.WaitForExitAsync(TestContext.Current.CancellationToken);
        await output;
        Assert.True(emulate.ExitCode == 0, await error);
        Assert.Equal(Digest("s"), Digest("e"));
        Assert.Equal(killed, Events(signal == "KILL" ? "killed" : "exited").Count);
        Assert.Equal(killed, DccProcess.Summary(folder["e"]).GetProperty("restarts").GetInt32());
        Assert.Equal(0, (await DccProcess.Run("verify", folder["e"], "--relearn")).ExitCode);
    }

    [Theory]
    [InlineData("INT", 1)]
    [InlineData("TERM", 1)]
    [InlineData("KILL", 137)]
    public async Task Emulate_Ended_LeavesNoChild(string signal, int exitCode)
    {
        using var emulate = DccProcess.Start(null, ["emulate", "--devices", "4", "--steps", "2000000000", "--output", folder["e"]]);
        var error = emulate.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await Until(emulate, () => Events("joined").Count >= Agents);
        var children = DccProcess.Children(emulate.Id, "Dcc.Agent").Concat(DccProcess.Children(emulate.Id, "Dcc.Coordinator")).ToList();
        Assert.Equal(Agents + 1, children.Count);
        DccProcess.Signal(emulate.Id, signal);
        await emulate.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(exitCode, emulate.ExitCode);
        if (signal == "KILL")
        {
            // Nobody is left to end them: they notice by themselves.
            await Until(null, () => !children.Any(DccProcess.IsAlive));
        }

        Assert.DoesNotContain(children, DccProcess.IsAlive);
        Assert.DoesNotContain("   at ", await error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Emulate_ChildEndsBeforeItJoins_FailsWithItsLastLogLines()
    {
        Directory.CreateDirectory(Path.Combine(folder["e"], "journal.db"));
        var result = await DccProcess.Run("emulate", "--output", folder["e"]);
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("coordinator ended before it joined (exit code 2)", result.Error, StringComparison.Ordinal);
        Assert.Contains("store: expected a journal file of this program", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Emulate_SettingsOfServicesRunByHand_AreNotItsChildrens()
    {
        var settings = new Dictionary<string, string> { ["Run__Name"] = "hand", ["Coordinator__HeartbeatSeconds"] = "-1", ["agent__devices"] = "x" };
        var result = await DccProcess.Run(settings, "emulate", "--devices", "1", "--rounds", "1", "--steps", "100", "--output", folder["e"]);
        Assert.Equal((0, ""), (result.ExitCode, result.ExitCode == 0 ? "" : result.Error));
        Assert.Equal(0, (await DccProcess.Run("verify", folder["e"])).ExitCode);
    }

    [Fact]
    public async Task ByHand_CoordinatorStoppedWhileAnAgentIsFrozen_DoesNotWaitForIt()
    {
        var address = $"http://127.0.0.1:{FreePort()}";
        using var coordinator = DccProcess.StartService("Dcc.Coordinator", "--listen", address, "--http", "none", "--store", "memory", "--run", "hand", "--devices", "2");
        using var agent = DccProcess.StartService("Dcc.Agent", "--coordinator", address, "--run", "hand", "--devices", "0");
        try
        {
            await LogSays(coordinator, "device 0 joined");
            DccProcess.Signal(agent.Id, "STOP");
            DccProcess.Signal(coordinator.Id, "TERM");

            // Without a limit of its own the host would wait for half a minute.
            await coordinator.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromSeconds(25), TestContext.Current.CancellationToken);
            Assert.Equal(0, coordinator.ExitCode);
        }
        finally
        {
            DccProcess.Signal(agent.Id, "KILL");
            await agent.WaitForExitAsync(TestContext.Current.CancellationToken);
        }
    }

    [Fact]
    public async Task ByHand_KilledAndRestartedWithTheSameArguments_EndsWithSimulatesDigest()
    {
        string[] run = ["--devices", "2", "--rounds", "60", "--steps", "200000", "--seed", "5"];
        Assert.Equal(0, (await DccProcess.Run(["simulate", .. run, "--no-report", "--output", folder["s"]])).ExitCode);
        var address = $"http://127.0.0.1:{FreePort()}";
        Directory.CreateDirectory(folder["e"]);
        var store = Path.Combine(folder["e"], "journal.db");
        string[] coordinatorArguments = ["--listen", address, "--http", "none", "--store", store, "--run", "hand", .. run];
        var coordinator = DccProcess.StartService("Dcc.Coordinator", coordinatorArguments);
        var first = Agent("0");
        var second = Agent("1");

        await LogSays(coordinator, "round 10 committed");
        DccProcess.Signal(first.Id, "KILL");
        await first.WaitForExitAsync(TestContext.Current.CancellationToken);
        first = Agent("0");
        await LogSays(coordinator, "round 20 committed");
        DccProcess.Signal(coordinator.Id, "KILL");
        await coordinator.WaitForExitAsync(TestContext.Current.CancellationToken);
        coordinator = DccProcess.StartService("Dcc.Coordinator", coordinatorArguments);
        await LogSays(coordinator, $"finished with digest {Digest("s")}");

        foreach (var agent in new[] { first, second })
        {
            await agent.WaitForExitAsync(TestContext.Current.CancellationToken);
            Assert.Equal(0, agent.ExitCode);
        }

        DccProcess.Signal(coordinator.Id, "TERM");
        await coordinator.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, coordinator.ExitCode);
        Assert.Equal(0, (await DccProcess.Run("verify", folder["e"])).ExitCode);

        Process Agent(string device)
        {
            var agent = DccProcess.StartService("Dcc.Agent", "--coordinator", address, "--run", "hand", "--devices", device);
            agent.OutputDataReceived += (_, _) => { };
            agent.BeginOutputReadLine();
            return agent;
        }
    }

    [Theory]
    [InlineData("Dcc.Agent", "--colour red", "--colour")]
    [InlineData("Dcc.Agent", "--devices 4-2", "devices")]
    [InlineData("Dcc.Agent", "--devices x", "devices")]
    [InlineData("Dcc.Agent", "--devices 0-2147483647", "devices")]
    [InlineData("Dcc.Agent", "--coordinator nowhere", "coordinator")]
    [InlineData("Dcc.Agent", "--coordinator http://127.0.0.1:1,http://127.0.0.1:2 --devices 0-2", "coordinator")]
    [InlineData("Dcc.Agent", "--system=", "system")]
    [InlineData("Dcc.Agent", "--system no-such-file", "system")]
    [InlineData("Dcc.Agent", "--devices 7 --system SYSTEM", "devices")]
    [InlineData("Dcc.Agent", "--run", "--run")]
    [InlineData("Dcc.Agent", "--metrics TAKEN", "metrics")]
    [InlineData("Dcc.Agent", "--metrics http://127.0.0.1:0", "metrics")]
    [InlineData("Dcc.Agent", "--metrics 9101", "metrics")]
    [InlineData("Dcc.Agent", "--log-format xml", "log-format")]
    [InlineData("Dcc.Coordinator", "--device-series 1001 --store memory", "device-series")]
    [InlineData("Dcc.Coordinator", "--colour red", "--colour")]
    [InlineData("Dcc.Coordinator", "--listen nowhere", "listen")]
    [InlineData("Dcc.Coordinator", "--listen https://127.0.0.1:0 --store memory", "certificate")]
    [InlineData("Dcc.Coordinator", "--listen http://127.0.0.1:0/path --store memory", "listen")]
    [InlineData("Dcc.Coordinator", "--listen http://192.0.2.1:80 --store memory", "listen")]
    [InlineData("Dcc.Coordinator", "--listen http://localhost:0 --store memory", "listen")]
    [InlineData("Dcc.Coordinator", "--heartbeat 0 --store memory", "heartbeat")]
    [InlineData("Dcc.Coordinator", "--listen http://127.0.0.1:0 --store memory --run a --rounds -1", "Rounds")]
    [InlineData("Dcc.Coordinator", "--listen http://127.0.0.1:0 --store memory --run a --rounds 99999999999", "Rounds")]
    [InlineData("Dcc.Coordinator", "--listen http://127.0.0.1:0 --store memory --run a --system=", "system")]
    [InlineData("Dcc.Coordinator", "--heartbeat x --store memory", "HeartbeatSeconds")]
    [InlineData("Dcc.Coordinator", "--listen http://127.0.0.1:0 --store memory --run a --devices 0", "devices")]
    [InlineData("Dcc.Coordinator", "--listen http://127.0.0.1:0 --store memory --run a --solver magic", "solver")]
    [InlineData("Dcc.Coordinator", "--listen http://127.0.0.1:0 --store memory --run a --rounds x", "Rounds")]
    [InlineData("Dcc.Coordinator", "--listen http://127.0.0.1:0 --store SYSTEM", "store")]
    [InlineData("Dcc.Coordinator", "--listen TAKEN --http none --store memory", "listen")]
    [InlineData("Dcc.Coordinator", "--listen http://127.0.0.1:0 --http TAKEN --store memory", "http")]
    [InlineData("Dcc.Coordinator", "--listen http://127.0.0.1:0 --http nowhere --store memory", "http")]
    public async Task Service_BadInput_ExitsTwoWithOneLineNamingTheField(string service, string line, string field)
    {
        using var taken = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        taken.Start();
        using var process = DccProcess.StartService(service, [.. line.Split(' ').Select(word => word switch
        {
            "SYSTEM" => DccProcess.Golden("system-n2-a1.json"),
            "TAKEN" => $"http://{taken.LocalEndpoint}",
            _ => word,
        })]);
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(2, process.ExitCode);
        Assert.Contains(field, await error, StringComparison.Ordinal);
        Assert.Equal(1, (await error).Count(character => character == '\n'));
    }

    [Fact]
    public async Task Agent_OneOfItsDevicesIsRefused_ExitsThoughTheOthersWait()
    {
        var coordinator = DccProcess.StartService(
            "Dcc.Coordinator", "--listen", "http://127.0.0.1:0", "--http", "none", "--store", "memory", "--run", "small", "--devices", "3");
        var line = await LogSays(coordinator, "Listening on");
        using var agent = DccProcess.StartService(
            "Dcc.Agent", "--coordinator", "http://" + line.Split("http://")[1].Split(' ', ',')[0], "--run", "small", "--devices", "1-4");
        agent.BeginOutputReadLine();
        await agent.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(2, agent.ExitCode);
        DccProcess.Signal(coordinator.Id, "TERM");
        await coordinator.WaitForExitAsync(TestContext.Current.CancellationToken);
    }

    private string Digest(string run) => DccProcess.Summary(folder[run]).GetProperty("digest").GetString()!;

    private async Task<List<string[]>> Rows(string run) =>
        [.. (await File.ReadAllLinesAsync(Path.Combine(folder[run], "rounds.csv"), TestContext.Current.CancellationToken)).Select(line => line.Split(','))];

    private List<JsonElement> Events(string kind)
    {
        var path = Path.Combine(folder["e"], "events.jsonl");
        if (!File.Exists(path))
        {
            return [];
        }

        using var reader = new StreamReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        return [.. reader.ReadToEnd().Split('\n').Where(line => line.EndsWith('}')).Select(line => JsonDocument.Parse(line).RootElement)
            .Where(element => element.GetProperty("event").GetString() == kind)];
    }

    private int CommittedRound()
    {
        var path = Path.Combine(folder["e"], "logs", "coordinator.log");
        if (!File.Exists(path))
        {
            return -1;
        }

        using var reader = new StreamReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        var last = reader.ReadToEnd().Split('\n').LastOrDefault(line => line.EndsWith("committed", StringComparison.Ordinal));
        return last is null ? -1 : int.Parse(last.Split("round ")[1].Split(' ')[0], CultureInfo.InvariantCulture);
    }

    private static async Task<string> LogSays(Process process, string text)
    {
        while (await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
        {
            if (line.Contains(text, StringComparison.Ordinal))
            {
                return line;
            }
        }

        throw new Xunit.Sdk.XunitException($"the process ended before it said '{text}': {await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken)}");
    }

    // What other processes do has no event to wait for: their files and process table entries are looked at again and again.
    private static async Task Until(Process? alive, Func<bool> condition)
    {
        using var pause = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        while (!condition())
        {
            Assert.False(alive is { HasExited: true }, "the command ended too early");
            await pause.WaitForNextTickAsync(TestContext.Current.CancellationToken);
        }
    }

    private static int FreePort()
    {
        using var listener = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        return ((System.Net.IPEndPoint)listener.LocalEndpoint).Port;
    }
}
