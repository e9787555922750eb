using Dcc.Core.Policies;

namespace Dcc.Core.Learning;

/// <summary>Answers from a device's exact cost curve: the oracle as a local solver.</summary>
internal sealed class ExactSolver(CostCurve curve, GradientKind gradient) : ILocalSolver
{
    private PolicyMixture? policy;

    public PolicyMixture Policy => policy ?? throw new InvalidOperationException("Nothing was solved yet.");

    public CurvePoint LastPoint { get; private set; }

    public EvaluationWatch? Watch { get; set; }

    public Report Solve(int round, Push push)
    {
        Watch?.Begun(EvaluationKind.All);
        policy = curve.Policy(push.Theta, push.Price);
        var point = curve.Read(push.Theta, push.Price);
        LastPoint = point;
        var report = gradient == GradientKind.ExactMultiplier
            ? new Report(point.Cost, point.Multiplier, point.Frequency)
            : new Report(
                point.Cost, curve.Read(push.ThetaOwn, push.Price).Cost, curve.Read(push.Theta, push.PriceOthers).Cost);
        Watch?.Ended(EvaluationKind.All, 0);
        return report;
    }
}
