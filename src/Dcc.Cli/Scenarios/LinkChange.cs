using Dcc.Links;

namespace Dcc.Cli.Scenarios;

/// <summary>
/// A link as a scenario writes it: a profile, fields for both directions, fields for one. Each is laid over what comes before; without a profile
/// they are laid over the link that is there.
/// </summary>
/// <param name="Profile">The profile to start from, null for none.</param>
/// <param name="Both">Fields of both directions.</param>
/// <param name="Up">Fields of the way up, over those of both.</param>
/// <param name="Down">Fields of the way down, over those of both.</param>
internal sealed record LinkChange(LinkProfile? Profile, DirectionChange Both, DirectionChange Up, DirectionChange Down)
{
    /// <summary>A profile as it is.</summary>
    internal static LinkChange To(LinkProfile profile) => new(profile, DirectionChange.None, DirectionChange.None, DirectionChange.None);

    /// <summary>The link that results.</summary>
    internal LinkSettings ApplyTo(LinkSettings link)
    {
        var start = Profile?.Settings ?? link;
        return new LinkSettings(Up.ApplyTo(Both.ApplyTo(start.Up)), Down.ApplyTo(Both.ApplyTo(start.Down)));
    }
}

/// <summary>Fields to change on one direction; null leaves one as it is.</summary>
internal sealed record DirectionChange
{
    internal static DirectionChange None { get; } = new();

    internal TimeSpan? Latency { get; init; }

    internal TimeSpan? Jitter { get; init; }

    internal JitterDistribution? JitterDistribution { get; init; }

    internal double? JitterCorrelation { get; init; }

    /// <summary>Infinity for unlimited.</summary>
    internal double? BandwidthBytesPerSecond { get; init; }

    internal int? QueueBytes { get; init; }

    internal double? Loss { get; init; }

    internal BurstLoss? Burst { get; init; }

    internal TimeSpan? ResetAfter { get; init; }

    internal PacketTrace? Trace { get; init; }

    /// <summary>The settings that result. A trace replaces a bandwidth, a bandwidth a trace.</summary>
    internal DirectionSettings ApplyTo(DirectionSettings settings) => settings with
    {
        Latency = Latency ?? settings.Latency,
        Jitter = Jitter ?? settings.Jitter,
        JitterDistribution = JitterDistribution ?? settings.JitterDistribution,
        JitterCorrelation = JitterCorrelation ?? settings.JitterCorrelation,
        BandwidthBytesPerSecond = Trace is not null ? null
            : BandwidthBytesPerSecond is { } bandwidth ? (double.IsPositiveInfinity(bandwidth) ? null : bandwidth)
            : settings.BandwidthBytesPerSecond,
        QueueBytes = QueueBytes ?? settings.QueueBytes,
        Loss = Loss ?? settings.Loss,
        Burst = Burst ?? settings.Burst,
        ResetAfter = ResetAfter ?? settings.ResetAfter,
        Trace = Trace ?? (BandwidthBytesPerSecond is null ? settings.Trace : null),
    };
}
