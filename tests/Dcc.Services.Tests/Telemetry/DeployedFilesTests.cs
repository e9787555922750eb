using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Dcc.Services.Tests.Telemetry;

/// <summary>The files in deploy/: rules, scrape configuration and dashboard.</summary>
public partial class DeployedFilesTests
{
    private static readonly string Rules = Path.Combine(Tool.DeployFolder, "prometheus");
    private static readonly string Dashboard = Path.Combine(Tool.DeployFolder, "grafana", "dcc.json");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("test", "rules", "rules.test.yml")]
    [InlineData("check", "config", "prometheus.yml")]
    [InlineData("check", "config", "compose.yml")]
    public async Task Rules_AndConfiguration_PassPromtool(string command, string what, string file)
    {
        var result = await Tool.Run("promtool", null, command, what, Path.Combine(Rules, file));
        Assert.True(result.ExitCode == 0, result.Output + result.Error);
    }

    [Fact]
    public async Task EverySeriesNamed_IsInAScrapeOfARealRun()
    {
        var scraped = (await ScrapeARun()).SelectMany(scrape => scrape.Names).ToHashSet();
        var files = Directory.GetFiles(Rules, "*.yml").Append(Dashboard).ToList();
        var text = string.Concat(files.Select(File.ReadAllText));
        var named = Series().Matches(text).Select(match => match.Value).Distinct().ToList();
        Assert.True(named.Count > 20);
        Assert.Equal([], named.Except(scraped));

        // And the other way: what is measured is shown.
        var families = scraped.Where(name => name.StartsWith("dcc_", StringComparison.Ordinal)).Select(name => Suffix().Replace(name, "")).Distinct();
        Assert.All(families, family => Assert.Contains(named, name => name.StartsWith(family, StringComparison.Ordinal)));
        var recorded = Recorded().Matches(await File.ReadAllTextAsync(Path.Combine(Rules, "recording.yml"), Cancellation)).Select(match => match.Groups[1].Value);
        Assert.Equal([], RecordedSeries().Matches(text).Select(match => match.Value).Except(recorded));
    }

    [Fact]
    public async Task Dashboard_IsTemplatedAndWhole()
    {
        using var document = JsonDocument.Parse(await File.ReadAllBytesAsync(Dashboard, Cancellation));
        var root = document.RootElement;
        Assert.True(root.GetProperty("schemaVersion").GetInt32() >= 36);
        Assert.Equal(["datasource", "run"], root.GetProperty("templating").GetProperty("list").EnumerateArray().Select(item => item.GetProperty("name").GetString()!));
        var panels = root.GetProperty("panels").EnumerateArray().ToList();
        Assert.Equal(panels.Count, panels.Select(panel => panel.GetProperty("id").GetInt32()).Distinct().Count());
        Assert.All(panels.Where(panel => panel.GetProperty("type").GetString() != "row"), panel =>
        {
            Assert.Equal("${datasource}", panel.GetProperty("datasource").GetProperty("uid").GetString());
            Assert.All(panel.GetProperty("targets").EnumerateArray(), target => Assert.NotEmpty(target.GetProperty("expr").GetString()!));
            var place = panel.GetProperty("gridPos");
            Assert.InRange(place.GetProperty("x").GetInt32() + place.GetProperty("w").GetInt32(), 1, 24);
        });
    }

    // A coordinator, an agent and a link between them, each a process. The agent comes first, so that it has to wait and try again.
    private static async Task<Scrape[]> ScrapeARun()
    {
        var (port, metrics) = (Tool.FreePort(), $"http://127.0.0.1:{Tool.FreePort()}");
        var nothing = new Dictionary<string, string>();
        var started = new List<Process>();
        try
        {
            var link = Tool.StartCommand("link", "--listen", "127.0.0.1:0", "--upstream", $"127.0.0.1:{port}", "--control", "127.0.0.1:0", "--latency", "1 ms");
            started.Add(link);
            var line = Link().Match((await link.StandardError.ReadLineAsync(Cancellation))!);
            var agent = Tool.StartService(
                "Dcc.Agent", nothing, "--coordinator", $"http://{line.Groups[1].Value}", "--run", "scraped", "--devices", "0-1", "--metrics", metrics);
            started.Add(agent);
            await Tool.Says(agent, "cannot be reached");
            var coordinator = Tool.StartService(
                "Dcc.Coordinator", nothing, "--listen", $"http://127.0.0.1:{port}", "--http", "http://127.0.0.1:0", "--store", "memory", "--run", "scraped",
                "--devices", "2", "--rounds", "10000", "--steps", "20000", "--device-series", "2");
            started.Add(coordinator);
            var http = (await Tool.Says(coordinator, "Listening on")).Split("http://")[^1].Split(',')[0];
            await Tool.Says(coordinator, "round 3 committed");
            return await Task.WhenAll(Scrape.At($"http://{http}"), Scrape.At(metrics), Scrape.At(line.Groups[2].Value));
        }
        finally
        {
            foreach (var process in started)
            {
                process.Kill();
                await process.WaitForExitAsync(Cancellation);
                process.Dispose();
            }
        }
    }

    [GeneratedRegex(@"\bdcc_[a-z_]+")]
    private static partial Regex Series();

    [GeneratedRegex(@"\bdcc:[a-z0-9_:]+")]
    private static partial Regex RecordedSeries();

    [GeneratedRegex(@"record: (\S+)")]
    private static partial Regex Recorded();

    [GeneratedRegex("_(bucket|sum|count)$")]
    private static partial Regex Suffix();

    [GeneratedRegex(@"listening on (\S+), upstream .*, control on (\S+)")]
    private static partial Regex Link();
}
