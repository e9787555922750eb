using Dcc.Experiments.Methods;
using Dcc.Experiments.Results;
using Dcc.Experiments.Units;

namespace Dcc.Experiments.Paper;

/// <summary>Fig. 12: independent Q-learning with a common reward, and one central agent.</summary>
internal sealed class AdditionalBaselines : Experiment
{
    private const double Limited = 0.05;
    private const double Reasonable = 1.25;
    private const double Failed = 10;

    private static readonly int[] Sizes = [10, 20];
    private static readonly Method[] Methods =
        [Method.DccQLearning, Method.DccPriceQ, Method.IndependentQLearning, Method.CommonReward, Method.CentralA2c, Method.NeverOffload, Method.AlwaysOffload];

    internal override string Name => "fig12";

    internal override string Title => "IQL with a common reward, and centralised A2C";

    internal override string Source => "appendix C.4, Fig. 12";

    internal override string Claim => "A common reward helps IQL little or not; centralised A2C does reasonably with 10 devices and fails with 20 (about 15 times the normalisation).";

    internal override IReadOnlyList<Unit> Units(Scale scale) => Compare(scale, UnitResults.None).Units();

    internal override Page Present(Scale scale, UnitResults results)
    {
        var comparison = Compare(scale, results);
        var central = Sizes.Select(devices => Spread.Of(comparison.Final(Method.CentralA2c, devices, MethodUnit.Discounted)).Mean).ToList();
        return new Page(
            Claims.Judge(
                comparison.Complete,
                [
                    .. Sizes.Select(devices => comparison.Versus(Method.CommonReward, Method.IndependentQLearning, devices, MethodUnit.Discounted).Change > -Limited),
                    central[0] < Reasonable,
                    central[1] >= Failed,
                ]),
            $"Common reward against own: {comparison.VersusInWords(Method.CommonReward, Method.IndependentQLearning, MethodUnit.Discounted)}. "
                + FormattableString.Invariant($"A2C's normalised cost is {central[0]:0.00} with 10 devices and {central[1]:0.00} with 20, where 1 is never offloading."),
            [comparison.Boxes("fig12", "Discounted joint cost at the end", MethodUnit.Discounted)],
            [comparison.Table("fig12-table")],
            [
                "Illegal actions are masked, where the paper penalised them and calls that suboptimal.",
                "A2C has the defaults of Stable-Baselines3, but for gamma = 0.95, Adam in place of RMSprop, relu in place of tanh, gradients clipped network by network and episodes of 30 steps; it chooses each device's action by a head of its own.",
                "Little help is a cost less than 5 % lower; reasonable is below 1.25, failed 10 or more.",
                Scalability.Neural(scale),
            ]);
    }

    private static MethodComparison Compare(Scale scale, UnitResults results) => new(Methods, Sizes, exponent: 1, scale, results);
}
