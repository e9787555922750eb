using System.Text.Json;
using Dcc.Core.Engine;
using Dcc.Journal;
using Dcc.Journal.Tests;
using Microsoft.Data.Sqlite;

[assembly: AssemblyFixture(typeof(PostgresServer))]

namespace Dcc.Cli.Tests;

public sealed class RunsCommandTests(PostgresServer server) : IDisposable
{
    private readonly TemporaryFolder folder = new();

    private string File => folder["store.db"];

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Runs_ListedShownExportedAndDeleted_FromFileAndDatabase(bool postgres)
    {
        var store = postgres ? await server.NewDatabase() : File;
        var digest = await Fill(store, "done", records: 5);
        await Fill(store, "half done, it's", records: 3);

        var list = await DccProcess.Run("runs", "list", "--store", store);
        Assert.Equal((0, ""), (list.ExitCode, list.Error));
        var lines = list.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Matches($@"^done +finished +3/3 +2  {digest}$", lines[0]);
        Assert.Matches("^half done, it's  unfinished +2/3 +2  [0-9a-f]{64}$", lines[1]);
        Assert.Equal(2, lines.Length);

        var json = (await DccProcess.Run("runs", "list", "--json", "--store", store)).Output.Split('\n')[1];
        using (var parsed = JsonDocument.Parse(json))
        {
            Assert.Equal(("half done, it's", "unfinished", 2), (
                parsed.RootElement.GetProperty("run").GetString(), parsed.RootElement.GetProperty("state").GetString(), parsed.RootElement.GetProperty("round").GetInt32()));
            Assert.True(parsed.RootElement.GetProperty("created").GetDateTimeOffset() > DateTimeOffset.UnixEpoch);
        }

        var show = await DccProcess.Run("runs", "show", "done", "--store", store);
        Assert.Equal(0, show.ExitCode);
        Assert.Matches($@"digest +{digest}\n", show.Output);
        Assert.Matches(@"solver +exact\n", show.Output);

        Assert.Equal((0, folder["out"] + "\n"), Plain(await DccProcess.Run("runs", "export", "done", "--store", store, "--output", folder["out"])));
        var verified = await DccProcess.Run("verify", folder["out"], "--relearn");
        Assert.Equal(0, verified.ExitCode);
        Assert.Contains(digest, verified.Output, StringComparison.Ordinal);
        Assert.Equal(digest, DccProcess.Summary(folder["out"]).GetProperty("digest").GetString());
        Assert.Equal(
            await System.IO.File.ReadAllLinesAsync(Path.Combine(folder["simulated"], "rounds.csv"), TestContext.Current.CancellationToken),
            await System.IO.File.ReadAllLinesAsync(Path.Combine(folder["out"], "rounds.csv"), TestContext.Current.CancellationToken));

        await BadInput("NAME: expected a run that is finished or cancelled", "runs", "delete", "half done, it's", "--store", store);
        Assert.Equal((0, "deleted half done, it's\n"), Plain(await DccProcess.Run("runs", "delete", "half done, it's", "--force", "--store", store)));
        Assert.Equal((0, "deleted done\n"), Plain(await DccProcess.Run("runs", "delete", "done", "--store", store)));
        Assert.Equal((0, ""), Plain(await DccProcess.Run("runs", "list", "--store", store)));
    }

    [Fact]
    public async Task Export_OfAFinishedRun_CanBeReported()
    {
        await Fill(File, "done", records: 5);
        await DccProcess.Run("runs", "export", "done", "--store", File, "--output", folder["out"]);
        Assert.Equal(0, (await DccProcess.Run("report", folder["out"])).ExitCode);
    }

    [Fact]
    public async Task Export_OfAnUnfinishedRun_HasNoSummaryAndVerifySaysWhatIsMissing()
    {
        await Fill(File, "half", records: 3);
        Assert.Equal(0, (await DccProcess.Run("runs", "export", "half", "--store", File, "--output", folder["out"])).ExitCode);
        Assert.False(System.IO.File.Exists(Path.Combine(folder["out"], "summary.json")));
        var verified = await DccProcess.Run("verify", folder["out"]);
        Assert.Equal(1, verified.ExitCode);
        Assert.Contains("journal record 3 is damaged: it is missing", verified.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Runs_ADamagedRun_IsNamedAndTheOthersListed()
    {
        await Fill(File, "bad", records: 5);
        await Fill(File, "good", records: 5);
        await using (var connection = new SqliteConnection($"Data Source={File};Pooling=False"))
        {
            await connection.OpenAsync(TestContext.Current.CancellationToken);
            await using var command = connection.CreateCommand();
            command.CommandText = "UPDATE record SET hash = zeroblob(32) WHERE run = 'bad' AND sequence = 2";
            await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }

        var list = await DccProcess.Run("runs", "list", "--store", File);
        Assert.Equal(1, list.ExitCode);
        Assert.Matches(@"^bad +damaged +1/3 +2  -\ngood +finished ", list.Output);
        Assert.StartsWith("dcc: run 'bad': journal record 2 is damaged: ", list.Error, StringComparison.Ordinal);
        Assert.Equal(1, (await DccProcess.Run("runs", "show", "bad", "--store", File)).ExitCode);
        var export = await DccProcess.Run("runs", "export", "bad", "--store", File, "--output", folder["out"]);
        Assert.Equal(1, export.ExitCode);
        Assert.Contains("journal record 2 is damaged", export.Error, StringComparison.Ordinal);
        await BadInput("which is damaged", "runs", "delete", "bad", "--store", File);
        Assert.Equal(0, (await DccProcess.Run("runs", "delete", "bad", "--force", "--store", File)).ExitCode);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Delete_WhileACoordinatorHasTheStore_IsRefused(bool postgres)
    {
        var store = postgres ? await server.NewDatabase() : File;
        await Fill(store, "done", records: 5);
        using var coordinator = DccProcess.StartService("Dcc.Coordinator", "--store", store, "--listen", "http://127.0.0.1:0", "--http", "none");
        try
        {
            while (!(await coordinator.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken))!.Contains("Listening", StringComparison.Ordinal))
            {
            }

            var delete = await DccProcess.Run("runs", "delete", "done", "--force", "--store", store);
            Assert.Equal((1, ""), Plain(delete));
            Assert.Contains("is open in", delete.Error, StringComparison.Ordinal);
            Assert.Contains("finished", (await DccProcess.Run("runs", "list", "--store", store)).Output, StringComparison.Ordinal);
        }
        finally
        {
            coordinator.Kill();
            await coordinator.WaitForExitAsync(TestContext.Current.CancellationToken);
        }
    }

    [Fact]
    public async Task List_StoreOfTheEnvironment_IsTakenWithItsPasswordAndShowsNone()
    {
        var environment = new Dictionary<string, string> { ["Coordinator__Store"] = "postgres://bob:s3cret@127.0.0.1:1/runs" };
        var result = await DccProcess.Run(environment, "runs", "list");
        Assert.Equal((1, ""), Plain(result));
        Assert.StartsWith("dcc: postgresql://bob@127.0.0.1:1/runs: ", result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Runs_BadInput_IsOneLineWithTheField()
    {
        await Fill(File, "done", records: 5);
        await System.IO.File.WriteAllTextAsync(folder["text"], "no journal at all, whatever its name says", TestContext.Current.CancellationToken);
        await BadInput("store: expected the journal file of a coordinator", "runs", "list", "--store", folder["nowhere"]);
        await BadInput("store: expected a journal of this program", "runs", "list", "--store", folder["text"]);
        await BadInput("store: expected no password on the command line", "runs", "list", "--store", "postgres://a:b@c/d");
        await BadInput("store: expected FILE, memory, postgres://", "runs", "list", "--store", "postgres://a:b@c:d/e");
        await BadInput("NAME: expected a run of the store (dcc runs list), got doen (did you mean done?)", "runs", "show", "doen", "--store", File);
        await BadInput("NAME: ", "runs", "export", "--store", File, "--output", folder["out"]);
        await BadInput("--output: expected DIR", "runs", "export", "done", "--store", File);
        await BadInput("command: expected list|show|export|delete", "runs");
        System.IO.Directory.CreateDirectory(folder["taken"]);
        await System.IO.File.WriteAllTextAsync(Path.Combine(folder["taken"], "journal.db"), "somebody's", TestContext.Current.CancellationToken);
        await BadInput("output: expected an empty folder", "runs", "export", "done", "--store", File, "--output", folder["taken"]);
    }

    // The records of a real run, as a coordinator would have written them.
    private async Task<string> Fill(string store, string run, int records)
    {
        Assert.Equal(0, (await DccProcess.Run(
            "simulate", "--devices", "2", "--rounds", "3", "--solver", "exact", "--no-report", "--force", "--output", folder["simulated"])).ExitCode);
        using var journal = SqliteJournal.OpenExisting(Path.Combine(folder["simulated"], "journal.db"));
        using var target = StoreLocation.Parse(store).Open();
        foreach (JournalRecord record in journal.Read("run").Take(records))
        {
            target.Append(run, record);
        }

        return DccProcess.Summary(folder["simulated"]).GetProperty("digest").GetString()!;
    }

    private static (int ExitCode, string Output) Plain(DccProcess.Result result) => (result.ExitCode, result.Output);

    private static async Task BadInput(string said, params string[] arguments)
    {
        var result = await DccProcess.Run(arguments);
        Assert.Equal((2, ""), Plain(result));
        Assert.Contains(said, result.Error, StringComparison.Ordinal);
        Assert.Equal(1, result.Error.Count(character => character == '\n'));
    }
}
