using Dcc.Core.Devices;
using Dcc.Core.Exact;
using Dcc.Core.Policies;

namespace Dcc.Core.Tests.Exact;

public class ExactCurveTests
{
    public static TheoryData<int> Cases => [.. Enumerable.Range(0, Golden.Cases.Count)];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Read_GoldenCase_AgreesWithTheLinearProgram(int index)
    {
        var golden = Golden.Cases[index];
        var point = Golden.Curve(golden.Device).Read(golden.Theta, golden.Price);
        Assert.Equal(golden.Cost, point.Cost, 1e-6);
        Assert.Equal(golden.Frequency, point.Frequency, 1e-6);

        // Where the constraint binds, multiplier + price is one slope of J0. The linear program's own value of that slope scatters with the
        // price (1.4e-6 for H 0..3, C 1..7 at theta 0.02, where it is 1.1e-5 away from ours); elsewhere both agree.
        var scatter = Golden.Cases
            .Where(other => other.Device == golden.Device && other.Theta == golden.Theta && other.Multiplier > 0)
            .Select(other => other.Multiplier + other.Price).DefaultIfEmpty().ToList();
        Assert.Equal(golden.Multiplier, point.Multiplier, scatter.Max() - scatter.Min() > 1e-6 ? 2e-5 : 1e-6);
    }

    [Fact]
    public void Slope_WhereTheLinearProgramScatters_IsProvenByBellmansEquation()
    {
        // At the price equal to the edge's slope both its ends are optimal, and no policy is better: then the slope is exact.
        var device = Golden.Device(new DeviceParameters(0, 3, 1, 7));
        var curve = Golden.Curve(new DeviceParameters(0, 3, 1, 7));
        var slope = curve.Read(0.02, 0).Multiplier;
        var left = curve.Frequencies.ToArray().Count(f => f <= 0.02) - 1;
        var optimum = MarkovDecisionProcess.Of(device, Golden.Gamma).Optimise(slope, mayOffload: true, near: null);
        for (var vertex = left; vertex <= left + 1; vertex++)
        {
            Assert.Equal(optimum.Value(slope), curve.Costs[vertex] + (slope * curve.Frequencies[vertex]), 1e-10);
        }

        Assert.True(curve.Frequencies[left + 1] - curve.Frequencies[left] > 0.005);
    }

    [Fact]
    public void Read_ThetaZero_NeverOffloads()
    {
        foreach (var device in Golden.Cases.Select(golden => golden.Device).Distinct())
        {
            Assert.Equal(0, Golden.Curve(device).Read(0, 0).Frequency);
        }
    }

    [Fact]
    public void Read_ThetaOneAndFree_CostsOne()
    {
        foreach (var device in Golden.Cases.Select(golden => golden.Device).Distinct())
        {
            Assert.Equal(1, Golden.Curve(device).Read(1, 0).Cost, 1e-9);
        }
    }

    [Fact]
    public void Read_AlongTheta_IsConvexAndNonIncreasingWithSlopeMinusLambda()
    {
        const int Points = 2_000;
        foreach (var device in Golden.Cases.Select(golden => golden.Device).Distinct())
        {
            var curve = Golden.Curve(device);
            var lastSlope = double.NegativeInfinity;
            for (var i = 0; i < Points; i++)
            {
                var (low, high) = ((double)i / Points, (i + 1.0) / Points);
                var here = curve.Read(low, 0.4);
                var slope = (curve.Read(high, 0.4).Cost - here.Cost) / (high - low);
                Assert.True(slope <= 1e-9, $"J rises at theta = {low}");
                Assert.True(slope >= lastSlope - 1e-7, $"J is not convex at theta = {low}");

                // dJ/dtheta = -lambda (Proposition 3.1), up to the kinks between the two points.
                Assert.InRange(-slope, curve.Read(high, 0.4).Multiplier - 1e-7, here.Multiplier + 1e-7);
                lastSlope = slope;
            }
        }
    }

    [Fact]
    public void Read_AlongPrice_HasSlopeF()
    {
        // dJ/dtheta_-i = f d'(1 + theta_-i), so dJ/dp = f (Proposition 3.2); J is concave in p, so secants lie between the ends' f.
        foreach (var golden in Golden.Cases)
        {
            var curve = Golden.Curve(golden.Device);
            const double Step = 1e-3;
            var low = curve.Read(golden.Theta, golden.Price);
            var high = curve.Read(golden.Theta, golden.Price + Step);
            Assert.InRange((high.Cost - low.Cost) / Step, high.Frequency - 1e-9, low.Frequency + 1e-9);
        }
    }

    [Fact]
    public void Read_AtAKink_ReportsTheRightDerivative()
    {
        var curve = Golden.Curve(new DeviceParameters(1, 3, 1, 10));
        var kink = curve.Frequencies[3];
        Assert.Equal(curve.Read(kink + 1e-9, 0).Multiplier, curve.Read(kink, 0).Multiplier, 1e-9);
        Assert.True(curve.Read(kink - 1e-9, 0).Multiplier > curve.Read(kink, 0).Multiplier);
    }

    [Fact]
    public void Evaluate_PolicyReadFromTheCurve_HasTheCurvesCostAndFrequency()
    {
        foreach (var golden in Golden.Cases)
        {
            var curve = Golden.Curve(golden.Device);
            var point = curve.Read(golden.Theta, golden.Price);
            var (cost, frequency) = ExactCurve.Evaluate(
                Golden.Device(golden.Device), Golden.Gamma, curve.Policy(golden.Theta, golden.Price));
            Assert.Equal(point.Cost, cost + (golden.Price * frequency), 1e-9);
            Assert.Equal(point.Frequency, frequency, 1e-9);
        }
    }

    [Fact]
    public void Of_AModelWithAClosedForm_FindsIt()
    {
        // A second device model. Idle costs 1; waiting breaks it with probability 1/2, broken costs 3 until an offload mends it. Local never
        // helps. Always offloading from "idle" onwards keeps the cost at 1; never offloading costs 1 + 2 P(broken).
        var curve = ExactCurve.Of(default(FragileDevice), 0.5);
        Assert.Equal(0, curve.Frequencies[0]);

        // Never: normalised V(broken) = 3; V(idle) = 0.5 * 1 + 0.5 (V(idle) + 3) / 2, so V(idle) = 5/3.
        Assert.Equal(5.0 / 3, curve.Costs[0], 1e-12);

        // Free offloading: in "broken" only, V(broken) = 0.5 * 3 + 0.5 V(idle) and V(idle) = 0.5 + 0.25 (V(idle) + V(broken)); in both, J = 1.
        Assert.Equal(1, curve.Read(1, 0).Cost, 1e-12);
        Assert.Equal(1, curve.Frequencies[^1], 1e-12);

        // Offloading only when broken: K(broken) = 0.5 + 0.5 K(idle), K(idle) = 0.25 (K(idle) + K(broken)): K(idle) = 1/5.
        Assert.Contains(curve.Frequencies.ToArray(), f => Math.Abs(f - 0.2) < 1e-12);
    }

    private readonly struct FragileDevice : IKnownDeviceModel
    {
        public int StateCount => 2;

        public int FeatureCount => 1;

        public void WriteFeatures(int state, Span<float> features) => features[0] = state;

        public bool IsLegal(int state, DeviceAction action) => true;

        public int Step(int state, DeviceAction action, ulong noise, out float cost)
        {
            cost = (float)Cost(state);
            return action == DeviceAction.Offload ? 0 : state == 1 || (long)noise < 0 ? 1 : 0;
        }

        public int InitialState(ulong noise) => 0;

        public int TrainingState(ulong noise) => (int)(noise >> 63);

        public double Cost(int state) => state == 0 ? 1 : 3;

        public void AddOutcomes(int state, DeviceAction action, List<Outcome> outcomes)
        {
            if (action == DeviceAction.Offload || state == 1)
            {
                outcomes.Add(new Outcome(action == DeviceAction.Offload ? 0 : 1, 1));
                return;
            }

            outcomes.Add(new Outcome(0, 0.5));
            outcomes.Add(new Outcome(1, 0.5));
        }

        public void AddInitialStates(List<Outcome> outcomes) => outcomes.Add(new Outcome(0, 1));
    }
}
