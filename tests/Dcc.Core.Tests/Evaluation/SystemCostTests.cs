using Dcc.Core.Coordination;
using Dcc.Core.Devices;
using Dcc.Core.Engine;
using Dcc.Core.Evaluation;
using Dcc.Core.Learning;

namespace Dcc.Core.Tests.Evaluation;

public class SystemCostTests
{
    public static TheoryData<string, double> Systems =>
        new(Golden.Systems().Select(system => (system.Name, system.Exponent)));

    [Theory]
    [MemberData(nameof(Systems))]
    public void Optimum_OfAGoldenSystem_IsAtMostTheBestKnown(string name, double exponent)
    {
        var golden = Golden.Systems().Single(system => system.Name == name && system.Exponent == exponent);
        var objective = Objective(Golden.System(name, exponent), exponent);
        var (theta, cost) = Optimum.Find(objective, long.MaxValue, [], null, TestContext.Current.CancellationToken);
        Assert.Equal(golden.NeverOffload, objective.PerDevice(new double[theta.Length]), 5e-6);
        Assert.InRange(cost, golden.BestKnown - 1e-3, golden.BestKnown);
        Assert.Equal(cost, objective.PerDevice(theta), 1e-12);
    }

    /// <summary>The limits: within 2 % after 5 rounds and 0.5 % after 20, default solver and step rule, mean-field, five seeds.</summary>
    [Theory]
    [InlineData("n10", 1)]
    [InlineData("n10", 2)]
    [InlineData("n20", 1)]
    [InlineData("n20", 2)]
    public void Run_OfAGoldenSystem_EndsNearTheBestKnown(string name, double exponent)
    {
        var golden = Golden.Systems().Single(system => system.Name == name && system.Exponent == exponent);
        var system = Golden.System(name, exponent);
        var objective = Objective(system, exponent);
        for (ulong seed = 1; seed <= 5; seed++)
        {
            var run = new InMemoryRun(system, new RunParameters
            {
                Devices = system.Devices.Length, Rounds = 20, Seed = seed, Exponent = exponent,
                Congestion = CongestionKind.MeanField, InitialTheta = new double[system.Devices.Length],
            });
            run.Until(round: 5);
            Assert.InRange(objective.PerDevice(run.Engine.Theta) / golden.BestKnown, 0.999, 1.02);
            run.Until(round: 20);
            Assert.InRange(objective.PerDevice(run.Engine.Theta) / golden.BestKnown, 0.999, 1.005);
        }
    }

    [Fact]
    public void RobbinsMonro_FromZero_StaysFarAboveTheBestKnown()
    {
        // The paper's own step: the first one throws every theta to 1 (model.md section 4). A known deviation, kept visible.
        var system = Golden.System("n20", 1);
        var objective = Objective(system, 1);
        var run = new InMemoryRun(system, new RunParameters
        {
            Devices = 20, Rounds = 5, Seed = 1, Solver = SolverKind.Exact, StepRule = StepRuleKind.RobbinsMonro,
            Congestion = CongestionKind.MeanField, InitialTheta = new double[20],
        });
        run.Until(round: 5);
        var golden = Golden.Systems().Single(golden => golden is { Name: "n20", Exponent: 1 });
        Assert.InRange(objective.PerDevice(run.Engine.Theta) / golden.BestKnown, 1.15, 1.25);
    }

    [Fact]
    public void JointCost_SteadyStateAtExponentOne_IsLemma1sDecomposition()
    {
        // Stationary start: the penalty's mean is the product of frequencies, so the joint cost decomposes with p = sum of the others' f.
        var (policies, system) = DeployedAtBest("n10");
        var devices = Enumerable.Range(0, 10).Select(system.Device).ToArray();
        var free = new JointCost<EdgeDevice>(devices, policies, new Congestion(default, default, 1), 0.95, 4, 4_000_000);
        var (cost, frequency) = free.SteadyState();
        var alone = devices.Select((device, i) =>
            new JointCost<EdgeDevice>([device], [policies[i]], new Congestion(default, default, 1), 0.95, (ulong)(50 + i), 400_000)
                .SteadyState()).ToArray();
        var total = alone.Sum(single => single.Frequency[0]);
        var decomposed = alone.Average(single => single.Cost + (single.Frequency[0] * (total - single.Frequency[0])));
        Assert.Equal(decomposed, cost, 0.01 * cost);
        Assert.Equal(alone.Select(single => single.Frequency[0]), frequency, (a, b) => Math.Abs(a - b) < 0.01);
    }

    [Fact]
    public void JointCost_SynchronisedStart_ExceedsTheDecomposition()
    {
        var (policies, system) = DeployedAtBest("n10");
        var devices = Enumerable.Range(0, 10).Select(system.Device).ToArray();
        var best = Golden.Systems().Single(golden => golden is { Name: "n10", Exponent: 1 }).BestKnown;
        var joint = new JointCost<EdgeDevice>(devices, policies, new Congestion(default, default, 1), 0.95, 4);
        Assert.True(joint.Discounted() > best);
        Assert.Equal(joint.Discounted(), joint.Discounted());
    }

    [Fact]
    public void JointCost_LoneDevice_PaysNoPenaltyAndMatchesTheExactCost()
    {
        var system = Golden.System("n2", 1);
        var curve = SystemCost.CurvesOf(system)[0];
        var policy = curve.Policy(0.3, 0);
        var joint = new JointCost<EdgeDevice>([system.Device(0)], [policy], new Congestion(default, default, 1), 0.95, 1);
        Assert.Equal(curve.Read(0.3, 0).Cost, joint.Discounted(), 0.01);
    }

    private static (Dcc.Core.Policies.PolicyMixture[] Policies, EdgeSystem System) DeployedAtBest(string name)
    {
        var system = Golden.System(name, 1);
        var objective = Objective(system, 1);
        var (theta, _) = Optimum.Find(objective, long.MaxValue, [], null, TestContext.Current.CancellationToken);
        return ([.. theta.Select((value, i) => objective.Curves[i].Policy(value, objective.Price(theta.Sum() - value)))], system);
    }

    private static SystemCost Objective(EdgeSystem system, double exponent) =>
        new(SystemCost.CurvesOf(system), new Congestion(CongestionKind.MeanField, CongestionForm.Shifted, exponent));
}
