using System.Text.Json;
using Dcc.Cli.Load;

namespace Dcc.Services.Tests;

public sealed class LoadReportTests
{
    // The system counts another process's CPU in ticks of 10 ms: on a fast machine a short measurement sees none.
    [Theory]
    [InlineData(0, null)]
    [InlineData(20, 2.0)]
    public void ServerCpuRatio_OfAFloorWithoutATick_IsUnknown(double floor, double? ratio)
    {
        var report = new LoadReport("memory", false, 1, 1, 2, [new LoadRow(5, 40, Figures(40), Figures(floor))]);
        using var json = JsonDocument.Parse(report.ToJson());
        var said = json.RootElement.GetProperty("rows")[0].GetProperty("serverCpuRatio");
        Assert.Equal(ratio, said.ValueKind == JsonValueKind.Null ? null : said.GetDouble());
    }

    private static LoadFigures Figures(double cpu) => new(1, cpu, 1, 1, 1, 1, 1, 1);
}
