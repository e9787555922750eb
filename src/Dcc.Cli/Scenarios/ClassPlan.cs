using System.Globalization;
using Dcc.Cli.Scenarios.Yaml;
using Dcc.Cli.Terminal;

namespace Dcc.Cli.Scenarios;

/// <summary>Which device is of which class: one class for all, and overrides for some. Where nothing is said, unlimited.</summary>
internal sealed class ClassPlan
{
    /// <summary>The keys of <c>classes:</c>.</summary>
    internal static readonly string[] Keys = ["default", "overrides"];

    private DeviceClass forAll = DeviceClass.Unlimited;
    private DeviceOverrides<DeviceClass> overrides = new();

    /// <param name="node">The value of <c>classes:</c>, null where there is none.</param>
    /// <param name="faults">Receives what is wrong.</param>
    internal static ClassPlan Read(YamlNode? node, ScenarioFaults faults)
    {
        var plan = new ClassPlan();
        if (node is YamlScalar { IsNothing: false })
        {
            plan.forAll = Class(node, "classes") ?? plan.forAll;
        }
        else if (node is not null && YamlFields.Of(node, "classes", faults, Keys) is { } fields)
        {
            plan.forAll = (fields.Find("default") is { } one ? Class(one, fields.PathOf("default")) : null) ?? plan.forAll;
            plan.overrides = DeviceOverrides<DeviceClass>.Read(fields, "class", Class, faults);
        }

        return plan;

        DeviceClass? Class(YamlNode name, string path)
        {
            var found = name is YamlScalar scalar ? DeviceClass.Find(scalar.Text) : null;
            if (found is null)
            {
                var hint = name is YamlScalar { IsNothing: false, Text: var text } ? NearestName.Hint(text, DeviceClass.Names) : "";
                faults.Add(name.Line, path, string.Join('|', DeviceClass.Names), name.Shown + hint);
            }

            return found;
        }
    }

    /// <summary>The class of each device; notes devices that two overrides name.</summary>
    internal DeviceClass[] Of(int devices, ScenarioFaults faults)
    {
        DeviceClass[] classes = [.. Enumerable.Repeat(forAll, devices)];
        foreach (var (device, one) in overrides.Of(devices, faults))
        {
            classes[device] = one;
        }

        return classes;
    }

    /// <summary>Two devices of different classes in one process, which has one share and one memory, in words; null where there are none.</summary>
    internal static string? Mixed(IReadOnlyList<DeviceClass> classes, int devicesPerProcess)
    {
        for (var device = 0; device < classes.Count; device++)
        {
            var first = device - (device % devicesPerProcess);
            if (classes[device] != classes[first])
            {
                return string.Create(
                    CultureInfo.InvariantCulture,
                    $"{devicesPerProcess} a process, with device {first} of {classes[first].Name} and device {device} of {classes[device].Name} in one");
            }
        }

        return null;
    }
}
