using Dcc.Experiments.Methods;
using Dcc.Experiments.Results;
using Dcc.Experiments.Units;

namespace Dcc.Experiments.Paper;

/// <summary>Fig. 12: independent Q-learning with a common reward, and one central agent.</summary>
internal sealed class AdditionalBaselines : Experiment
{
    private static readonly int[] Sizes = [10, 20];
    private static readonly Method[] Methods =
        [Method.DccQLearning, Method.DccPriceQ, Method.IndependentQLearning, Method.CommonReward, Method.CentralisedA2C, Method.NeverOffload, Method.AlwaysOffload];

    internal override string Name => "fig12";

    internal override string Title => "IQL with a common reward, and centralised A2C";

    internal override string Source => "appendix C.4, Fig. 12";

    internal override string Claim => "A common reward does not help IQL; centralised A2C does reasonably with 10 devices and fails with 20 (15 times the normalisation).";

    internal override IReadOnlyList<Unit> Units(Scale scale) => Compare(scale, new UnitResults([])).Units();

    internal override Page Present(Scale scale, UnitResults results)
    {
        var comparison = Compare(scale, results);
        var common = Sizes.Select(devices => comparison.Versus(Method.CommonReward, Method.IndependentQLearning, devices, MethodUnit.Discounted)).ToList();
        var central = Sizes.Select(devices => Spread.Of(comparison.Final(Method.CentralisedA2C, devices, MethodUnit.Discounted)).Mean).ToList();
        var held = common.Count(words => !words.Better);
        return new Page(
            !comparison.Complete ? Verdict.Incomplete : held == common.Count && central[1] > central[0] ? Verdict.Partly : Verdict.NotReproduced,
            $"Common reward against own: {string.Join("; ", common.Select(words => words.Words))}. "
                + FormattableString.Invariant($"A2C's normalised cost is {central[0]:0.00} with 10 devices and {central[1]:0.00} with 20; without the penalties for illegal actions that the paper used, it does not come to 15."),
            [comparison.Boxes("fig12", "Discounted joint cost at the end", MethodUnit.Discounted)],
            [comparison.Table("fig12-table")],
            [
                "Illegal actions are masked, where the paper penalised them and calls that suboptimal.",
                "A2C has the defaults of Stable-Baselines3 as documented, but for gamma = 0.95; it chooses each device's action by a head of its own.",
                Scalability.Neural(scale),
            ]);
    }

    private static MethodComparison Compare(Scale scale, UnitResults results) => new(Methods, Sizes, exponent: 1, scale, results);
}
