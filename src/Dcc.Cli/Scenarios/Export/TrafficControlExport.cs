using System.Globalization;
using System.Text;
using Dcc.Core.Validation;
using Dcc.Links;

namespace Dcc.Cli.Scenarios.Export;

/// <summary>
/// Writes links as tc commands: netem for delay and loss, tbf below it for bandwidth. tc shapes what leaves an interface, so the way up belongs on
/// the device's interface and the way down on the one the coordinator reaches it by. What tc cannot say is said as comments.
/// </summary>
internal static class TrafficControlExport
{
    // netem holds packets back by count; its default of 1000 would limit fast long links.
    private const int PacketBytes = 1500;
    private const int LeastPackets = 1000;
    private const string Loose = "100000";

    internal static string Write(Scenario scenario, IEnumerable<int> devices)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"# {scenario.Name}: tc commands. Run as root; set UP_I and DOWN_I to interfaces, one pair per device I.\n");
        text.Append("# tc drops a lost packet and TCP repairs it; dcc shows that repair as a delay. Reordering by netem jitter does not occur in dcc.\n");
        text.Append("# Pareto jitter is never early in dcc: its mean is part of the delay here.\n");
        int[] chosen = [.. devices];
        foreach (var device in chosen)
        {
            foreach (var direction in Enum.GetValues<LinkDirection>())
            {
                var settings = scenario.LinkOf(device)[direction];
                var name = Interface(device, direction);
                text.Append(CultureInfo.InvariantCulture, $"\n# device {device}, {KebabCase.Name(direction)}\n");
                Qdisc(text, name, settings);
            }
        }

        text.Append('\n');
        text.Append(Classes(scenario, chosen));
        foreach (var fault in scenario.Timeline)
        {
            Fault(text, fault, scenario, chosen);
        }

        return text.ToString();
    }

    // A qdisc that is there is taken away whole: replacing its root alone would keep a bandwidth that the new link does not have.
    private static void Qdisc(StringBuilder text, string name, DirectionSettings link)
    {
        text.Append(CultureInfo.InvariantCulture, $"tc qdisc del dev {name} root 2> /dev/null\n");
        text.Append(CultureInfo.InvariantCulture, $"tc qdisc add dev {name} root handle 1: netem {Netem(link)}\n");
        if (link.BandwidthBytesPerSecond is { } bandwidth)
        {
            // One packet, and what passes in 4 ms: a timer's length on older kernels.
            var burst = Math.Max(PacketBytes + 100, (long)(bandwidth / 250));
            text.Append(
                CultureInfo.InvariantCulture,
                $"tc qdisc add dev {name} parent 1:1 handle 2: tbf rate {Math.Round(bandwidth * 8)}bit burst {burst}b limit {link.QueueBytes}b\n");
        }

        if (link.Trace is not null)
        {
            text.Append("# no equivalent: the packet-delivery trace of this direction (mahimahi's mm-link replays it)\n");
        }
    }

    private static string Netem(DirectionSettings link)
    {
        var packets = link.BandwidthBytesPerSecond is { } bandwidth
            ? Math.Max(LeastPackets, Math.Ceiling((bandwidth * (link.Latency + link.Jitter).TotalSeconds * 2 + link.QueueBytes) / PacketBytes))
                .ToString("F0", CultureInfo.InvariantCulture)
            : Loose;
        var words = new StringBuilder(string.Create(CultureInfo.InvariantCulture, $"limit {packets} delay {Micro(Delay(link))}"));
        if (link.Jitter > TimeSpan.Zero)
        {
            words.Append(CultureInfo.InvariantCulture, $" {Micro(link.Jitter)} {Percent(link.JitterCorrelation)}");
            words.Append(link.JitterDistribution == JitterDistribution.Uniform ? "" : $" distribution {KebabCase.Name(link.JitterDistribution)}");
        }

        if (link.Burst is { } burst)
        {
            words.Append(
                CultureInfo.InvariantCulture,
                $" loss gemodel {Percent(burst.ToBad)} {Percent(burst.ToGood)} {Percent(burst.LossInBad)} {Percent(link.Loss)}");
        }
        else if (link.Loss > 0)
        {
            words.Append(CultureInfo.InvariantCulture, $" loss {Percent(link.Loss)}");
        }

        return words.ToString();
    }

    /// <summary>The mean delay: Pareto jitter is never early, while that of netem, like every other, has a mean of zero.</summary>
    internal static TimeSpan Delay(DirectionSettings link) =>
        link.JitterDistribution == JitterDistribution.Pareto ? link.Latency + link.Jitter : link.Latency;

    // A time is something a shell can wait for; rounds and protocol points are known to dcc alone.
    private static void Fault(StringBuilder text, TimelineFault fault, Scenario scenario, int[] devices)
    {
        if (fault.Action is not (Partition or ChangeLink) || fault.Trigger is not AtTime { Time: var time })
        {
            text.Append(CultureInfo.InvariantCulture, $"# no equivalent: {fault}{(fault.Trigger is AtTime ? "" : " (tc knows no rounds and no protocol points)")}\n");
            return;
        }

        text.Append(CultureInfo.InvariantCulture, $"# {fault}: start these lines together with the run\n");
        foreach (var device in ((DeviceAction)fault.Action).Devices.Where(devices.Contains))
        {
            var (before, during, end) = fault.Action switch
            {
                Partition partition => (scenario.LinkOf(device), scenario.LinkOf(device), partition.End),
                ChangeLink change => (scenario.LinkOf(device), change.Change.ApplyTo(scenario.LinkOf(device)), change.End),
                _ => throw new InvalidOperationException("Only these two come here."),
            };
            foreach (var direction in Enum.GetValues<LinkDirection>())
            {
                if (fault.Action is Partition { Direction: { } cut } && cut != direction)
                {
                    continue;
                }

                var name = Interface(device, direction);
                text.Append(CultureInfo.InvariantCulture, $"(\nsleep {time.TotalSeconds}\n");
                if (fault.Action is Partition)
                {
                    text.Append(CultureInfo.InvariantCulture, $"tc qdisc change dev {name} root handle 1: netem {Netem(new DirectionSettings())} loss 100%\n");
                }
                else
                {
                    Qdisc(text, name, during[direction]);
                }

                if (end is not null)
                {
                    text.Append(CultureInfo.InvariantCulture, $"sleep {end.For.TotalSeconds}\n");
                    text.Append(end.UntilRound is { } round ? string.Create(CultureInfo.InvariantCulture, $"# no equivalent: until round {round}\n") : "");
                    Qdisc(text, name, before[direction]);
                }

                text.Append(") &\n");
            }
        }
    }

    /// <summary>What no export can say of these devices, as a comment; empty where there is nothing.</summary>
    internal static string Classes(Scenario scenario, int[] devices)
    {
        string[] named = [.. devices.Select(device => scenario.Classes[device]).Where(one => one.Board is not null).Select(one => one.Name).Distinct()];
        return named.Length == 0 ? "" : $"# no equivalent: device classes ({string.Join(", ", named)}), which limit processors and memory\n";
    }

    private static string Interface(int device, LinkDirection direction) =>
        string.Create(CultureInfo.InvariantCulture, $"\"${(direction == LinkDirection.Up ? "UP" : "DOWN")}_{device}\"");

    private static string Micro(TimeSpan time) => string.Create(CultureInfo.InvariantCulture, $"{Math.Round(time.TotalMicroseconds)}us");

    private static string Percent(double fraction) => string.Create(CultureInfo.InvariantCulture, $"{Math.Round(100 * fraction, 6)}%");
}
