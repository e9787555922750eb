using Microsoft.Data.Sqlite;

namespace Dcc.Cli.Tests;

public sealed class VerifyTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("UPDATE record SET body = CAST(substr(body, 1, 9) || x'01' || substr(body, 11) AS BLOB) WHERE sequence = 2", "record 2")]
    [InlineData("UPDATE record SET hash = CAST(substr(hash, 1, 31) || x'00' AS BLOB) WHERE sequence = 3", "record 3")]
    [InlineData("UPDATE record SET kind = 1 WHERE sequence = 1", "record 1")]
    [InlineData("UPDATE record SET body = CAST('{}' AS BLOB) WHERE sequence = 0", "record 0")]
    [InlineData("UPDATE record SET sequence = 9 WHERE sequence = 4", "record 9")]
    [InlineData("DELETE FROM record WHERE sequence = 1", "record 2")]
    [InlineData("DELETE FROM record WHERE sequence = 4", "record 4")]
    [InlineData("UPDATE record SET run = 'other' WHERE sequence = 4", "record")]
    public async Task Verify_JournalChanged_SaysWhichRecord(string change, string named)
    {
        await Simulate();
        await using (var connection = new SqliteConnection($"Data Source={Path.Combine(folder["a"], "journal.db")};Pooling=False"))
        {
            await connection.OpenAsync(TestContext.Current.CancellationToken);
            await using var command = connection.CreateCommand();
#pragma warning disable CA2100 // The statements are this file's own.
            command.CommandText = change;
#pragma warning restore CA2100
            Assert.Equal(1, await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken));
        }

        var result = await DccProcess.Run("verify", folder["a"]);
        Assert.Equal((1, ""), (result.ExitCode, result.Output));
        Assert.Contains($"journal {named}", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Verify_EveryByteOfEveryBodyChangedInTheFile_IsNoticed()
    {
        await Simulate();
        var path = Path.Combine(folder["a"], "journal.db");
        var original = await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken);
        var bodies = await Bodies(path);
        foreach (var (sequence, body) in bodies)
        {
            var at = original.AsSpan().IndexOf(body) + (body.Length / 2);
            var changed = (byte[])original.Clone();
            changed[at] ^= 0x40;
            await File.WriteAllBytesAsync(path, changed, TestContext.Current.CancellationToken);
            var result = await DccProcess.Run("verify", folder["a"]);
            Assert.Equal(1, result.ExitCode);
            Assert.Contains($"journal record {sequence} ", result.Error, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("half")]
    [InlineData("nothing")]
    [InlineData("application id")]
    [InlineData("schema")]
    [InlineData("version of tomorrow")]
    public async Task Verify_FileTornInARunsFolder_FailsAndNamesIt(string what)
    {
        await Simulate();
        var path = Path.Combine(folder["a"], "journal.db");
        var content = await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken);

        // Offsets of SQLite's file header; the schema's text follows in the first page.
        content[what switch { "application id" => 68, "version of tomorrow" => 63, "schema" => content.AsSpan().IndexOf("CREATE TABLE"u8), _ => 0 }] ^=
            what is "half" or "nothing" ? (byte)0 : (byte)0x40;
        await File.WriteAllBytesAsync(path, content[..(what switch { "half" => content.Length / 2, "nothing" => 0, _ => content.Length })], TestContext.Current.CancellationToken);
        var result = await DccProcess.Run("verify", folder["a"]);
        Assert.Equal((1, ""), (result.ExitCode, result.Output));
        Assert.StartsWith($"dcc: {path}", result.Error, StringComparison.Ordinal);
        Assert.Equal(1, result.Error.Count(character => character == '\n'));
    }

    [Fact]
    public async Task Verify_JournalOfSchemaVersion1_IsVerifiedAndLeftAsItIs()
    {
        Directory.CreateDirectory(folder["a"]);
        var path = Path.Combine(folder["a"], "journal.db");
        File.Copy(Path.Combine(AppContext.BaseDirectory, "fixtures", "version-1.db"), path);
        var before = await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken);
        var result = await DccProcess.Run("verify", folder["a"], "--relearn");
        Assert.Equal(0, result.ExitCode);
        Assert.Contains("digest ab6e3162938b26bdc408ddb192db6778aaa4e5db947aeee6f9409f7cd2391a17", result.Output, StringComparison.Ordinal);
        Assert.Equal(before, await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Verify_SummaryOfAnotherRun_IsNoticed()
    {
        await Simulate();
        var path = Path.Combine(folder["a"], "summary.json");
        var text = await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken);
        var digest = DccProcess.Summary(folder["a"]).GetProperty("digest").GetString()!;
        await File.WriteAllTextAsync(
            path, text.Replace(digest, new string('0', digest.Length), StringComparison.Ordinal), TestContext.Current.CancellationToken);
        var result = await DccProcess.Run("verify", folder["a"]);
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("summary.json", result.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("this is no database at all, whatever its name says")]
    [InlineData("")]
    public async Task Verify_FileOfAnotherProgram_IsBadInput(string content)
    {
        Directory.CreateDirectory(folder["a"]);
        await File.WriteAllTextAsync(Path.Combine(folder["a"], "journal.db"), content, TestContext.Current.CancellationToken);
        var result = await DccProcess.Run("verify", folder["a"]);
        Assert.Equal(2, result.ExitCode);
        Assert.StartsWith("dcc: DIR: ", result.Error, StringComparison.Ordinal);
    }

    private async Task Simulate() => Assert.Equal(0, (await DccProcess.Run(
        "simulate", "--devices", "3", "--rounds", "3", "--solver", "exact", "--no-report", "--output", folder["a"])).ExitCode);

    private static async Task<List<(long Sequence, byte[] Body)>> Bodies(string path)
    {
        await using var connection = new SqliteConnection($"Data Source={path};Mode=ReadOnly;Pooling=False");
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT sequence, body FROM record";
        await using var reader = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken);
        var bodies = new List<(long, byte[])>();
        while (await reader.ReadAsync(TestContext.Current.CancellationToken))
        {
            bodies.Add((reader.GetInt64(0), reader.GetFieldValue<byte[]>(1)));
        }

        return bodies;
    }
}
