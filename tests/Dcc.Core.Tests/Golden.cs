using System.Text.Json;
using Dcc.Core.Devices;
using Dcc.Core.Exact;
using Dcc.Core.Policies;

namespace Dcc.Core.Tests;

/// <summary>The exact values that an independent linear program (HiGHS, tolerance 1e-7) gave.</summary>
internal static class Golden
{
    internal const double Gamma = 0.95;

    internal sealed record Case(DeviceParameters Device, double Theta, double Price, double Cost, double Frequency, double Multiplier);

    internal sealed record SystemCase(string Name, double Exponent, double NeverOffload, double BestKnown);

    internal static IReadOnlyList<Case> Cases { get; } = ReadCases();

    private static readonly Lazy<Dictionary<DeviceParameters, CostCurve>> KnownCurves = new(() => Cases
        .Select(golden => golden.Device).Distinct().ToDictionary(device => device, device => ExactCurve.Of(Device(device), Gamma)));

    internal static CostCurve Curve(DeviceParameters parameters) => KnownCurves.Value[parameters];

    internal static EdgeDevice Device(DeviceParameters parameters) => new(parameters, 15, 15);

    internal static IEnumerable<SystemCase> Systems()
    {
        using var document = Read("systems.json");
        foreach (var system in document.RootElement.GetProperty("systems").EnumerateArray())
        {
            yield return new SystemCase(
                system.GetProperty("name").GetString()!, system.GetProperty("exponent").GetDouble(),
                system.GetProperty("neverOffloadPerDevice").GetDouble(), system.GetProperty("bestKnownPerDevice").GetDouble());
        }
    }

    internal static EdgeSystem System(string name, double exponent) => EdgeSystem.Parse(File.ReadAllBytes(FilePath($"system-{name}-a{exponent:R}.json")));

    private static string FilePath(string name) => Path.Combine(AppContext.BaseDirectory, "golden", name);

    private static JsonDocument Read(string name) => JsonDocument.Parse(File.ReadAllBytes(FilePath(name)));

    private static List<Case> ReadCases()
    {
        using var document = Read("cmdp.json");
        return [.. document.RootElement.GetProperty("cases").EnumerateArray().Select(golden =>
        {
            int Whole(string name) => golden.GetProperty(name).GetInt32();
            double Number(string name) => golden.GetProperty(name).GetDouble();
            return new Case(
                new DeviceParameters(Whole("minHarvest"), Whole("maxHarvest"), Whole("minCost"), Whole("maxCost")),
                Number("theta"), Number("price"), Number("J"), Number("frequency"), Number("multiplier"));
        })];
    }
}
