using System.Globalization;
using Dcc.Core.Validation;

namespace Dcc.Core.Devices;

/// <summary>
/// One device's energy (Appendix B and F): each step it harvests H ~ Uniform{MinHarvest..MaxHarvest}, and a local computation
/// costs C ~ Uniform{MinCost..MaxCost}, in battery units, independent of everything else.
/// </summary>
/// <param name="MinHarvest">At least 0.</param>
/// <param name="MaxHarvest">At least 1 and at least MinHarvest.</param>
/// <param name="MinCost">At least 1.</param>
/// <param name="MaxCost">At least MinCost.</param>
public readonly record struct DeviceParameters(int MinHarvest, int MaxHarvest, int MinCost, int MaxCost)
{
    /// <summary>The largest harvest or cost that is accepted.</summary>
    public const int Limit = 1_000;

    /// <summary>The deepest overdraft a local computation can cause: min(0, MinHarvest - MaxCost).</summary>
    public int LowestLevel => Math.Min(0, MinHarvest - MaxCost);

    /// <summary>Adds a fault for every field out of range.</summary>
    public void Validate(string prefix, List<InputFault> faults)
    {
        Check(MinHarvest, 0, Limit, $"{prefix}.minHarvest", faults);
        Check(MaxHarvest, Math.Max(1, MinHarvest), Limit, $"{prefix}.maxHarvest", faults);
        Check(MinCost, 1, Limit, $"{prefix}.minCost", faults);
        Check(MaxCost, Math.Max(1, MinCost), Limit, $"{prefix}.maxCost", faults);
    }

    internal static void Check(int value, int lowest, int highest, string field, List<InputFault> faults)
    {
        if (value < lowest || value > highest)
        {
            faults.Add(new InputFault(
                field, string.Create(CultureInfo.InvariantCulture, $"a whole number from {lowest} to {Math.Max(lowest, highest)}"),
                value.ToString(CultureInfo.InvariantCulture)));
        }
    }
}
