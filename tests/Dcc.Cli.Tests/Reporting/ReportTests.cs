using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Dcc.Cli.Tests.Reporting;

public sealed partial class ReportTests : IDisposable
{
    private static readonly string[] Small = ["--devices", "4", "--rounds", "4", "--steps", "500"];

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Simulate_AtItsEnd_WritesAPageWithDigestAndTheSummarysNumbers()
    {
        var summary = await Simulate("a", Small);
        var page = Read("a", "report.html");
        Assert.Contains($"<code class=\"digest\">{summary.GetProperty("digest").GetString()}</code>", page, StringComparison.Ordinal);
        foreach (var name in new[] { "approximateCost", "neverOffload", "bestKnown" })
        {
            Assert.Contains($"<data value=\"{summary.GetProperty(name).GetRawText()}\">", page, StringComparison.Ordinal);
        }

        Assert.Contains("4 devices coordinated over 4 rounds in one process, without a network", page, StringComparison.Ordinal);
        Assert.Contains("dcc simulate --devices 4 --rounds 4 --steps 500 --seed 1 --solver price-q", page, StringComparison.Ordinal);
        Assert.DoesNotContain("an undisturbed run has this digest", page, StringComparison.Ordinal);
        AssertSelfContained(page);
        foreach (var plot in new[] { "cost", "gap", "theta", "theta-map", "offload" })
        {
            Assert.Contains($"id=\"figure-{plot}\"", page, StringComparison.Ordinal);
            Assert.Equal("\u0089PNG"u8.ToArray()[^3..], File.ReadAllBytes(Path.Combine(folder["a"], "plots", $"{plot}.png"))[1..4]);
            Assert.NotNull(System.Xml.Linq.XDocument.Parse(Read("a", "plots", $"{plot}.svg")).Root);
        }
    }

    [Fact]
    public async Task Report_PlotData_AgreesWithRoundsAndSummary()
    {
        var summary = await Simulate("a", Small);
        var rows = Table("a", "rounds.csv").ToLookup(row => row["round"]);
        var cost = Table("a", "plots", "cost.csv");
        Assert.Equal(5, cost.Count);
        Assert.Equal(summary.GetProperty("approximateCost").GetDouble(), Number(cost[^1]["exactCost"]));
        Assert.Equal(summary.GetProperty("neverOffload").GetDouble(), Number(cost[0]["exactCost"]));
        var thetas = Table("a", "plots", "theta-map.csv");
        for (var round = 0; round < 4; round++)
        {
            var of = rows[round.ToString(CultureInfo.InvariantCulture)].ToList();
            Assert.Equal(of.Average(row => Number(row["j"])), Number(cost[round]["meanReportedCost"]), 1e-12);
            Assert.Equal(of.Select(row => row["theta"]), Enumerable.Range(0, 4).Select(device => thetas[round][$"device{device}"]));
        }

        var final = summary.GetProperty("finalTheta").EnumerateArray().Select(value => value.GetDouble()).ToList();
        Assert.Equal(final, Enumerable.Range(0, 4).Select(device => Number(thetas[4][$"device{device}"])));
        Assert.Equal(final, Table("a", "plots", "offload.csv").Select(row => Number(row["theta"])));
    }

    [Fact]
    public async Task Report_Twice_WritesTheSameBytesAndLeavesNothingElse()
    {
        await Simulate("a", ["partition-and-heal", "--steps", "200"]);
        var before = Content("a");
        var result = await DccProcess.Run("report", folder["a"]);
        Assert.Equal((0, Path.Combine(folder["a"], "report.html") + "\n"), (result.ExitCode, result.Output));
        Assert.Equal(before, Content("a"));
        Assert.Contains("plots/round-time.png", before.Keys);
        Assert.Contains("plots/timeline.csv", before.Keys);
    }

    [Fact]
    public async Task Emulate_CoordinatorCrash_ShowsFaultBytesAndWhatWasChecked()
    {
        var result = await DccProcess.Run("emulate", "coordinator-crash", "--steps", "500", "--devices", "3", "--output", folder["e"]);
        Assert.True(result.ExitCode == 0, result.Error);
        Assert.DoesNotContain("dcc:", result.Error, StringComparison.Ordinal);
        var page = Read("e", "report.html");
        AssertSelfContained(page);
        Assert.Contains("an undisturbed run has this digest too", page, StringComparison.Ordinal);
        Assert.Contains("2 faults were injected", page, StringComparison.Ordinal);
        Assert.Contains("<td>coordinator kill, restart after", page, StringComparison.Ordinal);
        Assert.Contains("Flower 1.23 (SuperLink)", page, StringComparison.Ordinal);
        var bytes = DccProcess.Summary(folder["e"]).GetProperty("bytes");
        Assert.Contains($"<data value=\"{bytes.GetProperty("ipBytesPerDeviceRound").GetRawText()}\">", page, StringComparison.Ordinal);
        var total = bytes.GetProperty("total");
        Assert.Equal(
            total.GetProperty("up").GetInt64() + total.GetProperty("down").GetInt64(),
            Table("e", "plots", "bytes.csv").Sum(row => (long)Number(row["bytes"])));

        // Every round's end is known but for one that was committed while nobody could be told.
        var times = Table("e", "plots", "round-time.csv");
        Assert.Equal(5, times.Count);
        Assert.Contains(times, row => row["commitToCommitMilliseconds"].Length > 0);
        var recorded = Table("e", "rounds.csv").ToLookup(row => row["round"], row => row["roundTripMilliseconds"]);
        Assert.All(times, row => Assert.Equal(
            recorded[row["round"]].Where(time => time.Length > 0).Select(Number).DefaultIfEmpty(double.NaN).Max(),
            row["slowestMilliseconds"].Length == 0 ? double.NaN : Number(row["slowestMilliseconds"])));
    }

    [Fact]
    public async Task Report_HostileStrings_AreEscaped()
    {
        const string Hostile = "</script><script>alert(1)</script>\"'&<img src=x onerror=alert(2)>";
        await Simulate("a", ["partition-and-heal", "--steps", "200"]);
        await File.AppendAllTextAsync(
            Path.Combine(folder["a"], "events.jsonl"),
            JsonSerializer.Serialize(new { time = 99, @event = Hostile, process = Hostile, reason = Hostile }) + "\n",
            TestContext.Current.CancellationToken);
        var path = Path.Combine(folder["a"], "run.json");
        var provenance = JsonNode.Parse(await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken))!;
        provenance["scenario"] = Hostile;
        provenance["command"] = new JsonArray("simulate", Hostile);
        provenance["version"] = Hostile;
        await File.WriteAllTextAsync(path, provenance.ToJsonString(), TestContext.Current.CancellationToken);
        var named = folder["x<b>&"];
        Directory.Move(folder["a"], named);

        Assert.Equal(0, (await DccProcess.Run("report", named)).ExitCode);
        var page = Read("x<b>&", "report.html");
        AssertSelfContained(page);
        Assert.Single(Script().Matches(page));
        Assert.DoesNotContain("<img", page, StringComparison.Ordinal);
        Assert.DoesNotContain("x<b>", page, StringComparison.Ordinal);
        Assert.Contains("x&lt;b&gt;&amp;", page, StringComparison.Ordinal);
        Assert.NotNull(System.Xml.Linq.XDocument.Parse(Read("x<b>&", "plots", "timeline.svg")).Root);

        Assert.Equal(0, (await DccProcess.Run("report", named, named, "--output", folder["c.html"])).ExitCode);
        var comparison = Read("c.html");
        Assert.Single(Script().Matches(comparison));
        Assert.DoesNotContain("<img", comparison, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Simulate_ReportCannotBeWritten_IsDoneAllTheSameAndSaysSo()
    {
        Directory.CreateDirectory(folder["a"]);
        await File.WriteAllTextAsync(Path.Combine(folder["a"], "plots"), "in the way", TestContext.Current.CancellationToken);
        var result = await DccProcess.Run(["simulate", .. Small, "--output", folder["a"]]);
        Assert.Equal(0, result.ExitCode);
        Assert.Contains("dcc: report.html is not written, the run is complete: ", result.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(folder["a"], "report.html")));
        Assert.Equal(1, (await DccProcess.Run("report", folder["a"])).ExitCode);
    }

    [Fact]
    public async Task Report_OneDeviceAndOneRound_IsWritten()
    {
        await Simulate("a", ["--devices", "1", "--rounds", "1", "--solver", "exact"]);
        Assert.Contains("1 device coordinated over 1 round", Read("a", "report.html"), StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(folder["a"], "plots", "theta-map.png")));
    }

    private static void AssertSelfContained(string page)
    {
        Assert.DoesNotContain("http:", page, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("https:", page, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotMatch(""" (src|href)="(?!#|data:)""", page);
        Assert.DoesNotContain("@import", page, StringComparison.Ordinal);
        Assert.All(Id().Matches(page).GroupBy(match => match.Value), same => Assert.Single(same));
    }

    private async Task<JsonElement> Simulate(string name, string[] arguments)
    {
        var result = await DccProcess.Run(["simulate", .. arguments, "--output", folder[name]]);
        Assert.True(result.ExitCode == 0, result.Error);
        Assert.DoesNotContain("dcc:", result.Error, StringComparison.Ordinal);
        return DccProcess.Summary(folder[name]);
    }

    private string Read(params string[] path) => File.ReadAllText(Path.Combine([folder.Root, .. path]));

    private SortedDictionary<string, string> Content(string name) => new(Directory
        .GetFiles(folder[name], "*", SearchOption.AllDirectories)
        .Where(file => !file.Contains("journal.db-", StringComparison.Ordinal))
        .ToDictionary(file => Path.GetRelativePath(folder[name], file), file => Convert.ToHexString(File.ReadAllBytes(file))));

    // No cell of these files holds a comma.
    private List<Dictionary<string, string>> Table(params string[] path)
    {
        var lines = Read(path).TrimEnd('\n').Split('\n').Select(line => line.Split(',')).ToList();
        return [.. lines.Skip(1).Select(cells => lines[0].Zip(cells).ToDictionary(cell => cell.First, cell => cell.Second))];
    }

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);

    [GeneratedRegex("<script")]
    private static partial Regex Script();

    [GeneratedRegex(" id=\"[^\"]*\"")]
    private static partial Regex Id();
}
