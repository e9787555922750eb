using Dcc.Experiments.Results;
using Dcc.Experiments.Units;

namespace Dcc.Experiments;

/// <summary>
/// A figure or table: what it claims, the units of work that its numbers come from, and how they are shown. Units with equal names are the same
/// work, so experiments that are run together share them.
/// </summary>
internal abstract class Experiment
{
    /// <summary>As it is typed: lower case.</summary>
    internal abstract string Name { get; }

    /// <summary>One line, for the list of experiments.</summary>
    internal abstract string Title { get; }

    /// <summary>Where it stands in the paper, or that it goes beyond it.</summary>
    internal abstract string Source { get; }

    /// <summary>What the paper says comes out, or what is asked.</summary>
    internal abstract string Claim { get; }

    /// <summary>What to compute; none where everything is known from the code.</summary>
    internal abstract IReadOnlyList<Unit> Units(Scale scale);

    /// <summary>Charts, tables and verdict from the units' samples, as far as they are there.</summary>
    internal abstract Page Present(Scale scale, UnitResults results);
}
