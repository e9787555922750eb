using System.Text.Json;

namespace Dcc.Cli.Tests;

public sealed class LoadTests
{
    [Fact]
    public async Task Load_FewDevices_MeasuresBothServersAndLeavesNothing()
    {
        var before = Directory.GetDirectories(Path.GetTempPath(), "dcc-load-*");
        var result = await DccProcess.Run("load", "--devices", "5,20", "--rounds", "40", "--streams-per-connection", "3", "--json", "--quiet");
        Assert.True(result.ExitCode == 0, result.Error);
        using var report = JsonDocument.Parse(result.Output);
        var rows = report.RootElement.GetProperty("rows").EnumerateArray().ToList();
        Assert.Equal([5, 20], rows.Select(row => row.GetProperty("devices").GetInt32()));
        foreach (var row in rows)
        {
            Assert.Equal(40, row.GetProperty("rounds").GetInt32());
            foreach (var server in new[] { row.GetProperty("coordinator"), row.GetProperty("floor") })
            {
                Assert.All(
                    new[] { "roundsPerSecond", "clientCpuMicroseconds", "serverMegabytes", "medianMilliseconds" },
                    figure => Assert.True(server.GetProperty(figure).GetDouble() > 0, figure));
                Assert.True(server.GetProperty("medianMilliseconds").GetDouble() <= server.GetProperty("longestMilliseconds").GetDouble());
            }
        }

        Assert.Equal("sqlite", report.RootElement.GetProperty("store").GetString());
        Assert.Equal(before, Directory.GetDirectories(Path.GetTempPath(), "dcc-load-*"));
    }

    [Fact]
    public async Task Load_Table_FitsEightyColumns()
    {
        var result = await DccProcess.Run("load", "--devices", "2", "--rounds", "10", "--processes", "1", "--memory", "--no-metrics");
        Assert.Equal(0, result.ExitCode);
        Assert.All(result.Output.Split('\n'), line => Assert.True(line.Length <= 80, line));
        Assert.Contains("bare stream", result.Output, StringComparison.Ordinal);
        Assert.Contains("store memory, metrics off", result.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--devices", "0", "devices")]
    [InlineData("--devices", "10,,20", "devices")]
    [InlineData("--devices", "many", "devices")]
    [InlineData("--rounds", "0", "rounds")]
    [InlineData("--processes", "65", "processes")]
    [InlineData("--streams-per-connection", "0", "streams-per-connection")]
    public async Task Load_BadInput_NamesTheOption(string option, string value, string field)
    {
        var result = await DccProcess.Run("load", option, value);
        Assert.Equal(2, result.ExitCode);
        Assert.Contains($"{field}: expected", result.Error, StringComparison.Ordinal);
        Assert.Equal(1, result.Error.Count(character => character == '\n'));
    }
}
