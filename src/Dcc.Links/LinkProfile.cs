namespace Dcc.Links;

/// <summary>A named link, with where its numbers come from: cited, not measured here.</summary>
/// <param name="Name">As options and scenarios spell it.</param>
/// <param name="Settings">What it does.</param>
/// <param name="Source">The source of its numbers.</param>
public sealed record LinkProfile(string Name, LinkSettings Settings, string Source)
{
    private const double Megabit = 1e6 / 8;
    private const double Kilobit = 1e3 / 8;

    /// <summary>Every profile, from the fastest to the slowest.</summary>
    public static IReadOnlyList<LinkProfile> All { get; } =
    [
        new("loopback", LinkSettings.None, "nothing is added"),

        new("ethernet",
            new(Way(0.2, 0.02, 941 * Megabit), Way(0.2, 0.02, 941 * Megabit)),
            "1000BASE-T (IEEE 802.3): 1448 of 1538 bytes on the wire are payload, so 941 Mbit/s; a few switches and two hosts: latency by order of magnitude"),

        new("wifi",
            new(Way(2.5, 1, 50 * Megabit), Way(2, 1, 100 * Megabit)),
            "one hop of IEEE 802.11n/ac in a home, order of magnitude; the long tail after Sui et al., Characterizing and Improving WiFi Latency in " +
            "Large-Scale Operational Networks, MobiSys 2016; no loss above the link layer's own retransmissions"),

        new("5g",
            new(Way(12, 2, 20 * Megabit), Way(10, 2, 150 * Megabit)),
            "sub-6 GHz, order of magnitude of Xu et al., Understanding Operational 5G, SIGCOMM 2020, and Narayanan et al., A Variegated Look at 5G in " +
            "the Wild, SIGCOMM 2021"),

        new("lte",
            new(Way(40, 5, 5.6 * Megabit), Way(30, 5, 12.7 * Megabit)),
            "Huang et al., A Close Examination of Performance and Power Characteristics of 4G LTE Networks, MobiSys 2012: medians of 12.7 Mbit/s down, " +
            "5.6 up, round trip 70 ms; its split and the jitter are estimates"),

        new("leo-satellite",
            new(
                Way(27, 4, 15 * Megabit) with { Burst = new BurstLoss(0.0005, 0.2, 0.3) },
                Way(23, 4, 150 * Megabit) with { Burst = new BurstLoss(0.0005, 0.2, 0.3) }),
            "Starlink by order of magnitude of Michel et al., A First Look at Starlink Performance, IMC 2022; the parameters of the loss bursts are estimates"),

        new("3g",
            new(Way(160, 20, 768 * Kilobit), Way(140, 20, 1.6 * Megabit)),
            "the connectivity profile 3G of WebPageTest: 1.6 Mbit/s down, 768 kbit/s up, round trip 300 ms; its split and the jitter are estimates"),

        new("geo-satellite",
            new(Way(280, 5, 3 * Megabit), Way(280, 5, 25 * Megabit)),
            "ITU-T G.114: 260 ms one way through a geostationary satellite (239 ms of it light over 2 x 35 786 km), and 20 ms for terminal and gateway; " +
            "25 and 3 Mbit/s are the usual consumer plan, order of magnitude of the FCC's Measuring Broadband America reports"),

        new("nb-iot",
            new(Way(400, 100, 62 * Kilobit) with { QueueBytes = 16 * 1024 }, Way(300, 100, 26 * Kilobit) with { QueueBytes = 16 * 1024 }),
            "LTE Cat-NB1 in good coverage, connected: sustained rates usually quoted for Release 13 multi-tone; latency by order of magnitude, well under " +
            "the 10 s that 3GPP TR 45.820 allows an exception report at the edge of coverage"),
    ];

    /// <summary>The profile of a name, null where there is none.</summary>
    public static LinkProfile? Find(string name) => All.FirstOrDefault(profile => profile.Name == name);

    // Access networks are late in a long tail and never early: Pareto.
    private static DirectionSettings Way(double latencyMilliseconds, double jitterMilliseconds, double bytesPerSecond) => new()
    {
        Latency = TimeSpan.FromMilliseconds(latencyMilliseconds),
        Jitter = TimeSpan.FromMilliseconds(jitterMilliseconds),
        JitterDistribution = JitterDistribution.Pareto,
        BandwidthBytesPerSecond = bytesPerSecond,
    };
}
