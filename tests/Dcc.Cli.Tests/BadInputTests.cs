namespace Dcc.Cli.Tests;

public sealed class BadInputTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("command", "fly")]
    [InlineData("--colour", "simulate --colour red")]
    [InlineData("devices", "simulate --devices 0")]
    [InlineData("devices", "simulate --devices -4")]
    [InlineData("devices", "simulate --devices ten")]
    [InlineData("devices", "simulate --devices 2.5")]
    [InlineData("devices", "simulate --devices 99999999999")]
    [InlineData("devices", "simulate --devices 3 --system SYSTEM")]
    [InlineData("rounds", "simulate --rounds 0")]
    [InlineData("rounds", "simulate --rounds -1")]
    [InlineData("steps", "simulate --steps 0")]
    [InlineData("seed", "simulate --seed -1")]
    [InlineData("alpha", "simulate --alpha 0")]
    [InlineData("alpha", "simulate --alpha NaN")]
    [InlineData("alpha", "simulate --alpha 1e9")]
    [InlineData("perturbation-size", "simulate --perturbation-size 0")]
    [InlineData("initial-theta", "simulate --initial-theta 1.5")]
    [InlineData("initial-theta", "simulate --initial-theta NaN")]
    [InlineData("initial-theta", "simulate --initial-theta no-such-file")]
    [InlineData("solver", "simulate --solver magic")]
    [InlineData("step-rule", "simulate --step-rule 3")]
    [InlineData("criterion", "simulate --criterion average --solver exact")]
    [InlineData("system", "simulate --system no-such-file")]
    [InlineData("system", "optimum --system BROKEN")]
    [InlineData("system.battery", "optimum --system MISSING")]
    [InlineData("output", "simulate --output /dev/null/x")]
    [InlineData("device", "exact --system SYSTEM --device 2 --theta 0.1 --price 1")]
    [InlineData("device", "exact --system SYSTEM --device -1 --theta 0.1 --price 1")]
    [InlineData("theta", "exact --system SYSTEM --device 0 --theta 1.1 --price 1")]
    [InlineData("theta", "exact --system SYSTEM --device 0 --theta NaN --price 1")]
    [InlineData("price", "exact --system SYSTEM --device 0 --theta 0.1 --price NaN")]
    [InlineData("price", "exact --system SYSTEM --device 0 --theta 0.1 --price -1")]
    [InlineData("--price", "exact --system SYSTEM --device 0 --theta 0.1")]
    [InlineData("metrics", "emulate --metrics http://127.0.0.1:0")]
    [InlineData("metrics", "emulate --metrics here")]
    [InlineData("device-class: expected pi-zero-2|pi-3|pi-4|pi-5|unlimited, got pi-zero-3 (did you mean pi-zero-2?)", "emulate --device-class pi-zero-3")]
    [InlineData("--device-class", "simulate --device-class pi-3")]
    [InlineData("DIR", "verify")]
    [InlineData("DIR", "verify no-such-folder")]
    [InlineData("DIR", "verify EMPTY")]
    public async Task Command_BadInput_ExitsTwoWithOneLineNamingTheField(string field, string line)
    {
        Directory.CreateDirectory(folder["empty"]);
        await File.WriteAllTextAsync(folder["broken"], "{", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(
            folder["missing"], """{"gamma":0.95,"maxAge":15,"exponent":1.0,"devices":[{"minHarvest":0,"maxHarvest":3,"minCost":1,"maxCost":7}]}""",
            TestContext.Current.CancellationToken);
        var arguments = line.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(word => word switch
        {
            "SYSTEM" => DccProcess.Golden("system-n2-a1.json"),
            "BROKEN" => folder["broken"],
            "MISSING" => folder["missing"],
            "EMPTY" => folder["empty"],
            _ => word,
        });
        var result = await DccProcess.Run([.. arguments]);
        Assert.Equal((2, ""), (result.ExitCode, result.Output));
        Assert.StartsWith("dcc: ", result.Error, StringComparison.Ordinal);
        Assert.Contains(field, result.Error, StringComparison.Ordinal);
        Assert.Equal(1, result.Error.Count(character => character == '\n'));
        Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);
    }
}
