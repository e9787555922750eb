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
    ];

    /// <summary>The profile of a name, null where there is none.</summary>
    public static LinkProfile? Find(string name) => All.FirstOrDefault(profile => profile.Name == name);
}
