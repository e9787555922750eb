using Dcc.Cli.Simulation;
using Dcc.Links;

namespace Dcc.Cli.Overhead;

/// <summary>
/// The same rounds in virtual time: what crossed each device's socket goes over the link model of any profile, down and then up. Computing takes
/// no time, and HTTP/2 holds nothing back.
/// </summary>
internal static class VirtualExchange
{
    /// <summary>Milliseconds of each round: until the slowest device's answer has arrived.</summary>
    /// <param name="measured">The bytes.</param>
    /// <param name="profile">Every device's link.</param>
    /// <param name="rounds">How many rounds.</param>
    /// <param name="seed">Of the links' jitter and loss.</param>
    /// <param name="cancellation">Ends the work.</param>
    internal static double[] Rounds(MeasuredExchange measured, LinkProfile profile, int rounds, ulong seed, CancellationToken cancellation)
    {
        var clock = new VirtualClock();
        VirtualLink[] links = [.. measured.Up.Select((_, device) => new VirtualLink(
            clock, profile.Settings, seed, device,
            () => throw new IOException($"{profile.Name}: the link model gave up the connection of device {device}")))];
        var milliseconds = new double[rounds];
        for (var round = 0; round < rounds; round++)
        {
            var start = clock.Now;
            var missing = links.Length;
            for (var device = 0; device < links.Length; device++)
            {
                var (link, up) = (links[device], Whole(measured.Up[device]));
                link.Send(LinkDirection.Down, Whole(measured.Down[device]), () => link.Send(LinkDirection.Up, up, () => missing--));
            }

            clock.RunUntil(() => missing == 0, cancellation);
            milliseconds[round] = (clock.Now - start).TotalMilliseconds;
        }

        return milliseconds;
    }

    private static int Whole(ExchangeBytes bytes) => (int)Math.Round(bytes.OnTheSocket);
}
