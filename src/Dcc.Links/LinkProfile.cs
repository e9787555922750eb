namespace Dcc.Links;

/// <summary>A named link, with where its numbers come from: cited, not measured here.</summary>
/// <param name="Name">As options and scenarios spell it.</param>
/// <param name="Settings">What it does.</param>
/// <param name="Source">The source of its numbers.</param>
public sealed record LinkProfile(string Name, LinkSettings Settings, string Source)
{
    /// <summary>Every profile, from the fastest to the slowest.</summary>
    public static IReadOnlyList<LinkProfile> All { get; } =
    [
        new("loopback", LinkSettings.None, "nothing is added"),
        new("ethernet", new(new DirectionSettings { Latency = TimeSpan.FromMilliseconds(0.2), BandwidthBytesPerSecond = 1.25e8 }, new DirectionSettings { Latency = TimeSpan.FromMilliseconds(0.2), BandwidthBytesPerSecond = 1.25e8 }), "placeholder"),
        new("wifi", new(new DirectionSettings { Latency = TimeSpan.FromMilliseconds(2), BandwidthBytesPerSecond = 5e6 }, new DirectionSettings { Latency = TimeSpan.FromMilliseconds(2), BandwidthBytesPerSecond = 5e6 }), "placeholder"),
        new("5g", new(new DirectionSettings { Latency = TimeSpan.FromMilliseconds(10), BandwidthBytesPerSecond = 1e7 }, new DirectionSettings { Latency = TimeSpan.FromMilliseconds(10), BandwidthBytesPerSecond = 1e7 }), "placeholder"),
        new("lte", new(new DirectionSettings { Latency = TimeSpan.FromMilliseconds(25), BandwidthBytesPerSecond = 2.5e6 }, new DirectionSettings { Latency = TimeSpan.FromMilliseconds(25), BandwidthBytesPerSecond = 2.5e6 }), "placeholder"),
        new("3g", new(new DirectionSettings { Latency = TimeSpan.FromMilliseconds(75), BandwidthBytesPerSecond = 2e5 }, new DirectionSettings { Latency = TimeSpan.FromMilliseconds(75), BandwidthBytesPerSecond = 2e5 }), "placeholder"),
        new("nb-iot", new(new DirectionSettings { Latency = TimeSpan.FromMilliseconds(500), BandwidthBytesPerSecond = 8e3 }, new DirectionSettings { Latency = TimeSpan.FromMilliseconds(500), BandwidthBytesPerSecond = 8e3 }), "placeholder"),
        new("leo-satellite", new(new DirectionSettings { Latency = TimeSpan.FromMilliseconds(25), BandwidthBytesPerSecond = 5e6 }, new DirectionSettings { Latency = TimeSpan.FromMilliseconds(25), BandwidthBytesPerSecond = 5e6 }), "placeholder"),
        new("geo-satellite", new(new DirectionSettings { Latency = TimeSpan.FromMilliseconds(300), BandwidthBytesPerSecond = 1e6 }, new DirectionSettings { Latency = TimeSpan.FromMilliseconds(300), BandwidthBytesPerSecond = 1e6 }), "placeholder"),
    ];

    /// <summary>The profile of a name, null where there is none.</summary>
    public static LinkProfile? Find(string name) => All.FirstOrDefault(profile => profile.Name == name);
}
