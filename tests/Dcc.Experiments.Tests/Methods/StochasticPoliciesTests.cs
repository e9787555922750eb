using Dcc.Core.Devices;
using Dcc.Core.Policies;
using Dcc.Experiments.Methods;

namespace Dcc.Experiments.Tests.Methods;

public class StochasticPoliciesTests
{
    [Fact]
    public void Measure_OfCertainActions_HasTheBitsOfTheDeterministicPolicies()
    {
        var system = GoldenSystem.Named("n10", 2);
        var policies = Deployment.NeverOffload(system);
        policies[3] = Deployment.AlwaysOffload(system)[3];
        var expected = JointMeasure.Of(system, policies, 3, 100_000);
        var actual = JointMeasure.Of(system, new StochasticPolicies([.. policies.Select(Certain)]), 3, 100_000);
        Assert.Equal(expected.Discounted, actual.Discounted);
        Assert.Equal(expected.SteadyState, actual.SteadyState);
        Assert.Equal(expected.Frequency, actual.Frequency);
    }

    [Fact]
    public void Measure_OffloadingByChance_PaysForCoincidences()
    {
        // Offload with probability q or else wait, at a battery that never runs dry: the number of offloaders is binomial, and the age geometric.
        const double Q = 0.3;
        var device = new DeviceParameters(1, 1, 1, 5);
        var system = new EdgeSystem(0.95, 15, 15, 1, [device, device, device]);
        var table = Enumerable.Range(0, system.Device(0).StateCount).SelectMany(_ => new float[] { 1 - (float)Q, 0, (float)Q }).ToArray();
        var measure = JointMeasure.Of(system, new StochasticPolicies([table, table, table]), 1, 4_000_000);
        var age = Enumerable.Range(0, 15).Sum(k => Math.Pow(1 - Q, k));
        Assert.Equal(age + (Q * 2 * Q), measure.SteadyState, 0.01);
        Assert.All(measure.Frequency, frequency => Assert.Equal(Q, frequency, 0.005));
    }

    private static float[] Certain(PolicyMixture policy) => [.. policy.Components.Single().Actions
        .SelectMany(action => new[] { action == 0 ? 1f : 0, action == 1 ? 1f : 0, action == 2 ? 1f : 0 })];
}
