namespace Dcc.Cli.Overhead;

/// <summary>What another system's round of three scalars up and one down cost when it was measured; not by this command.</summary>
/// <param name="Name">The system.</param>
/// <param name="LeastIpBytes">IP bytes per device and round, up and down, data segments at 52 bytes each.</param>
/// <param name="MostIpBytes">The most that was seen.</param>
internal sealed record ReferenceSystem(string Name, int LeastIpBytes, int MostIpBytes)
{
    /// <summary>Where the figures come from.</summary>
    internal const string Source = "measured on another day, platform notes; not by this command";

    internal static IReadOnlyList<ReferenceSystem> All { get; } =
    [
        new("raw TCP, 24 bytes each way", 152, 152),
        new("bare grpc-dotnet stream", 192, 192),
        new("Flower 1.8", 696, 865),
        new("Flower 1.23 (SuperLink)", 9220, 9220),
    ];
}
