using Dcc.Core.Coordination;
using Dcc.Core.Engine;
using Dcc.Core.Learning;

namespace Dcc.Core.Tests.Coordination;

public class AbsenceAndLiesTests
{
    private const Attendance Present = Attendance.Member | Attendance.Reported;
    private const Attendance Absent = Attendance.Member;
    private const Attendance Released = Attendance.Member | Attendance.Released;

    [Fact]
    public void Apply_AbsentDevice_KeepsThetaAndIsFeltAsInItsLastReport()
    {
        var update = new ConstraintUpdate(Parameters);
        var first = Move(update, 0, [new(1, 0.99, 1.01), new(1, 1.01, 0.99), new(2, 1.99, 2.02)], []);
        var lastPull = 0.02 / first.EpsilonOthers[2];
        var theta = update.Theta[2];

        var second = Move(update, 1, [new(1, 0.98, 1.01), new(1, 1, 1), default], [Present, Present, Absent]);
        Assert.Equal(theta, update.Theta[2]);
        Assert.Equal((-0.02 / second.EpsilonOwn[0]) + lastPull, update.Gradient[0], 1e-9);
        Assert.Equal((0.01 / second.EpsilonOthers[0]) + lastPull, update.Gradient[1], 1e-9);
    }

    [Fact]
    public void Apply_ReleasedDevice_HasThetaZeroAndOthersPricesAdapt()
    {
        var update = new ConstraintUpdate(Parameters);
        Move(update, 0, [new(1, 1, 1), new(1, 1, 1), new(1, 1, 1.5)], []);
        Move(update, 1, [new(1, 1, 1), new(1, 1, 1), default], [Present, Present, Released]);
        Assert.Equal(0, update.Theta[2]);
        var pushes = new Push[3];
        update.Prepare(2, pushes);
        Assert.Equal(Parameters.CreateCongestion().Price(update.Theta[1]), pushes[0].Price);

        // Nobody feels it any more, and where it comes back it begins at 0.
        update.Apply(2, [new(1, 1, 1), new(1, 1, 1), default], [Present, Present, Attendance.Outside]);
        Assert.Equal([0, 0, 0], update.Gradient.ToArray());
        var third = Move(update, 3, [new(1, 1, 1), new(1, 1, 1), new(1, 0.9, 1)], []);
        Assert.Equal(-0.1 / third.EpsilonOwn[2], update.Gradient[2], 1e-9);
        Assert.True(update.Theta[2] > 0 == third.EpsilonOwn[2] > 0);
    }

    [Fact]
    public void Rprop_ReleasedDevice_BeginsWithItsFirstStepAgain()
    {
        var rule = StepRules.Create(StepRuleKind.Rprop, 1);
        double[] theta = [0.5];
        for (var round = 0; round < 3; round++)
        {
            rule.Step(round, [1], [], theta);
        }

        rule.Forget(0);
        theta[0] = 0;
        rule.Step(3, [-1], [], theta);
        Assert.Equal(0.05, theta[0]);
    }

    /// <summary>What one liar can do to the others under clip is what a device does that offloads in every step; to itself anything in [0, 1].</summary>
    [Theory]
    [InlineData(GradientKind.FiniteDifference)]
    [InlineData(GradientKind.ExactMultiplier)]
    public void Apply_OneLiar_PullsOthersNoHarderThanOneThatAlwaysOffloads(GradientKind kind)
    {
        foreach (var lie in new[] { 1e60, -1e60, 1e3, -1e3 })
        {
            var parameters = Parameters with { Gradient = kind };
            var honest = new ConstraintUpdate(parameters);
            var clipped = new ConstraintUpdate(parameters with { Robust = RobustKind.Clip });
            var believed = new ConstraintUpdate(parameters);
            Report[] truth = [new(1, 0.9, 1), new(1, 0.9, 1), new(1, 0.9, 1)];
            Report[] lies = [truth[0], truth[1], new(1, 0.9, lie)];
            var pushes = Move(honest, 0, truth, []).Pushes;
            Move(clipped, 0, lies, []);
            Move(believed, 0, lies, []);
            var slope = kind == GradientKind.FiniteDifference
                ? (pushes[2].PriceOthers - pushes[2].Price) / honest.EpsilonOthers[2]
                : parameters.CreateCongestion().PriceDerivative(0.3);
            for (var other = 0; other < 2; other++)
            {
                var without = honest.Gradient[other] - (kind == GradientKind.FiniteDifference ? 0 : slope);
                Assert.InRange(clipped.Gradient[other] - without, -1e-9, slope + 1e-9);
                Assert.False(believed.Gradient[other] - without is >= -1 and <= 10, "believed, the lie would not show");
            }

            Assert.InRange(clipped.Theta[2], 0, 1);
        }
    }

    [Fact]
    public void Clip_HonestReports_ChangesNothing()
    {
        // f = 0.2 at every device: the price's slope times 0.2 lies between the bounds.
        var update = new ConstraintUpdate(Parameters);
        var clipped = new ConstraintUpdate(Parameters with { Robust = RobustKind.Clip });
        for (var round = 0; round < 3; round++)
        {
            var pushes = new Push[3];
            update.Prepare(round, pushes);
            Report[] reports = [.. pushes.Select(push => new Report(3 + (0.2 * push.Price), 3, 3 + (0.2 * push.PriceOthers)))];
            update.Apply(round, reports, []);
            Move(clipped, round, reports, []);
            Assert.Equal(update.Theta.ToArray(), clipped.Theta.ToArray());
        }
    }

    private static RunParameters Parameters { get; } = new()
    {
        Devices = 3, Rounds = 10, Seed = 3, InitialTheta = [0.1, 0.2, 0.3], StepRule = StepRuleKind.RobbinsMonro, Exponent = 2,
    };

    private static (double[] EpsilonOwn, double[] EpsilonOthers, Push[] Pushes) Move(
        ConstraintUpdate update, int round, Report[] reports, Attendance[] attendance)
    {
        var pushes = new Push[reports.Length];
        update.Prepare(round, pushes);
        update.Apply(round, reports, attendance);
        return (update.EpsilonOwn.ToArray(), update.EpsilonOthers.ToArray(), pushes);
    }
}
