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

    internal override string Claim => "From θ = 0 DCC-QL comes up to a moderate, stable frequency; IQL soon offloads too much and stays there; MAPPO offloads too much and has not converged.";

    internal override IReadOnlyList<Unit> Units(Scale scale) => Compare(scale, new UnitResults([])).Units();

    internal override Page Present(Scale scale, UnitResults results)
    {
        var comparison = Compare(scale, results);
        var more = 0;
        var words = new List<string>();
        foreach (var devices in PaperSystem.Sizes)
        {
            var dcc = Mean(Method.DccQLearning, devices);
            var independent = Mean(Method.IndependentQLearning, devices);
            var best = Mean(Method.BestKnown, devices);
            more += independent > dcc ? 1 : 0;
            words.Add(FormattableString.Invariant($"N = {devices}: DCC-QL {dcc:0.000}, IQL {independent:0.000}, MAPPO {Mean(Method.Mappo, devices):0.000}, best known {best:0.000}"));
        }

        return new Page(
            !comparison.Complete ? Verdict.Incomplete : more == PaperSystem.Sizes.Length ? Verdict.Reproduced : more > 0 ? Verdict.Partly : Verdict.NotReproduced,
            $"Offload frequency at the end, interquartile means: {string.Join("; ", words)}.",
            [
                .. PaperSystem.Sizes.Select(devices => comparison.Evolution(
                    FormattableString.Invariant($"fig1b-n{devices}"), FormattableString.Invariant($"Offload frequency while learning, {devices} devices"), "offload frequency", devices, MethodUnit.Frequency)),
            ],
            [],
            [
                Scalability.Neural(scale),
                "Frequencies are long-run ones of the policies that would be deployed at each point; exact methods do not learn and are left out of the charts.",
            ]);

        double Mean(Method method, int devices) => Spread.Of(PaperSystem.Seeds(method.Runs(scale))
            .Select(seed => results.Last(MethodUnit.Name(method, devices, 1, seed), MethodUnit.Frequency))).Mean;
    }

    private static MethodComparison Compare(Scale scale, UnitResults results) => new(Scalability.Methods, PaperSystem.Sizes, exponent: 1, scale, results);
}
