using Dcc.Core.Devices;

namespace Dcc.Experiments.Methods;

/// <summary>The systems of the paper's experiments: devices drawn from Appendix F, run r with seed r, so that every method meets the same ones.</summary>
internal static class PaperSystem
{
    /// <summary>Sizes of sections 5.1 and 5.2.</summary>
    internal static readonly int[] Sizes = [10, 20, 50];

    /// <summary>Exponents of the penalty: 1 is linear.</summary>
    internal static readonly double[] Exponents = [1, 1.5, 2, 2.5, 3];

    /// <summary>Seeds of so many runs: 1, 2, 3 and on.</summary>
    internal static IEnumerable<ulong> Seeds(int runs) => Enumerable.Range(1, runs).Select(run => (ulong)run);

    /// <summary>Every exponent with every seed.</summary>
    internal static IEnumerable<(double Exponent, ulong Seed)> Environments(int runs) =>
        Exponents.SelectMany(exponent => Seeds(runs).Select(seed => (exponent, seed)));

    /// <summary>The exponents as a chart's groups.</summary>
    internal static string[] ExponentNames => [.. Exponents.Select(exponent => FormattableString.Invariant($"{exponent}"))];

    internal static EdgeSystem Of(int devices, double exponent, ulong seed) => EdgeSystem.Sample(devices, seed) with { Exponent = exponent };
}
