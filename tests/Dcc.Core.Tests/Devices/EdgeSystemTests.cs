using System.Text;
using Dcc.Core.Devices;
using Dcc.Core.Validation;

namespace Dcc.Core.Tests.Devices;

public class EdgeSystemTests
{
    private const string Valid =
        """{"gamma":0.95,"maxAge":15,"battery":15,"exponent":1.0,"devices":[{"minHarvest":0,"maxHarvest":3,"minCost":1,"maxCost":7}]}""";

    [Fact]
    public void Parse_ValidText_RoundTrips()
    {
        var system = Parse(Valid);
        Assert.Equal((0.95, 15, 15, 1.0), (system.Gamma, system.MaxAge, system.Battery, system.Exponent));
        Assert.Equal(new DeviceParameters(0, 3, 1, 7), Assert.Single(system.Devices));
        Assert.Equal(system.ToJson(), Parse(system.ToJson()).ToJson());
    }

    [Theory]
    [InlineData("\"gamma\":0.95", "\"gamma\":1", "system.gamma")]
    [InlineData("\"gamma\":0.95", "\"gamma\":\"x\"", "system.gamma")]
    [InlineData("\"gamma\":0.95,", "", "system.gamma")]
    [InlineData("\"maxAge\":15", "\"maxAge\":0", "system.maxAge")]
    [InlineData("\"maxAge\":15", "\"maxAge\":1.5", "system.maxAge")]
    [InlineData("\"battery\":15", "\"battery\":-1", "system.battery")]
    [InlineData("\"exponent\":1.0", "\"exponent\":0", "system.exponent")]
    [InlineData("\"exponent\":1.0", "\"exponent\":1e999", "system.exponent")]
    [InlineData("\"exponent\":1.0", "\"exponent\":1.0,\"colour\":1", "system.colour")]
    [InlineData("\"minHarvest\":0", "\"minHarvest\":-1", "system.devices[0].minHarvest")]
    [InlineData("\"minHarvest\":0", "\"minHarvest\":4", "system.devices[0].maxHarvest")]
    [InlineData("\"maxHarvest\":3", "\"maxHarvest\":0", "system.devices[0].maxHarvest")]
    [InlineData("\"minCost\":1", "\"minCost\":0", "system.devices[0].minCost")]
    [InlineData("\"minCost\":1", "\"minCost\":8", "system.devices[0].maxCost")]
    [InlineData("\"maxCost\":7", "\"maxCost\":7,\"size\":1", "system.devices[0].size")]
    [InlineData("{\"minHarvest\":0,\"maxHarvest\":3,\"minCost\":1,\"maxCost\":7}", "", "system.devices")]
    [InlineData("{\"minHarvest\":0,\"maxHarvest\":3,\"minCost\":1,\"maxCost\":7}", "7", "system.devices[0]")]
    [InlineData("\"battery\":15", "\"battery\":60000", "system.devices[0]")]
    public void Parse_OneFault_NamesTheField(string from, string to, string field)
    {
        var exception = Assert.Throws<InvalidInputException>(() => Parse(Valid.Replace(from, to, StringComparison.Ordinal)));
        Assert.Equal(field, Assert.Single(exception.Faults).Field);
    }

    [Fact]
    public void Parse_SeveralFaults_ReportsAllAtOnce()
    {
        var exception = Assert.Throws<InvalidInputException>(() => Parse(
            """{"gamma":2,"maxAge":0,"battery":15,"exponent":-1,"x":1,"devices":[{"minHarvest":-1,"maxHarvest":3,"minCost":1,"maxCost":7},{"minHarvest":0}]}"""));
        Assert.Equal(
            [
                "system.x", "system.gamma", "system.exponent", "system.maxAge", "system.devices[0].minHarvest",
                "system.devices[1].maxHarvest", "system.devices[1].minCost", "system.devices[1].maxCost",
            ],
            exception.Faults.Select(fault => fault.Field));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("{\"gamma\":0.9,\"gamma\":0.8}")]
    public void Parse_NoSystemAtAll_IsRefused(string text) => Assert.Throws<InvalidInputException>(() => Parse(text));

    [Fact]
    public void Sample_MoreDevices_LeavesTheFirstOnesAlone()
    {
        var ten = EdgeSystem.Sample(10, seed: 3);
        var twenty = EdgeSystem.Sample(20, seed: 3);
        Assert.Equal(ten.Devices, twenty.Devices[..10]);
        Assert.NotEqual(ten.Devices, EdgeSystem.Sample(10, seed: 4).Devices);
        Assert.All(twenty.Devices, device =>
        {
            Assert.Contains(device.MinHarvest, new[] { 0, 1 });
            Assert.Contains(device.MaxHarvest, new[] { 1, 2, 3 });
            Assert.Equal(1, device.MinCost);
            Assert.Contains(device.MaxCost, new[] { 5, 7, 10 });
        });
    }

    private static EdgeSystem Parse(string text) => EdgeSystem.Parse(Encoding.UTF8.GetBytes(text));
}
