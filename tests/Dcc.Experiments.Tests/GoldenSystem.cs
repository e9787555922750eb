using System.Text.Json;
using Dcc.Core.Devices;

namespace Dcc.Experiments.Tests;

/// <summary>The systems whose exact values an independent linear program gave.</summary>
internal static class GoldenSystem
{
    internal static EdgeSystem Named(string name, int exponent) => EdgeSystem.Parse(File.ReadAllBytes(FilePath($"system-{name}-a{exponent}.json")));

    /// <summary>The lowest decomposed cost per device that is known (mean-field, discounted), within 1e-3 of the optimum.</summary>
    internal static double BestKnown(string name, int exponent) => Number(name, exponent, "bestKnownPerDevice");

    /// <summary>The least discounted cost per device without offloading.</summary>
    internal static double NeverOffload(string name, int exponent) => Number(name, exponent, "neverOffloadPerDevice");

    private static double Number(string name, int exponent, string field)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(FilePath("systems.json")));
        return document.RootElement.GetProperty("systems").EnumerateArray()
            .Single(system => system.GetProperty("name").GetString() == name && system.GetProperty("exponent").GetDouble() == exponent)
            .GetProperty(field).GetDouble();
    }

    private static string FilePath(string name) => Path.Combine(AppContext.BaseDirectory, "golden", name);
}
