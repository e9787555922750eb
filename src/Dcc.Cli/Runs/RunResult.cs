using Dcc.Core.Devices;
using Dcc.Core.Engine;
using Dcc.Core.Evaluation;
using Dcc.Core.Policies;
using Dcc.Journal;
using Dcc.Links.Ledger;

namespace Dcc.Cli.Runs;

/// <summary>Turns a run's journal into its files.</summary>
internal sealed class RunResult(RunFolder folder, EdgeSystem system)
{
    /// <summary>What a run over a network adds to what the journal knows.</summary>
    /// <param name="RoundTrips">Milliseconds from push to report by round and device, negative where unknown.</param>
    /// <param name="Faults">Faults injected.</param>
    internal sealed record NetworkRun(IReadOnlyDictionary<int, float[]> RoundTrips, int Faults)
    {
        /// <summary>What crossed the devices' sockets; empty where there were none.</summary>
        internal IReadOnlyList<DeviceLedger> Ledgers { get; init; } = [];

        /// <summary>Name of the scenario that the network came from.</summary>
        internal required string Scenario { get; init; }

        /// <summary>Seconds from the start to each committed round, where known.</summary>
        internal IReadOnlyDictionary<int, double> RoundEnds { get; init; } = new Dictionary<int, double>();

        /// <summary>Streams established again; null where no stream was.</summary>
        internal int? Retries { get; init; }

        /// <summary>Processes started again; null where there were none.</summary>
        internal int? Restarts { get; init; }

        /// <summary>The class of each device; null where none is limited.</summary>
        internal string[]? DeviceClasses { get; init; }

        /// <summary>Whether the classes were enforced; null where there were none.</summary>
        internal bool? DeviceClassesEnforced { get; init; }

        /// <summary>How long the run took in virtual time, null where time was real.</summary>
        internal double? VirtualSeconds { get; init; }
    }

    /// <summary>Told of each round that was learned again.</summary>
    internal Action<int>? Relearned { get; init; }

    /// <summary>Writes rounds.csv, run.json, summary.json, and bytes.csv where there was a network.</summary>
    /// <param name="journal">The finished run's journal.</param>
    /// <param name="sessions">The devices as they ended, or null to rebuild them by learning every push again.</param>
    /// <param name="network">What happened on the way, or null where there was no network.</param>
    /// <param name="clock">Seconds since the run's start, asked at the end.</param>
    /// <param name="cancellation">Ends the work.</param>
    internal RunSummary Write(
        IJournalStore journal, DeviceSession[]? sessions, NetworkRun? network, Func<double> clock, CancellationToken cancellation)
    {
        var rebuild = sessions is null;
        var parameters = RunParameters.FromJson(journal.Read(InProcessRun.Name).First().Body);
        var objective = new SystemCost(SystemCost.CurvesOf(system), parameters.CreateCongestion());
        var costs = new List<double>();
        RoundEngine? engine = null;
        folder.Write("rounds.csv", writer =>
        {
            RoundsFile.WriteHeader(writer);
            engine = RunReplay.Replay(journal, InProcessRun.Name, replayed =>
            {
                costs.Add(objective.PerDevice(Array.ConvertAll(replayed.Round.Pushes, push => push.Theta)));
                if (rebuild)
                {
                    sessions ??= RunReplay.Sessions(parameters, system);
                    RunReplay.Relearn(sessions, replayed, cancellation);
                    Relearned?.Invoke(replayed.Round.Round);
                }

                // The last evaluation moves no theta and has no row.
                if (replayed.Round.ThetaAfter.Length > 0)
                {
                    RoundsFile.WriteRound(writer, replayed, network is not null, network?.RoundTrips.GetValueOrDefault(replayed.Round.Round));
                }
            });
        });
        PolicyMixture[] policies = Array.ConvertAll(sessions!, session => session.Policy);
        var ledgers = network?.Ledgers ?? [];
        if (ledgers.Count > 0)
        {
            folder.Write("bytes.csv", writer => BytesFile.Write(writer, ledgers));
        }

        var summary = RunSummary.Of(engine!, system, objective, policies, cancellation) with
        {
            Bytes = ledgers.Count == 0 ? null : ByteSummary.Of(LedgerTotals.Sum(ledgers.Select(ledger => ledger.Totals()))),
            RoundTripMilliseconds = network is null ? null : RoundTripTimes.Of(network.RoundTrips.Values),
            VirtualSeconds = network?.VirtualSeconds,
            Faults = network?.Faults ?? 0,
            Retries = network?.Retries ?? (network is null ? 0 : null),
            Restarts = network?.Restarts ?? (network is null ? 0 : null),
            WallSeconds = clock(),
            DeviceClasses = network?.DeviceClasses,
            DeviceClassesEnforced = network?.DeviceClassesEnforced,
        };
        var ends = Enumerable.Range(0, summary.Rounds + 1)
            .Select(round => network is not null && network.RoundEnds.TryGetValue(round, out var end) ? end : (double?)null).ToArray();
        var provenance = RunProvenance.OfThisProcess(network?.Scenario, rebuild ? summary.Digest : null, ends, [.. costs]);
        folder.Write(RunProvenance.FileName, provenance.Write);
        folder.Write("summary.json", summary.Write);
        return summary;
    }
}
