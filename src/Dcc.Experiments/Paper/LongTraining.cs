using Dcc.Experiments.Methods;
using Dcc.Experiments.Results;
using Dcc.Experiments.Units;

namespace Dcc.Experiments.Paper;

/// <summary>Fig. 11: MAPPO with a long budget beside DCC-QL with the usual one.</summary>
internal sealed class LongTraining : Experiment
{
    private const long PaperSteps = 10_000_000;

    private static readonly Method[] Methods = [Method.DccQLearning, Method.DccPriceQ, Method.Mappo, Method.MappoLong];

    internal override string Name => "fig11";

    internal override string Title => "MAPPO with a long budget";

    internal override string Source => "appendix C.3, Fig. 11";

    internal override string Claim => "MAPPO becomes better with 10 million steps, and DCC-QL with 1.6 million is still better at every size.";

    internal override IReadOnlyList<Unit> Units(Scale scale) => Compare(scale, UnitResults.None).Units();

    internal override Page Present(Scale scale, UnitResults results)
    {
        var comparison = Compare(scale, results);
        var asInThePaper = scale.LongNeuralSteps >= PaperSteps && Sizes(scale).Length == PaperSystem.Sizes.Length;
        return new Page(
            Claims.Judge(
                comparison.Complete,
                [
                    .. Sizes(scale).Select(devices => comparison.Versus(Method.MappoLong, Method.Mappo, devices, MethodUnit.Discounted).Lower),
                    .. Sizes(scale).Select(devices => comparison.Versus(Method.DccQLearning, Method.MappoLong, devices, MethodUnit.Discounted).Lower),
                    asInThePaper,
                ]),
            FormattableString.Invariant($"MAPPO after {scale.LongNeuralSteps:N0} steps against {scale.NeuralSteps:N0}, discounted: ") + $"{comparison.VersusInWords(Method.MappoLong, Method.Mappo, MethodUnit.Discounted)}. "
                + $"DCC-QL against the longer: {comparison.VersusInWords(Method.DccQLearning, Method.MappoLong, MethodUnit.Discounted)}."
                + (asInThePaper ? "" : " Steps or sizes are fewer than the paper's, so this can be reproduced in part only."),
            [
                comparison.Boxes("fig11", "Discounted joint cost at the end", MethodUnit.Discounted),
                .. Sizes(scale).Select(devices => comparison.Evolution(
                    FormattableString.Invariant($"fig11-n{devices}"), FormattableString.Invariant($"Discounted joint cost, {devices} devices"), "cost, normalised", devices, MethodUnit.Discounted)),
            ],
            [comparison.Table("fig11-table")],
            [
                FormattableString.Invariant($"The long budget is {scale.LongRuns} runs of {scale.LongNeuralSteps:N0} steps, at sizes {string.Join(", ", Sizes(scale))} (the paper: 15 of 10,000,000, at 10, 20 and 50)."),
            ]);
    }

    // 10 million steps of 50 devices take a quarter of an hour a run.
    private static int[] Sizes(Scale scale) => scale.Pick<int[]>([10], [10, 20]);

    private static MethodComparison Compare(Scale scale, UnitResults results) => new(Methods, Sizes(scale), exponent: 1, scale, results);
}
