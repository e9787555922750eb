using System.Globalization;
using System.Text.Json;

namespace Dcc.Cli.Tests;

public class OracleCommandTests
{
    [Fact]
    public async Task Exact_GoldenDevice_PrintsOneObjectAndNothingElse()
    {
        // Device 4 of n10 is H 0..3, C 1..7: golden/cmdp.json at theta 0.1, price 0.75.
        var result = await DccProcess.Run(
            "exact", "--system", DccProcess.Golden("system-n10-a1.json"), "--device", "4", "--theta", "0.1", "--price", "0.75");
        Assert.Equal(0, result.ExitCode);
        using var document = JsonDocument.Parse(result.Output);
        Assert.Equal(["j", "frequency", "multiplier"], document.RootElement.EnumerateObject().Select(property => property.Name));
        Assert.Equal(1.601397933, document.RootElement.GetProperty("j").GetDouble(), 1e-6);
        Assert.Equal(0.1, document.RootElement.GetProperty("frequency").GetDouble(), 1e-6);
        Assert.Equal(1.948516494, document.RootElement.GetProperty("multiplier").GetDouble(), 1e-6);
    }

    [Theory]
    [InlineData("mean-field", 1.654716)]
    [InlineData("poisson", double.NaN)]
    public async Task Optimum_GoldenSystem_PrintsThetaAndCost(string congestion, double bestKnown)
    {
        var result = await DccProcess.Run("optimum", "--system", DccProcess.Golden("system-n10-a2.json"), "--congestion", congestion);
        Assert.Equal(0, result.ExitCode);
        using var document = JsonDocument.Parse(result.Output);
        Assert.Equal(["theta", "costPerDevice"], document.RootElement.EnumerateObject().Select(property => property.Name));
        Assert.All(document.RootElement.GetProperty("theta").EnumerateArray(), theta => Assert.InRange(theta.GetDouble(), 0, 1));
        var cost = document.RootElement.GetProperty("costPerDevice").GetDouble();
        if (!double.IsNaN(bestKnown))
        {
            Assert.Equal(bestKnown, cost, 1e-3);
        }
        else
        {
            // A random number of others costs more than its mean where the penalty is convex.
            Assert.InRange(cost, 1.654716, 2.082426);
        }

        Assert.Equal(cost.ToString("R", CultureInfo.InvariantCulture), document.RootElement.GetProperty("costPerDevice").GetRawText());
    }
}
