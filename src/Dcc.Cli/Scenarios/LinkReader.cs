using Dcc.Cli.Scenarios.Yaml;
using Dcc.Core.Validation;
using Dcc.Links;

namespace Dcc.Cli.Scenarios;

/// <summary>Reads links: the name of a profile, or a mapping of a profile and of fields that override it.</summary>
/// <param name="folder">What the path of a trace is relative to.</param>
/// <param name="faults">Receives what is wrong.</param>
internal sealed class LinkReader(string folder, ScenarioFaults faults)
{
    /// <summary>The keys of one direction, of which a link has any for both.</summary>
    internal static readonly string[] DirectionKeys =
        ["latency", "jitter", "jitterDistribution", "jitterCorrelation", "bandwidth", "queue", "loss", "burst", "resetAfter", "trace"];

    /// <summary>The keys of a link.</summary>
    internal static readonly string[] LinkKeys = ["profile", "up", "down", .. DirectionKeys];

    /// <summary>The keys of losses in bursts.</summary>
    internal static readonly string[] BurstKeys = ["toBad", "toGood", "lossInBad"];

    internal static string ProfileNames => string.Join('|', LinkProfile.All.Select(profile => profile.Name));

    /// <summary>Reads a link; null where it is wrong.</summary>
    internal LinkChange? Read(YamlNode node, string path)
    {
        var before = faults.Count;
        if (node is YamlScalar { IsNothing: false } name)
        {
            return Profile(name, path) is { } profile ? LinkChange.To(profile) : null;
        }

        if (YamlFields.Of(node, path, faults, LinkKeys) is not { } fields)
        {
            return null;
        }

        if (fields.Has("profile") && fields.Find("profile") is not YamlScalar)
        {
            fields.Fault("profile", ProfileNames, fields.Find("profile")!.Shown);
        }

        var change = new LinkChange(
            fields.Find("profile") is YamlScalar text ? Profile(text, fields.PathOf("profile")) : null,
            Direction(fields), Direction(fields, "up"), Direction(fields, "down"));
        return faults.Count == before ? change : null;
    }

    private LinkProfile? Profile(YamlScalar name, string path)
    {
        var profile = LinkProfile.Find(name.Text);
        if (profile is null)
        {
            faults.Add(name.Line, path, ProfileNames, name.Shown);
        }

        return profile;
    }

    private DirectionChange Direction(YamlFields link, string key) =>
        link.Find(key) is { } node && YamlFields.Of(node, link.PathOf(key), faults, DirectionKeys) is { } fields ? Direction(fields) : DirectionChange.None;

    private DirectionChange Direction(YamlFields fields)
    {
        var change = new DirectionChange
        {
            Latency = fields.Measure<TimeSpan>("latency", Quantity.DurationForm, Quantity.TryDuration),
            Jitter = fields.Measure<TimeSpan>("jitter", Quantity.DurationForm, Quantity.TryDuration),
            JitterDistribution = fields.Choice<JitterDistribution>("jitterDistribution"),
            JitterCorrelation = fields.Measure<double>("jitterCorrelation", Quantity.ProbabilityForm, Quantity.TryProbability),
            BandwidthBytesPerSecond = fields.Measure<double>("bandwidth", Quantity.BandwidthForm, Quantity.TryBandwidth),
            QueueBytes = fields.Measure<int>("queue", Quantity.BytesForm, Quantity.TryBytes),
            Loss = fields.Measure<double>("loss", Quantity.ProbabilityForm, Quantity.TryProbability),
            Burst = Burst(fields),
            ResetAfter = fields.Measure<TimeSpan>("resetAfter", Quantity.DurationForm, Quantity.TryDuration),
            Trace = Trace(fields),
        };
        if (fields.Has("trace") && fields.Has("bandwidth"))
        {
            fields.Fault("trace", "no bandwidth beside it", "both");
        }

        // The link library knows its ranges; an absent value passes as its default.
        var outOfRange = new List<InputFault>();
        change.ApplyTo(new DirectionSettings()).Validate(fields.Path, outOfRange);
        foreach (var fault in outOfRange)
        {
            var key = fault.Field[(fields.Path.Length + 1)..].Replace("queueBytes", "queue", StringComparison.Ordinal);
            faults.Add(fields.LineOf(key), fields.PathOf(key), fault.Expected, fault.Actual);
        }

        return change;
    }

    private BurstLoss? Burst(YamlFields parent)
    {
        if (parent.Find("burst") is not { } node || YamlFields.Of(node, parent.PathOf("burst"), faults, BurstKeys) is not { } fields)
        {
            return null;
        }

        fields.Require(BurstKeys);
        var (toBad, toGood, loss) = (Probability("toBad"), Probability("toGood"), Probability("lossInBad"));
        return toBad is null || toGood is null || loss is null ? null : new BurstLoss(toBad.Value, toGood.Value, loss.Value);

        double? Probability(string key) => fields.Measure<double>(key, Quantity.ProbabilityForm, Quantity.TryProbability);
    }

    private PacketTrace? Trace(YamlFields fields)
    {
        if (fields.Text("trace") is not { } file)
        {
            return null;
        }

        try
        {
            return PacketTrace.BuiltIn(file) ?? PacketTrace.Parse(BoundedFile.ReadText(Path.Combine(folder, file)));
        }
        catch (InvalidInputException exception)
        {
            fields.Fault("trace", exception.Faults[0].Expected, $"{exception.Faults[0].Actual} ({file}, {exception.Faults[0].Field})");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            fields.Fault("trace", $"{string.Join('|', PacketTrace.BuiltInNames)} or a readable file", $"{file} ({exception.Message})");
        }

        return null;
    }
}
