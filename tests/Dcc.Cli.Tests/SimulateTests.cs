using System.Globalization;
using System.Text.Json;

namespace Dcc.Cli.Tests;

public sealed class SimulateTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Simulate_Default_WritesFilesThatAgree()
    {
        var result = await DccProcess.Run("simulate", "--output", folder["a"]);
        Assert.Equal((0, ""), (result.ExitCode, string.Join('\n', result.Error.Split('\n').Where(line => line.Contains("dcc:", StringComparison.Ordinal)))));

        var summary = DccProcess.Summary(folder["a"]);
        Assert.Equal(10, summary.GetProperty("devices").GetInt32());
        Assert.Equal(5, summary.GetProperty("rounds").GetInt32());
        Assert.Equal("price-q", summary.GetProperty("solver").GetString());
        Assert.Equal("rprop", summary.GetProperty("stepRule").GetString());
        Assert.Equal("poisson", summary.GetProperty("congestion").GetString());
        Assert.Equal(10, summary.GetProperty("offloadFrequency").GetArrayLength());
        Assert.Equal(JsonValueKind.Null, summary.GetProperty("bytes").ValueKind);
        var best = summary.GetProperty("bestKnown").GetDouble();
        Assert.InRange(summary.GetProperty("approximateCost").GetDouble() / best, 1, 1.02);
        Assert.True(summary.GetProperty("neverOffload").GetDouble() > best);
        Assert.Contains(summary.GetProperty("digest").GetString()!, result.Output, StringComparison.Ordinal);
        Assert.All(result.Output.Split('\n'), line => Assert.True(line.Length <= 85, line));

        // rounds.csv restates the journal: theta of round 1 follows from round 0's row by the default step of 0.05.
        var rows = (await File.ReadAllLinesAsync(Path.Combine(folder["a"], "rounds.csv"), TestContext.Current.CancellationToken))
            .Select(line => line.Split(',')).ToArray();
        Assert.Equal("round,device,theta,epsilonOwn,epsilonOthers,price,j,jOwn,jOthers,reportBytes,roundTripMilliseconds", string.Join(',', rows[0]));
        Assert.Equal(51, rows.Length);
        Assert.All(rows.Skip(11).Take(10), row => Assert.Contains(Number(row[2]), new[] { 0, 0.05 }));
        Assert.All(rows.Skip(1), row => Assert.True(Number(row[7]) > 0));

        var events = await File.ReadAllLinesAsync(Path.Combine(folder["a"], "events.jsonl"), TestContext.Current.CancellationToken);
        Assert.Equal(11, events.Length);
        Assert.All(events, line => JsonDocument.Parse(line).Dispose());
        Assert.False(File.Exists(Path.Combine(folder["a"], ".lock")));

        foreach (var relearn in new[] { Array.Empty<string>(), ["--relearn"] })
        {
            var verified = await DccProcess.Run(["verify", folder["a"], .. relearn]);
            Assert.Equal(0, verified.ExitCode);
            Assert.Contains(summary.GetProperty("digest").GetString()!, verified.Output, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Simulate_CriterionsGradientsAndRules_AllRunAndVerify()
    {
        string[][] variants =
        [
            ["--criterion", "average"], ["--gradient", "exact-multiplier"], ["--perturbation", "gaussian", "--perturbation-size", "0.05"],
            ["--step-rule", "robbins-monro"], ["--step-rule", "trust-region"], ["--congestion-form", "plain", "--alpha", "2"],
            ["--alpha", "1.5", "--congestion", "mean-field"], ["--solver", "q-learning", "--gradient", "exact-multiplier"],
            ["--initial-theta", "0.25"], ["--system", DccProcess.Golden("system-n2-a2.json")],
        ];
        var rounds = new HashSet<string>();
        foreach (var variant in variants)
        {
            var output = folder[string.Join('_', variant).Replace('/', '_')];
            var common = variant.Contains("--system") ? [] : new[] { "--devices", "3" };
            Assert.Equal(0, (await DccProcess.Run(["simulate", "--no-report", "--steps", "2000", "--rounds", "3", "--output", output, .. common, .. variant])).ExitCode);
            Assert.Equal(0, (await DccProcess.Run("verify", output, "--relearn")).ExitCode);
            rounds.Add(await File.ReadAllTextAsync(Path.Combine(output, "rounds.csv"), TestContext.Current.CancellationToken));
        }

        Assert.Equal(variants.Length, rounds.Count);
    }

    [Fact]
    public async Task Simulate_OutputHoldsARun_IsRefusedUnlessForced()
    {
        string[] run = ["simulate", "--devices", "2", "--rounds", "1", "--steps", "500", "--output", folder["a"]];
        Assert.Equal(0, (await DccProcess.Run(run)).ExitCode);
        var before = await File.ReadAllBytesAsync(Path.Combine(folder["a"], "journal.db"), TestContext.Current.CancellationToken);
        var refused = await DccProcess.Run([.. run, "--seed", "9"]);
        Assert.Equal(2, refused.ExitCode);
        Assert.StartsWith("dcc: output: ", refused.Error, StringComparison.Ordinal);
        Assert.Equal(before, await File.ReadAllBytesAsync(Path.Combine(folder["a"], "journal.db"), TestContext.Current.CancellationToken));
        Assert.Equal(0, (await DccProcess.Run([.. run, "--seed", "9", "--force"])).ExitCode);
        Assert.Equal(9, DccProcess.Summary(folder["a"]).GetProperty("seed").GetInt32());
    }

    [Fact]
    public async Task Simulate_FolderWithLogsOfSomethingElse_LeavesThem()
    {
        var mine = Directory.CreateDirectory(Path.Combine(folder.Root, "mine", "logs")).FullName + "/mine.log";
        await File.WriteAllTextAsync(mine, "precious", TestContext.Current.CancellationToken);
        var result = await DccProcess.Run("simulate", "--devices", "1", "--rounds", "1", "--steps", "1", "--output", folder["mine"]);
        Assert.Equal(2, result.ExitCode);
        Assert.Contains("logs/mine.log", result.Error, StringComparison.Ordinal);
        Assert.Equal("precious", await File.ReadAllTextAsync(mine, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Simulate_FolderInUseByALiveRun_IsRefusedEvenWithForce()
    {
        using var hold = new FileStream(folder[".lock"], FileMode.Create, FileAccess.ReadWrite, FileShare.None);
        var result = await DccProcess.Run("simulate", "--devices", "1", "--rounds", "1", "--steps", "1", "--output", folder.Root, "--force");
        Assert.Equal(2, result.ExitCode);
        Assert.Contains("no other run is using", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Simulate_TwoAtOnceInDifferentFolders_DoNotDisturbEachOther()
    {
        string[] run = ["simulate", "--devices", "4", "--rounds", "3", "--steps", "20000", "--output"];
        var results = await Task.WhenAll(DccProcess.Run([.. run, folder["a"]]), DccProcess.Run([.. run, folder["b"]]));
        Assert.All(results, result => Assert.Equal(0, result.ExitCode));
        Assert.Equal(
            DccProcess.Summary(folder["a"]).GetProperty("digest").GetString(), DccProcess.Summary(folder["b"]).GetProperty("digest").GetString());
        Assert.Equal(
            await File.ReadAllTextAsync(Path.Combine(folder["a"], "rounds.csv"), TestContext.Current.CancellationToken),
            await File.ReadAllTextAsync(Path.Combine(folder["b"], "rounds.csv"), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Simulate_Terminated_ExitsOneAndSaysSo()
    {
        using var process = DccProcess.Start(null, "simulate", "--steps", "500000000", "--output", folder["a"]);
        while (!File.Exists(Path.Combine(folder["a"], "journal.db")))
        {
            Assert.False(process.HasExited);
            await Task.Yield();
        }

        DccProcess.Signal(process.Id, "TERM");
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(1, process.ExitCode);
        Assert.EndsWith("dcc: cancelled\n", await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);
}
