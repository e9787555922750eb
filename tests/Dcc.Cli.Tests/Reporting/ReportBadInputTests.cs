using Microsoft.Data.Sqlite;

namespace Dcc.Cli.Tests.Reporting;

public sealed class ReportBadInputTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("summary.json", "{", "summary.json states digest nothing", 1)]
    [InlineData("summary.json", "DIGEST", "summary.json: expected what a finished run writes", 2)]
    [InlineData("summary.json", null, "DIR: expected the output folder of a finished run", 2)]
    [InlineData("rounds.csv", null, "without rounds.csv", 2)]
    [InlineData("rounds.csv", "", "rounds.csv line 1: expected 6 rows", 2)]
    [InlineData("rounds.csv", "round,device\n", "rounds.csv line 1: expected round,device,theta", 2)]
    [InlineData("rounds.csv", "TRUNCATED", "rounds.csv line 4: expected", 2)]
    [InlineData("events.jsonl", null, "without events.jsonl", 2)]
    [InlineData("events.jsonl", "{\"time\":1}\n", "events.jsonl line 1: expected a JSON object with time and event", 2)]
    [InlineData("events.jsonl", "\u001b[2J\n", "events.jsonl line 1: expected", 2)]
    [InlineData("run.json", "[]", "run.json: expected what a finished run writes", 2)]
    [InlineData("journal.db", null, "with a journal.db", 2)]
    [InlineData("journal.db", "no database", "journal.db is not a usable SQLite file", 1)]
    public async Task Report_FileIsMissingOrDamaged_SaysSoInOneLineAndWritesNothing(string file, string? content, string message, int code)
    {
        await Run();
        var path = Path.Combine(folder["a"], file);
        var text = content switch
        {
            "DIGEST" => $$"""{"digest":"{{DccProcess.Summary(folder["a"]).GetProperty("digest").GetString()}}"}""",
            "TRUNCATED" => string.Join('\n', (await File.ReadAllLinesAsync(path, TestContext.Current.CancellationToken)).Take(3)) + "\n0,2,0",
            _ => content,
        };
        File.Delete(path);
        if (text is not null)
        {
            await File.WriteAllTextAsync(path, text, TestContext.Current.CancellationToken);
        }

        await AssertRefused(message, code);
    }

    [Fact]
    public async Task Report_JournalTampered_ExitsOneLikeVerify()
    {
        await Run();
        await Execute("UPDATE record SET body = zeroblob(length(body)) WHERE sequence = 2");
        var verified = await DccProcess.Run("verify", folder["a"]);
        await AssertRefused("journal record 2 is damaged", 1);
        Assert.Equal(1, verified.ExitCode);
    }

    [Fact]
    public async Task Report_UnfinishedRun_SaysWhereItEnds()
    {
        await Run();
        File.Delete(Path.Combine(folder["a"], "summary.json"));
        await Execute("DELETE FROM record WHERE sequence > 2");
        await AssertRefused("whose journal ends before round 2 of 2 was committed", 2);
    }

    [Fact]
    public async Task Report_RoundsOfAnotherRun_AreRefused()
    {
        await Run();
        string[] other = ["simulate", "--devices", "3", "--rounds", "2", "--steps", "200", "--seed", "2", "--output", folder["b"]];
        Assert.Equal(0, (await DccProcess.Run(other)).ExitCode);
        File.Copy(Path.Combine(folder["b"], "rounds.csv"), Path.Combine(folder["a"], "rounds.csv"), overwrite: true);
        await AssertRefused("rounds.csv line 2: expected 0,0,", 2);
    }

    [Theory]
    [InlineData("report", "DIR")]
    [InlineData("report no-such-folder", "no-such-folder")]
    [InlineData("report a --output b.html", "output: expected two runs or more")]
    public async Task Report_BadArguments_ExitTwoWithOneLine(string line, string message)
    {
        var result = await DccProcess.Run(line.Split(' '));
        Assert.Equal((2, ""), (result.ExitCode, result.Output));
        Assert.Contains(message, result.Error, StringComparison.Ordinal);
        Assert.Equal(1, result.Error.Count(character => character == '\n'));
    }

    private async Task Run()
    {
        Assert.Equal(0, (await DccProcess.Run("simulate", "--devices", "3", "--rounds", "2", "--steps", "200", "--output", folder["a"])).ExitCode);
        Directory.Delete(Path.Combine(folder["a"], "plots"), recursive: true);
        File.Delete(Path.Combine(folder["a"], "report.html"));
    }

    private async Task Execute(string sql)
    {
        await using var connection = new SqliteConnection($"Data Source={Path.Combine(folder["a"], "journal.db")};Pooling=False");
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }

    private async Task AssertRefused(string message, int code)
    {
        var result = await DccProcess.Run("report", folder["a"]);
        Assert.Equal((code, ""), (result.ExitCode, result.Output));
        Assert.StartsWith("dcc: ", result.Error[result.Error.IndexOf("dcc: ", StringComparison.Ordinal)..], StringComparison.Ordinal);
        Assert.Contains(message, result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', result.Error);
        Assert.Equal(1, result.Error.Count(character => character == '\n'));
        Assert.False(File.Exists(Path.Combine(folder["a"], "report.html")));
        Assert.False(Directory.Exists(Path.Combine(folder["a"], "plots")));
    }
}
