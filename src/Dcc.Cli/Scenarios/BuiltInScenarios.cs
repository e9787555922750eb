using System.Reflection;

namespace Dcc.Cli.Scenarios;

/// <summary>The scenarios that come with the command, as the YAML texts they are.</summary>
internal static class BuiltInScenarios
{
    /// <summary>The scenario where none is named.</summary>
    internal const string Default = "default";

    private static readonly Assembly Assembly = typeof(BuiltInScenarios).Assembly;

    /// <summary>Their names, from calm to wild.</summary>
    internal static IReadOnlyList<string> Names { get; } =
    [
        Default, "lossy-lte", "flapping-wifi", "partition-and-heal", "asymmetric-partition", "satellite", "slow-devices", "agent-churn",
        "coordinator-crash", "chaos",
    ];

    /// <summary>The JSON Schema that editors use for scenario files.</summary>
    internal static string Schema => Resource("scenario.schema.json");

    /// <summary>The text of a scenario, null where there is none of that name.</summary>
    internal static string? Find(string name) => Names.Contains(name) ? Resource($"scenario/{name}") : null;

    private static string Resource(string name)
    {
        using var reader = new StreamReader(Assembly.GetManifestResourceStream(name)!);
        return reader.ReadToEnd();
    }
}
