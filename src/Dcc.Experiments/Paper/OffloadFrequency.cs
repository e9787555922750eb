using Dcc.Experiments.Methods;
using Dcc.Experiments.Results;
using Dcc.Experiments.Units;

namespace Dcc.Experiments.Paper;

/// <summary>Figs. 1b and 10: how often devices offload while they learn.</summary>
internal sealed class OffloadFrequency : Experiment
{
    internal override string Name => "fig1b";

    internal override string Title => "offload frequency over training for 10, 20 and 50 devices";

    internal override string Source => "section 5.2, Fig. 1b, Fig. 10";

    internal override string Claim => "From θ = 0 DCC-QL comes up to a moderate, stable frequency; IQL offloads more than DCC-QL, and so does MAPPO, which has not converged.";

    internal override IReadOnlyList<Unit> Units(Scale scale) => Compare(scale, UnitResults.None).Units();

    internal override Page Present(Scale scale, UnitResults results)
    {
        var comparison = Compare(scale, results);
        return new Page(
            Claims.Judge(
                comparison.Complete,
                [
                    .. PaperSystem.Sizes.Select(devices => comparison.Versus(Method.IndependentQLearning, Method.DccQLearning, devices, MethodUnit.Frequency).Higher),
                    .. PaperSystem.Sizes.Select(devices => comparison.Versus(Method.Mappo, Method.DccQLearning, devices, MethodUnit.Frequency).Higher),
                ]),
            $"Offload frequency at the end. IQL against DCC-QL: {comparison.VersusInWords(Method.IndependentQLearning, Method.DccQLearning, MethodUnit.Frequency)}. "
                + $"MAPPO against DCC-QL: {comparison.VersusInWords(Method.Mappo, Method.DccQLearning, MethodUnit.Frequency)}. "
                + $"IQL against the best known constraints: {comparison.VersusInWords(Method.IndependentQLearning, Method.BestKnown, MethodUnit.Frequency)}. "
                + $"DCC-QL against them: {comparison.VersusInWords(Method.DccQLearning, Method.BestKnown, MethodUnit.Frequency)}.",
            [
                .. PaperSystem.Sizes.Select(devices => comparison.Evolution(
                    FormattableString.Invariant($"fig1b-n{devices}"), FormattableString.Invariant($"Offload frequency while learning, {devices} devices"), "offload frequency", devices, MethodUnit.Frequency)),
            ],
            [],
            [
                Scalability.Neural(scale),
                "Frequencies are long-run ones of the policies that would be deployed at each point; exact methods do not learn and are left out of the charts.",
            ]);
    }

    private static MethodComparison Compare(Scale scale, UnitResults results) => new(Scalability.Methods, PaperSystem.Sizes, exponent: 1, scale, results);
}
