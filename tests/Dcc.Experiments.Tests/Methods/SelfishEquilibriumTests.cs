using Dcc.Core.Coordination;
using Dcc.Core.Devices;
using Dcc.Core.Exact;
using Dcc.Experiments.Methods;

namespace Dcc.Experiments.Tests.Methods;

public class SelfishEquilibriumTests
{
    [Theory]
    [InlineData("n2", 1, CongestionKind.MeanField)]
    [InlineData("n10", 1, CongestionKind.MeanField)]
    [InlineData("n10", 2, CongestionKind.Poisson)]
    [InlineData("n20", 2, CongestionKind.MeanField)]
    public void Policies_AnyDeviceDeviatesAlone_GainsNothing(string name, int exponent, CongestionKind kind)
    {
        // From the policies alone: their exact frequencies make the prices, and policy iteration looks for a better answer to them.
        var system = GoldenSystem.Named(name, exponent);
        var policies = SelfishEquilibrium.Find(system, kind, TestContext.Current.CancellationToken).Policies;
        var alone = policies.Select((policy, i) => ExactCurve.Evaluate(system.Device(i), system.Gamma, policy)).ToArray();
        var total = alone.Sum(device => device.Frequency);
        var congestion = new Congestion(kind, CongestionForm.Shifted, exponent);
        for (var i = 0; i < alone.Length; i++)
        {
            var price = congestion.Price(total - alone[i].Frequency);
            var best = MarkovDecisionProcess.Of(system.Device(i), system.Gamma).Optimise(price, mayOffload: true, near: null);
            Assert.InRange(alone[i].Cost + (price * alone[i].Frequency) - best.Value(price), -1e-9, SelfishEquilibrium.Tolerance + 1e-9);
        }
    }

    [Fact]
    public void Find_EqualDevices_TreatsThemAlike()
    {
        var device = new DeviceParameters(0, 2, 1, 7);
        var system = EdgeSystem.Sample(3, 1) with { Devices = [device, device, device] };
        var frequency = SelfishEquilibrium.Find(system, CongestionKind.MeanField, TestContext.Current.CancellationToken).Frequency;
        Assert.Equal(frequency[0], frequency[1]);
        Assert.Equal(frequency[0], frequency[2]);
        Assert.InRange(frequency[0], 0.05, 0.9);
    }
}
