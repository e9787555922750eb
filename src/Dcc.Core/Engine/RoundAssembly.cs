using Dcc.Core.Learning;

namespace Dcc.Core.Engine;

/// <summary>
/// Puts the devices' own rounds together to rounds of all, in a run with asynchronous updates: round n is whole once the last device has made its
/// round n. Holds what some devices have made and others have not yet, about 80 bytes per device and round.
/// </summary>
internal sealed class RoundAssembly(int devices)
{
    private readonly Dictionary<int, Part> parts = [];
    private int first;

    private sealed class Part(int round, int devices)
    {
        internal CommittedRound Round { get; } = new(round, new Push[devices], new Report[devices], new double[devices], [])
        {
            Epsilons = new (double, double)[devices],
        };

        internal int Missing { get; set; } = devices;
    }

    /// <summary>Adds a device's own round. Each device's come in order.</summary>
    internal void Add(in DeviceUpdate update, double epsilonOwn, double epsilonOthers)
    {
        if (!parts.TryGetValue(update.Round, out var part))
        {
            parts.Add(update.Round, part = new Part(update.Round, devices));
        }

        part.Round.Pushes[update.Device] = update.Push;
        part.Round.Reports[update.Device] = update.Report;
        part.Round.ThetaAfter[update.Device] = update.ThetaAfter;
        part.Round.Epsilons[update.Device] = (epsilonOwn, epsilonOthers);
        part.Missing--;
    }

    /// <summary>Takes the first round out if it is whole; null otherwise. No commit makes two whole: the slowest device makes one round at a time.</summary>
    internal CommittedRound? TakeWhole()
    {
        if (!parts.TryGetValue(first, out var part) || part.Missing > 0)
        {
            return null;
        }

        parts.Remove(first++);
        return part.Round;
    }

    /// <summary>What a device was pushed for a round that it has made and others have not.</summary>
    internal Push PushOf(int device, int round) => parts[round].Round.Pushes[device];
}
