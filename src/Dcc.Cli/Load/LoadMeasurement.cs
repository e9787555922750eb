using System.Globalization;
using Dcc.Cli.Terminal;

namespace Dcc.Cli.Load;

/// <summary>
/// Loads a real coordinator with scripted devices in processes of their own, and then the bare stream with the same devices, at each N in turn.
/// </summary>
internal sealed class LoadMeasurement(IReadOnlyList<LoadPlan> plans, bool keepsJournal, bool hasMetrics, IProgressDisplay progress)
{
    internal async Task<LoadReport> Execute(CancellationToken cancellation)
    {
        var rows = new List<LoadRow>();
        foreach (var plan in plans)
        {
            var done = (double)rows.Count / plans.Count;
            progress.Advance(done, Status("coordinator", plan));
            var coordinator = await WithCoordinator(plan, cancellation).ConfigureAwait(false);
            progress.Advance(done + (0.5 / plans.Count), Status("bare stream", plan));
            var floor = await WithFloor(plan, cancellation).ConfigureAwait(false);
            rows.Add(new LoadRow(plan.Devices, plan.Rounds, coordinator, floor));
        }

        progress.Advance(1, "done");
        return new LoadReport(
            keepsJournal ? "sqlite" : "memory", hasMetrics, plans[0].Processes, plans[0].StreamsPerConnection, Environment.ProcessorCount, rows);
    }

    private static string Status(string server, LoadPlan plan) =>
        string.Create(CultureInfo.InvariantCulture, $"{server}, {plan.Devices} devices, {plan.Rounds} rounds");

    private async Task<LoadFigures> WithCoordinator(LoadPlan plan, CancellationToken cancellation)
    {
        var folder = Directory.CreateTempSubdirectory("dcc-load-");
        try
        {
            // A heartbeat an hour: a device that waits for ten thousand others to join is not dead, and the bare stream has none.
            await using var server = LoadProcess.Service(
                "Dcc.Coordinator",
                [
                    "--listen", "http://127.0.0.1:0", "--http", hasMetrics ? "http://127.0.0.1:0" : "none",
                    "--store", keepsJournal ? Path.Combine(folder.FullName, "journal.db") : "memory", "--heartbeat", "3600",
                    "--run", LoadPlan.Run, "--devices", Text(plan.Devices), "--rounds", Text(plan.Pushes - 1),
                ]);
            return await Load(server, plan, cancellation).ConfigureAwait(false);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static async Task<LoadFigures> WithFloor(LoadPlan plan, CancellationToken cancellation)
    {
        await using var server = LoadProcess.Dcc(["load-floor", .. Words(plan)]);
        return await Load(server, plan, cancellation).ConfigureAwait(false);
    }

    private static async Task<LoadFigures> Load(LoadProcess server, LoadPlan plan, CancellationToken cancellation)
    {
        var line = await server.LineWith("Listening on", cancellation).ConfigureAwait(false);
        var address = "http://" + line.Split("http://")[1].Split(' ', ',', ';')[0];
        server.ReadOn();
        var before = server.ResidentBytes;
        var hosts = new List<LoadProcess>();
        try
        {
            for (var process = 0; process < plan.Processes; process++)
            {
                hosts.Add(LoadProcess.Dcc(["load-devices", .. Words(plan), "--process", Text(process), "--coordinator", address]));
            }

            await Lines(hosts, LoadHost.Warm, cancellation).ConfigureAwait(false);
            var cpu = server.Cpu;
            var lines = await Lines(hosts, "{", cancellation).ConfigureAwait(false);
            var figures = Figures(plan, [.. lines.Select(HostFigures.FromJson)], server.Cpu - cpu, server.ResidentBytes, before);
            await Task.WhenAll(hosts.Select(host => host.Finish(cancellation))).ConfigureAwait(false);
            return figures;
        }
        finally
        {
            foreach (var host in hosts)
            {
                await host.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    // The first that ends early ends the measurement: the others would wait for its devices.
    private static async Task<string[]> Lines(List<LoadProcess> hosts, string text, CancellationToken cancellation)
    {
        var lines = hosts.ConvertAll(host => host.LineWith(text, cancellation));
        await foreach (var line in Task.WhenEach(lines).ConfigureAwait(false))
        {
            await line.ConfigureAwait(false);
        }

        return await Task.WhenAll(lines).ConfigureAwait(false);
    }

    private static LoadFigures Figures(LoadPlan plan, HostFigures[] hosts, TimeSpan cpu, long resident, long residentBefore)
    {
        var latencies = new LatencyHistogram();
        Array.ForEach(hosts, host => latencies.Add(host.Latencies));
        var deviceRounds = (double)plan.Devices * plan.Rounds;
        return new LoadFigures(
            plan.Rounds / hosts.Max(host => host.Seconds),
            1e6 * cpu.TotalSeconds / deviceRounds,
            1e6 * hosts.Sum(host => host.CpuSeconds) / deviceRounds,
            (resident - residentBefore) / (double)plan.Devices,
            resident / 1e6,
            latencies.Milliseconds(0.5),
            latencies.Milliseconds(0.99),
            latencies.Milliseconds(1));
    }

    private static string[] Words(LoadPlan plan) =>
    [
        "--devices", Text(plan.Devices), "--warm-up", Text(plan.WarmUp), "--rounds", Text(plan.Rounds), "--processes", Text(plan.Processes),
        "--streams-per-connection", Text(plan.StreamsPerConnection),
    ];

    private static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);
}
