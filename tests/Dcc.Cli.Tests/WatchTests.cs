using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace Dcc.Cli.Tests;

public sealed class WatchTests : IAsyncDisposable
{
    private static readonly string[] Run = ["--devices", "2", "--rounds", "60", "--steps", "200000", "--seed", "5"];

    private readonly TemporaryFolder folder = new();
    private readonly List<Process> started = [];
    private readonly List<Task> drained = [];
    private readonly string address = $"http://127.0.0.1:{FreePort()}";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        foreach (var process in started)
        {
            process.Kill();
            await process.WaitForExitAsync(CancellationToken.None);
        }

        await Task.WhenAll(drained);
        started.ForEach(process => process.Dispose());

        folder.Dispose();
    }

    [Fact]
    public async Task Watch_UnderMutualTls_WantsAnOperatorsCertificate()
    {
        var certs = folder["certs"];
        foreach (var line in new[] { "init", "server --host 127.0.0.1", "operator", "device --run hand --devices 0-1" })
        {
            var made = await DccProcess.Run(["certs", .. line.Split(' '), "--folder", certs]);
            Assert.True(made.ExitCode == 0, made.Error);
        }

        var secure = address.Replace("http:", "https:", StringComparison.Ordinal);
        var coordinator = DccProcess.StartService(
            "Dcc.Coordinator", "--listen", secure, "--http", "none", "--store", "memory", "--run", "hand", "--devices", "2", "--rounds", "3", "--steps", "2000",
            "--certificate", $"{certs}/server.pem", "--key", $"{certs}/server.key", "--client-ca", $"{certs}/ca.pem");
        started.Add(coordinator);
        while (!(await coordinator.StandardOutput.ReadLineAsync(Cancellation))!.Contains("Listening", StringComparison.Ordinal))
        {
        }

        string[] Holding(string name) => ["--ca", $"{certs}/ca.pem", "--certificate", $"{certs}/{name}.pem", "--key", $"{certs}/{name}.key"];
        var refused = await DccProcess.Run(["watch", secure, .. Holding("device-hand-0-1")]);
        Assert.Equal(2, refused.ExitCode);
        Assert.StartsWith("dcc: certificate or token-file: expected what the coordinator takes of an operator, got operator: ", refused.Error, StringComparison.Ordinal);
        Assert.Equal(2, (await DccProcess.Run("watch", secure)).ExitCode);
        var watching = DccProcess.Run(["watch", secure, .. Holding("operator")]);
        started.Add(DccProcess.StartService(
            "Dcc.Agent", ["--coordinator", secure, "--run", "hand", "--devices", "0-1", .. Holding("device-hand-0-1")]));
        drained.Add(started[^1].StandardOutput.ReadToEndAsync(Cancellation));
        drained.Add(coordinator.StandardOutput.ReadToEndAsync(Cancellation));
        var shown = await watching;
        Assert.True(shown.ExitCode == 0, shown.Error);
        Assert.Contains("hand, finished", shown.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Watch_CoordinatorKilledAndRestarted_FollowsToTheEnd()
    {
        Assert.Equal(0, (await DccProcess.Run(["simulate", .. Run, "--output", folder["s"]])).ExitCode);
        var digest = DccProcess.Summary(folder["s"]).GetProperty("digest").GetString()!;
        var coordinator = await Coordinator("hand", Run);
        var text = DccProcess.Run("watch", address);
        using var json = DccProcess.Start(null, "watch", address, "--run", "hand", "--json");
        Agent("hand", "0-1");

        var updates = new List<JsonElement>();
        await ReadUntil(json, updates, update => Round(update) >= 5);
        coordinator.Kill();
        await coordinator.WaitForExitAsync(Cancellation);
        await Coordinator("hand", Run);
        await ReadUntil(json, updates, _ => false);

        await json.WaitForExitAsync(Cancellation);
        Assert.Equal((0, "watch: the coordinator is away; trying again\nwatch: the coordinator is back\n"), (json.ExitCode, await json.StandardError.ReadToEndAsync(Cancellation)));
        var end = updates[^1].GetProperty("status");
        Assert.Equal(("finished", digest), (end.GetProperty("state").GetString(), end.GetProperty("digest").GetString()));
        var rounds = updates.Select(Round).Where(round => round >= 0).ToList();
        Assert.Equal(60, rounds[^1]);
        Assert.Equal(rounds.Distinct().Order(), rounds);

        var shown = await text;
        Assert.True(shown.ExitCode == 0, shown.Error);
        Assert.Contains($"digest     {digest}\n", shown.Output, StringComparison.Ordinal);
        Assert.Contains("the coordinator is away; trying again\n", shown.Error, StringComparison.Ordinal);
        Assert.Contains("the coordinator is back\n", shown.Error, StringComparison.Ordinal);
        Assert.Contains("watch: 100 % round 60, theta ", shown.Error, StringComparison.Ordinal);
        Assert.All((shown.Output + shown.Error).Split('\n'), line => Assert.True(line.Length <= 80, line));

        // Whoever comes late is told the same end.
        var late = await DccProcess.Run("watch", address, "--quiet");
        Assert.Equal(new DccProcess.Result(0, "", ""), late);
    }

    [Fact]
    public async Task Watch_DeviceLeavesAndComesBack_IsSaid()
    {
        await Coordinator("hand", Run);
        Agent("hand", "0");
        var agent = Agent("hand", "1");
        using var watch = DccProcess.Start(null, "watch", address);
        await LineWith(watch, ", theta ");
        agent.Kill();
        await agent.WaitForExitAsync(Cancellation);
        Assert.Matches(@"^\d+\.\d s  round \d+  device 1 left$", await LineWith(watch, " left"));
        Agent("hand", "1");
        Assert.Matches(@"^\d+\.\d s  round \d+  device 1 came back$", await LineWith(watch, "came back"));
        watch.Kill();
        await watch.WaitForExitAsync(Cancellation);
    }

    [Fact]
    public async Task Watch_EmulatedRun_SeesItsFaultsOnceThoughTheCoordinatorIsKilled()
    {
        // A round takes half a second of travel at least: however fast the machine, the run outlasts the watch's longest wait for the coordinator.
        using var emulate = DccProcess.Start(
            null, "emulate", "coordinator-crash", "--devices", "3", "--rounds", "16", "--steps", "1000", "--link", "geo-satellite", "--quiet", "--output", folder["e"]);
        var log = Path.Combine(folder["e"], "logs", "coordinator.log");
        using var pause = new PeriodicTimer(TimeSpan.FromMilliseconds(10));

        // Agents are started once the coordinator took the run.
        while (!File.Exists(Path.Combine(folder["e"], "logs", "agent-0.log")))
        {
            Assert.False(emulate.HasExited);
            await pause.WaitForNextTickAsync(Cancellation);
        }

        var line = (await File.ReadAllLinesAsync(log, Cancellation)).First(text => text.Contains("Listening on", StringComparison.Ordinal));
        var result = await DccProcess.Run("watch", "http://" + line.Split("http://")[1].Split(' ', ',')[0]);
        Assert.True(result.ExitCode == 0, result.Error);
        var lines = result.Error.TrimEnd('\n').Split('\n');
        Assert.Single(lines, text => text.EndsWith("coordinator killed", StringComparison.Ordinal));
        Assert.Contains("the coordinator is back", lines);
        Assert.All(lines, text => Assert.True(text.Length <= 80, text));
        await emulate.WaitForExitAsync(Cancellation);
        Assert.Equal((0, ""), (emulate.ExitCode, await emulate.StandardOutput.ReadToEndAsync(Cancellation)));
        Assert.Contains(DccProcess.Summary(folder["e"]).GetProperty("digest").GetString()!, result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Watch_RunCancelled_ExitsOne()
    {
        await Coordinator("hand", Run);
        using var watch = DccProcess.Start(null, "watch", address);
        await LineWith(watch, "round 0 of 60");
        await CancelRun("hand");
        Assert.EndsWith("dcc: the run 'hand' was cancelled in round 0\n", await watch.StandardError.ReadToEndAsync(Cancellation), StringComparison.Ordinal);
        await watch.WaitForExitAsync(Cancellation);
        Assert.Equal(1, watch.ExitCode);
        Assert.Equal(1, (await DccProcess.Run("watch", address, "--json")).ExitCode);
    }

    [Fact]
    public async Task Cancel_Drain_CommitsTheOpenRoundFirst()
    {
        var coordinator = await Coordinator("hand", ["--devices", "1", "--rounds", "3", "--solver", "exact"]);
        var drain = await DccProcess.Run("cancel", address, "--drain");
        Assert.Equal((0, "hand  draining  round 0 of 3\n"), (drain.ExitCode, drain.Output));
        var agent = Agent("hand", "0");
        await agent.WaitForExitAsync(Cancellation);
        Assert.Equal(1, agent.ExitCode);
        var again = await DccProcess.Run("cancel", address, "--run", "hand");
        Assert.Equal((0, "hand  cancelled  round 1 of 3\n"), (again.ExitCode, again.Output));
        Assert.False(coordinator.HasExited);
    }

    [Fact]
    public async Task Cancel_WhatIsNotThere_ExitsTwoWithOneLine()
    {
        var nobody = await DccProcess.Run("cancel", address);
        Assert.Equal(2, nobody.ExitCode);
        Assert.StartsWith("dcc: ADDRESS: expected a coordinator's gRPC address", nobody.Error, StringComparison.Ordinal);
        await Coordinator("hand", Run);
        var other = await DccProcess.Run("cancel", address, "--run", "hadn");
        Assert.Equal((2, "dcc: run: expected hand, got hadn (did you mean hand?)\n"), (other.ExitCode, other.Error));
    }

    [Fact]
    public async Task Watch_Interrupted_ExitsOneAndTheRunGoesOn()
    {
        var coordinator = await Coordinator("hand", Run);
        using var watch = DccProcess.Start(null, "watch", address);
        await LineWith(watch, "round 0 of 60");
        DccProcess.Signal(watch.Id, "INT");
        await watch.WaitForExitAsync(Cancellation);
        Assert.Equal((1, "dcc: cancelled\n"), (watch.ExitCode, await watch.StandardError.ReadToEndAsync(Cancellation)));
        Assert.False(coordinator.HasExited);
    }

    [Fact]
    public async Task Watch_CoordinatorStaysAway_GivesUp()
    {
        var coordinator = await Coordinator("hand", Run);
        using var watch = DccProcess.Start(null, "watch", address, "--give-up-after", "1");
        await LineWith(watch, "round 0 of 60");
        coordinator.Kill();
        Assert.EndsWith($"dcc: the coordinator at {address} has not answered for 1 s\n", await watch.StandardError.ReadToEndAsync(Cancellation), StringComparison.Ordinal);
        await watch.WaitForExitAsync(Cancellation);
        Assert.Equal(1, watch.ExitCode);
    }

    [Fact]
    public async Task Watch_SeveralRuns_ListsThemAndTakesTheNamedOne()
    {
        var first = await Coordinator("harbour", Run);
        first.Kill();
        await first.WaitForExitAsync(Cancellation);
        await Coordinator("airport", Run);

        var all = await DccProcess.Run("watch", address);
        Assert.Equal((2, ""), (all.ExitCode, all.Output));
        Assert.Equal(
            "running    round 0 of 60  airport\nrunning    round 0 of 60  harbour\ndcc: run: expected --run NAME, one of these 2, got nothing\n", all.Error);

        var wrong = await DccProcess.Run("watch", address, "--run", "harbor");
        Assert.Equal((2, "", "dcc: run: expected airport|harbour, got harbor (did you mean harbour?)\n"), (wrong.ExitCode, wrong.Output, wrong.Error));

        using var right = DccProcess.Start(null, "watch", address, "--run", "harbour");
        await LineWith(right, "round 0 of 60");
        right.Kill();
        await right.WaitForExitAsync(Cancellation);
    }

    [Fact]
    public async Task Watch_NoCoordinatorThere_ExitsTwoWithOneLine()
    {
        await using var echo = new EchoServer();
        await Coordinator("hand", Run, http: $"http://127.0.0.1:{FreePort()}");
        var web = started[0].StartInfo.ArgumentList[^1];
        foreach (var wrong in (string[])
            [$"http://127.0.0.1:{FreePort()}", $"127.0.0.1:{echo.Port}", web, "http://no-such-host.invalid:5080", "ftp://127.0.0.1", "http://127.0.0.1/path", "http://"])
        {
            var result = await DccProcess.Run("watch", wrong);
            Assert.Equal((2, ""), (result.ExitCode, result.Output));
            Assert.StartsWith("dcc: ADDRESS: expected ", result.Error, StringComparison.Ordinal);
            Assert.Contains(wrong, result.Error, StringComparison.Ordinal);
            Assert.Equal(1, result.Error.Count(character => character == '\n'));
        }
    }

    private async Task<Process> Coordinator(string run, string[] parameters, string http = "none")
    {
        var coordinator = DccProcess.StartService(
            "Dcc.Coordinator", ["--listen", address, "--store", folder["journal.db"], "--run", run, .. parameters, "--http", http]);
        started.Add(coordinator);
        while (await coordinator.StandardOutput.ReadLineAsync(Cancellation) is { } line)
        {
            if (line.Contains("Listening on", StringComparison.Ordinal))
            {
                drained.Add(coordinator.StandardOutput.ReadToEndAsync(CancellationToken.None));
                return coordinator;
            }
        }

        throw new Xunit.Sdk.XunitException(await coordinator.StandardError.ReadToEndAsync(Cancellation));
    }

    private Process Agent(string run, string devices)
    {
        var agent = DccProcess.StartService("Dcc.Agent", "--coordinator", address, "--run", run, "--devices", devices);
        drained.Add(agent.StandardOutput.ReadToEndAsync(CancellationToken.None));
        started.Add(agent);
        return agent;
    }

    private static int Round(JsonElement update) => update.TryGetProperty("round", out var round) ? round.GetProperty("round").GetInt32() : -1;

    private static async Task ReadUntil(Process watch, List<JsonElement> updates, Func<JsonElement, bool> enough)
    {
        while (await watch.StandardOutput.ReadLineAsync(Cancellation) is { } line)
        {
            updates.Add(JsonDocument.Parse(line).RootElement);
            if (enough(updates[^1]))
            {
                return;
            }
        }
    }

    private static async Task<string> LineWith(Process watch, string text)
    {
        var seen = "";
        while (await watch.StandardError.ReadLineAsync(Cancellation) is { } line)
        {
            seen += line + "\n";
            if (line.Contains(text, StringComparison.Ordinal))
            {
                return line;
            }
        }

        throw new Xunit.Sdk.XunitException($"the watch ended before it said '{text}': {seen}");
    }

    private async Task CancelRun(string run)
    {
        var result = await DccProcess.Run("cancel", address, "--run", run);
        Assert.Equal((0, true), (result.ExitCode, result.Output.StartsWith($"{run}  cancelled  round ", StringComparison.Ordinal)));
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
