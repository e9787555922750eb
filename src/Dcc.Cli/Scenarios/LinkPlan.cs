using Dcc.Cli.Scenarios.Yaml;
using Dcc.Core.Randomness;
using Dcc.Links;

namespace Dcc.Cli.Scenarios;

/// <summary>
/// Who is on which link: one for all, or a mix that the seed draws from, and overrides for some devices, each laid over the link that the device
/// would have had. Where nothing is said, the default profile.
/// </summary>
internal sealed class LinkPlan
{
    /// <summary>The link where none is named.</summary>
    internal const string DefaultProfile = "wifi";

    /// <summary>The keys of <c>links:</c>.</summary>
    internal static readonly string[] Keys = ["default", "mix", "overrides"];

    /// <summary>The keys of an item of <c>mix:</c>.</summary>
    internal static readonly string[] MixKeys = ["link", "weight"];

    private readonly List<(LinkChange Link, double Weight)> mix = [];
    private DeviceOverrides<LinkChange> overrides = new();

    /// <summary>One link for all devices.</summary>
    internal static LinkPlan Uniform(LinkProfile profile)
    {
        var plan = new LinkPlan();
        plan.mix.Add((LinkChange.To(profile), 1));
        return plan;
    }

    /// <param name="node">The value of <c>links:</c>, null where there is none.</param>
    /// <param name="reader">Reads each link.</param>
    /// <param name="faults">Receives what is wrong.</param>
    internal static LinkPlan Read(YamlNode? node, LinkReader reader, ScenarioFaults faults)
    {
        var plan = new LinkPlan();
        if (node is YamlScalar { IsNothing: false })
        {
            plan.Add(reader.Read(node, "links"), 1);
        }
        else if (node is not null && YamlFields.Of(node, "links", faults, Keys) is { } fields)
        {
            if (fields.Find("default") is { } one)
            {
                plan.Add(reader.Read(one, fields.PathOf("default")), 1);
            }

            if (fields.Has("default") && fields.Has("mix"))
            {
                fields.Fault("mix", "no default beside it", "both");
            }

            plan.ReadMix(fields, reader, faults);
            plan.overrides = DeviceOverrides<LinkChange>.Read(fields, "link", reader.Read, faults);
        }

        if (plan.mix.Count == 0)
        {
            plan.mix.Add((LinkChange.To(LinkProfile.Find(DefaultProfile)!), 1));
        }

        return plan;
    }

    /// <summary>The link of each device; notes devices that two overrides name.</summary>
    internal LinkSettings[] Of(int devices, ulong seed, ScenarioFaults faults)
    {
        LinkSettings[] drawn = [.. mix.Select(part => part.Link.ApplyTo(LinkSettings.None))];
        var links = new LinkSettings[devices];
        for (var device = 0; device < devices; device++)
        {
            links[device] = drawn[Draw(device, seed)];
        }

        foreach (var (device, link) in overrides.Of(devices, faults))
        {
            links[device] = link.ApplyTo(links[device]);
        }

        return links;
    }

    // Each device has a stream of its own, so that more devices do not change the links of the first.
    private int Draw(int device, ulong seed)
    {
        var left = RandomStream.For(seed, StreamPurpose.Scenario, device).NextUnit() * mix.Sum(part => part.Weight);
        for (var part = 0; part < mix.Count; part++)
        {
            left -= mix[part].Weight;
            if (left < 0)
            {
                return part;
            }
        }

        // Rounding left a little of the sum.
        return mix.Count - 1;
    }

    private void ReadMix(YamlFields fields, LinkReader reader, ScenarioFaults faults)
    {
        foreach (var (node, path) in fields.Items("mix"))
        {
            if (YamlFields.Of(node, path, faults, MixKeys) is { } item)
            {
                item.Require(MixKeys);
                var weight = item.Number("weight", "a positive number up to 1000000", value => value is > 0 and <= 1e6) ?? 1;
                Add(item.Find("link") is { } link ? reader.Read(link, item.PathOf("link")) : null, weight);
            }
        }
    }

    private void Add(LinkChange? link, double weight)
    {
        if (link is not null)
        {
            mix.Add((link, weight));
        }
    }
}
