namespace Dcc.Core.Learning;

/// <summary>What a solver works on in one go.</summary>
public enum EvaluationKind
{
    /// <summary>All evaluations of a round: one training, or one known curve, answers them together.</summary>
    All,

    /// <summary>J(theta, p), trained and measured by itself.</summary>
    Reference,

    /// <summary>J(theta + eps, p), trained and measured by itself.</summary>
    Own,

    /// <summary>J(theta, p'), trained and measured by itself.</summary>
    Others,
}

/// <summary>Told of a solver's evaluations as they happen, on its thread. Core has no clock: whoever wants durations takes the times.</summary>
/// <param name="Begun">An evaluation begins.</param>
/// <param name="Ended">It has ended, after so many learning steps; not told where it throws.</param>
public sealed record EvaluationWatch(Action<EvaluationKind> Begun, Action<EvaluationKind, int> Ended);
