using System.Text.Json.Serialization;
using Dcc.Core.Engine;
using Dcc.Core.Learning;
using Dcc.Core.Validation;

namespace Dcc.Core.Coordination;

/// <summary>What the coordinator does about reports that lie.</summary>
[JsonConverter(typeof(KebabCaseConverter<RobustKind>))]
public enum RobustKind
{
    /// <summary>Believes them.</summary>
    None,

    /// <summary>
    /// A device's pull on the others' gradients is clipped to what one can have that offloads between never and always: f d' with f in [0, 1].
    /// </summary>
    Clip,
}

/// <summary>
/// The coordinator's arithmetic (model.md section 4, paper section 4.5): from theta_n to the pushes of round n, and from the reports back to
/// theta_(n+1). O(N) per round, sums in device order, no clock and no messages.
/// </summary>
public sealed class ConstraintUpdate
{
    private readonly RunParameters parameters;
    private readonly Congestion congestion;
    private readonly Perturbation perturbation;
    private readonly IStepRule stepRule;
    private readonly double[] theta;
    private readonly double[] epsilonOwn;
    private readonly double[] epsilonOthers;
    private readonly double[] gradient;

    // theta_-i when device i was pushed: what its report answers.
    private readonly double[] othersPushed;

    // What the others feel of each device: its term of the coupling sum, from its last report.
    private readonly double[] pull;
    private readonly bool[] clipped;
    private readonly Attendance[] moving;

    /// <summary>Starts at the initial theta of valid parameters.</summary>
    public ConstraintUpdate(RunParameters parameters)
    {
        this.parameters = parameters;
        congestion = parameters.CreateCongestion();
        perturbation = new Perturbation(parameters.Perturbation, parameters.PerturbationSize, parameters.Seed);
        stepRule = StepRules.Create(parameters.StepRule, parameters.Devices);
        theta = (double[])parameters.InitialTheta.Clone();
        epsilonOwn = new double[theta.Length];
        epsilonOthers = new double[theta.Length];
        gradient = new double[theta.Length];
        pull = new double[theta.Length];
        clipped = new bool[theta.Length];
        othersPushed = new double[theta.Length];
        moving = new Attendance[parameters.Staleness is null ? 0 : theta.Length];
    }

    /// <summary>theta_n, one entry per device in [0, 1].</summary>
    public ReadOnlySpan<double> Theta => theta;

    /// <summary>eps_i of the push that was last prepared; 0 where nothing is perturbed.</summary>
    public ReadOnlySpan<double> EpsilonOwn => epsilonOwn;

    /// <summary>eps'_i of the push that was last prepared; 0 where nothing is perturbed.</summary>
    public ReadOnlySpan<double> EpsilonOthers => epsilonOthers;

    /// <summary>The gradient of the last update; of a device without a report that of the last one it gave, 0 where it is released.</summary>
    public ReadOnlySpan<double> Gradient => gradient;

    /// <summary>Whose report was clipped in the last update, or in its own last one with asynchronous updates: honest noise now and then, a liar again and again.</summary>
    public ReadOnlySpan<bool> Clipped => clipped;

    /// <summary>Computes the pushes of a round. In the last one, round R, and in exact-multiplier mode nothing is perturbed.</summary>
    public void Prepare(int round, Span<Push> pushes)
    {
        var magnitude = perturbation.Magnitude(round);
        var total = Sum(theta);
        for (var i = 0; i < theta.Length; i++)
        {
            pushes[i] = PushTo(i, round, magnitude, total);
        }
    }

    /// <summary>Computes the pushes of some devices, each for a round of its own; the others' are left as they are, and so are their perturbations.</summary>
    /// <param name="devices">Whose.</param>
    /// <param name="rounds">The own round of every device.</param>
    /// <param name="pushes">By device.</param>
    public void Prepare(ReadOnlySpan<int> devices, ReadOnlySpan<int> rounds, Span<Push> pushes)
    {
        var total = Sum(theta);
        foreach (var i in devices)
        {
            pushes[i] = PushTo(i, rounds[i], perturbation.Magnitude(rounds[i]), total);
        }
    }

    /// <summary>
    /// Moves theta by the reports of a round that was prepared. Who has no report keeps theta and is felt as in its last report; who is released has
    /// theta 0 afterwards and is felt no more.
    /// </summary>
    /// <param name="round">Round n.</param>
    /// <param name="reports">By device; not read where there is none.</param>
    /// <param name="attendance">By device; empty where everybody reported.</param>
    public void Apply(int round, ReadOnlySpan<Report> reports, ReadOnlySpan<Attendance> attendance)
    {
        Array.Clear(clipped);
        Assemble(reports, attendance);
        stepRule.Step(round, gradient, attendance, theta);
        for (var i = 0; i < theta.Length; i++)
        {
            if (attendance.IsReleased(i))
            {
                theta[i] = gradient[i] = pull[i] = 0;
                stepRule.Forget(i);
            }
        }
    }

    /// <summary>
    /// Moves the theta of some devices, each by its own report at its own round; all others keep theirs and are felt as in their last report. A
    /// perturbation is that of the push which the report answers, however long ago it was.
    /// </summary>
    /// <param name="devices">Whose.</param>
    /// <param name="rounds">The own round of every device.</param>
    /// <param name="reports">By device; read of those alone.</param>
    public void Apply(ReadOnlySpan<int> devices, ReadOnlySpan<int> rounds, ReadOnlySpan<Report> reports)
    {
        Mark(devices, rounds, round: null);
        Assemble(reports, moving);
        var moved = -1;
        while (NextRound(devices, rounds, moved) is var next && next < int.MaxValue)
        {
            Mark(devices, rounds, next);
            stepRule.Step(next, gradient, moving, theta);
            moved = next;
        }
    }

    private void Mark(ReadOnlySpan<int> devices, ReadOnlySpan<int> rounds, int? round)
    {
        Array.Fill(moving, Attendance.Member);
        foreach (var device in devices)
        {
            moving[device] |= round is null || rounds[device] == round ? Attendance.Reported : 0;
        }
    }

    private static int NextRound(ReadOnlySpan<int> devices, ReadOnlySpan<int> rounds, int after)
    {
        var next = int.MaxValue;
        foreach (var device in devices)
        {
            next = rounds[device] > after ? Math.Min(next, rounds[device]) : next;
        }

        return next;
    }

    private Push PushTo(int i, int round, double magnitude, double total)
    {
        var others = othersPushed[i] = Others(total, i);
        var (own, other) = round < parameters.Rounds && parameters.Gradient == GradientKind.FiniteDifference
            ? perturbation.Draw(i, round, magnitude, theta[i], others, theta.Length - 1)
            : (0, 0);
        epsilonOwn[i] = own;
        epsilonOthers[i] = other;
        var price = congestion.Price(others);
        return new Push(theta[i], theta[i] + own, price, other == 0 ? price : congestion.Price(others + other));
    }

    private void Assemble(ReadOnlySpan<Report> reports, ReadOnlySpan<Attendance> attendance)
    {
        if (parameters.Gradient == GradientKind.FiniteDifference)
        {
            AssembleFiniteDifferences(reports, attendance);
        }
        else
        {
            AssembleMultipliers(reports, attendance);
        }
    }

    // g_i = (J_own,i - J_i) / eps_i + sum over j != i of (J_others,j - J_j) / eps'_j: one total minus the own term.
    private void AssembleFiniteDifferences(ReadOnlySpan<Report> reports, ReadOnlySpan<Attendance> attendance)
    {
        for (var j = 0; j < reports.Length; j++)
        {
            if (attendance.HasReport(j))
            {
                var slope = epsilonOthers[j] == 0 ? 0 : (reports[j].Others - reports[j].Cost) / epsilonOthers[j];
                pull[j] = Clip(j, slope, PriceSlope(othersPushed[j], epsilonOthers[j]));
            }
        }

        var coupling = Sum(pull);
        for (var i = 0; i < reports.Length; i++)
        {
            if (attendance.HasReport(i))
            {
                gradient[i] = ((reports[i].Own - reports[i].Cost) / epsilonOwn[i]) + (coupling - pull[i]);
            }
        }
    }

    // Algorithm 3: dJ_i/dtheta_i = -lambda_i and dJ_j/dtheta_i = f_j dp_j/dtheta_-j.
    private void AssembleMultipliers(ReadOnlySpan<Report> reports, ReadOnlySpan<Attendance> attendance)
    {
        for (var j = 0; j < reports.Length; j++)
        {
            if (attendance.HasReport(j))
            {
                pull[j] = theta.Length == 1 ? 0 : Clip(j, reports[j].Others, 1) * congestion.PriceDerivative(othersPushed[j]);
            }
        }

        var coupling = Sum(pull);
        for (var i = 0; i < reports.Length; i++)
        {
            if (attendance.HasReport(i))
            {
                gradient[i] = -reports[i].Own + (coupling - pull[i]);
            }
        }
    }

    private double Clip(int device, double value, double most)
    {
        var inside = parameters.Robust == RobustKind.Clip ? Math.Clamp(value, 0, most) : value;
        clipped[device] = inside != value;
        return inside;
    }

    // What a device that offloads in every step feels of its neighbours: nobody pulls harder.
    private double PriceSlope(double others, double epsilon) =>
        epsilon == 0 ? 0 : Math.Max(0, (congestion.Price(others + epsilon) - congestion.Price(others)) / epsilon);

    // theta_-i; not below 0 by rounding.
    private double Others(double total, int i) => Math.Max(0, total - theta[i]);

    private static double Sum(ReadOnlySpan<double> values)
    {
        var sum = 0.0;
        foreach (var value in values)
        {
            sum += value;
        }

        return sum;
    }
}
