using System.Globalization;
using Dcc.Cli.Scenarios.Yaml;

namespace Dcc.Cli.Scenarios;

/// <summary>What a plan says for some devices over what it says for all: a list of devices and values, each device in one of them at most.</summary>
internal sealed class DeviceOverrides<T>
    where T : class
{
    private readonly List<(DeviceSet Devices, T Value, int Line, string Path)> overrides = [];

    /// <param name="plan">The mapping with <c>overrides:</c>.</param>
    /// <param name="key">The key of a value beside <c>devices:</c>.</param>
    /// <param name="read">Reads a value at a path; null where it is wrong.</param>
    /// <param name="faults">Receives what is wrong.</param>
    internal static DeviceOverrides<T> Read(YamlFields plan, string key, Func<YamlNode, string, T?> read, ScenarioFaults faults)
    {
        var all = new DeviceOverrides<T>();
        foreach (var (node, path) in plan.Items("overrides"))
        {
            if (YamlFields.Of(node, path, faults, "devices", key) is { } item)
            {
                item.Require("devices", key);
                var devices = DeviceSet.Read(item, "devices", faults);
                var value = item.Find(key) is { } given ? read(given, item.PathOf(key)) : null;
                if (devices is not null && value is not null)
                {
                    all.overrides.Add((devices, value, item.LineOf("devices"), item.PathOf("devices")));
                }
            }
        }

        return all;
    }

    /// <summary>Each device that is named, with its value; notes devices that two overrides name.</summary>
    internal IEnumerable<(int Device, T Value)> Of(int devices, ScenarioFaults faults)
    {
        var taken = new HashSet<int>();
        foreach (var (set, value, line, path) in overrides)
        {
            foreach (var device in set.Of(devices, faults))
            {
                if (!taken.Add(device))
                {
                    faults.Add(line, path, "each device in one override", string.Create(CultureInfo.InvariantCulture, $"device {device} again"));
                    break;
                }

                yield return (device, value);
            }
        }
    }
}
