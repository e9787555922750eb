using System.Diagnostics.Metrics;
using Dcc.Coordinator.Runs;
using Dcc.Core.Engine;
using Dcc.Core.Validation;
using Microsoft.Extensions.Options;

namespace Dcc.Coordinator.Telemetry;

/// <summary>
/// The meter "Dcc.Coordinator". All but the two histograms are read from the runs' figures when somebody collects, so that a report costs nothing.
/// The first 100 runs have series of their own; those after share run="other", in which counts and devices are added up and the rest is left out.
/// </summary>
internal sealed class CoordinatorInstruments : IDisposable
{
    internal const string MeterName = "Dcc.Coordinator";
    internal const string OtherRuns = "other";
    internal const int MostRuns = 100;

    private static readonly Refusal[] ReportRefusals = [Refusal.WrongRound, Refusal.NotFinite, Refusal.Implausible, Refusal.ConflictingReport];
    private static readonly Refusal[] StreamRefusals =
        [Refusal.UnknownDevice, Refusal.Replaced, Refusal.OlderProcess, Refusal.AheadOfRun, Refusal.RunCancelled, Refusal.CannotLeave];

    private readonly ProtocolFaults faults;
    private readonly int deviceSeries;
    private readonly TimeProvider time;
    private readonly Histogram<double> roundDuration;
    private readonly Histogram<double> commitDuration;
    private volatile RunFigures[] runs = [];

    public CoordinatorInstruments(ProtocolFaults faults, TransportBytes bytes, IOptions<CoordinatorOptions> options, TimeProvider time)
    {
        this.faults = faults;
        this.time = time;
        deviceSeries = options.Value.DeviceSeries;
        roundDuration = Seconds(
            "dcc.round.duration", "From the commit of one round to that of the next.",
            [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000]);
        commitDuration = Seconds(
            "dcc.journal.commit.duration", "Time until a record was durable in the journal.",
            [0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10]);
        CreateProgress();
        CreateTraffic(bytes);
        CreateAlgorithm();
    }

    internal Meter Meter { get; } = new(MeterName);

    private IEnumerable<RunFigures> NamedRuns => runs.Take(MostRuns);

    private IEnumerable<IGrouping<string, RunFigures>> AllRuns => runs.GroupBy(run => run.Label);

    /// <summary>Shows a further run. The registry's only: one at a time.</summary>
    internal RunFigures Add(string run, RoundEngine engine)
    {
        var figures = new RunFigures(runs.Length < MostRuns ? run : OtherRuns, engine, deviceSeries, time);
        runs = [.. runs, figures];
        return figures;
    }

    internal void RoundTook(RunFigures run, TimeSpan duration) => roundDuration.Record(duration.TotalSeconds, Tag("run", run.Label));

    internal void CommitTook(RunFigures run, TimeSpan duration) => commitDuration.Record(duration.TotalSeconds, Tag("run", run.Label));

    public void Dispose() => Meter.Dispose();

    private void CreateProgress()
    {
        Gauge("dcc.run.round", "{round}", "The open round; the last one once the run is over.", run => run.OpenRound);
        Gauge("dcc.run.rounds", "{round}", "Rounds of the run; one more evaluation follows them.", run => run.Rounds);
        Gauge("dcc.run.round.age", "s", "How long the open round has been open; absent once the run is over.", run => run.RoundAge?.TotalSeconds);
        Gauge("dcc.run.stalled", null, "1 while the run waits for its journal to be writable, else 0.", run => run.Stalled ? 1 : 0);
        Meter.CreateObservableGauge(
            "dcc.devices",
            () => AllRuns.SelectMany(group => new[]
            {
                OfRun(group, run => run.Reported, Tag("state", "reported")),
                OfRun(group, run => run.Awaited, Tag("state", "awaited")),
                OfRun(group, run => run.Absent, Tag("state", "absent")),
                OfRun(group, run => run.Released, Tag("state", "released")),
            }),
            "{device}",
            "Devices by what they are to the open round: reported, connected and awaited, neither reported nor connected, or no members any more.");
    }

    private void CreateTraffic(TransportBytes bytes)
    {
        Meter.CreateObservableCounter("dcc.reports", () => AllRuns.SelectMany(Reports), "{report}", "Reports by what became of them.");
        Meter.CreateObservableCounter(
            "dcc.reports.clipped", () => AllRuns.Select(group => OfRun(group, run => run.Clipped)), "{report}",
            "Accepted reports whose pull on the others was clipped: what a liar says, or noise now and then.");
        Meter.CreateObservableCounter(
            "dcc.streams",
            () => AllRuns.SelectMany(group => new[]
            {
                OfRun(group, run => run.FirstStreams, Tag("kind", "first")), OfRun(group, run => run.ResumedStreams, Tag("kind", "resumed")),
            }),
            "{stream}", "Device streams taken: the first one of a device, or one after an interruption.");
        Meter.CreateObservableCounter(
            "dcc.streams.refused", RefusedStreams, "{stream}", "Streams refused, by reason; also those that never belonged to a run.");
        Meter.CreateObservableCounter(
            "dcc.coordinator.io",
            () => new[]
            {
                new Measurement<long>(bytes.Received, Tag("direction", "receive")), new Measurement<long>(bytes.Transmitted, Tag("direction", "transmit")),
            },
            "By", "Bytes of the gRPC port's connections, above TCP.");
    }

    private void CreateAlgorithm()
    {
        Meter.CreateObservableGauge(
            "dcc.theta",
            () => NamedRuns.SelectMany(run => new[]
            {
                OfRun(run, run.CurrentTheta.Min, Tag("statistic", "min")), OfRun(run, run.CurrentTheta.Mean, Tag("statistic", "mean")),
                OfRun(run, run.CurrentTheta.Max, Tag("statistic", "max")), OfRun(run, run.CurrentTheta.Sum, Tag("statistic", "sum")),
            }),
            unit: null, "The constraints theta over all devices.");
        Gauge("dcc.gradient.norm", null, "Euclidean norm of the gradient that moved theta last.", run => run.LastRound?.GradientNorm);
        Gauge("dcc.round.cost", null, "Mean reported J of the last committed round, cost per step.", run => run.LastRound?.MeanCost);
        Meter.CreateObservableGauge(
            "dcc.device.theta", () => NamedRuns.SelectMany(run => OfDevices(run, run.CurrentTheta.OfDevices)), unit: null,
            "theta of one device, of the first devices as far as asked for.");
        Meter.CreateObservableGauge(
            "dcc.device.cost", () => NamedRuns.SelectMany(run => OfDevices(run, run.LastRound?.CostOfDevices ?? [])), unit: null,
            "J that one device reported last, of the first devices as far as asked for.");
    }

    private IEnumerable<Measurement<long>> Reports(IGrouping<string, RunFigures> group)
    {
        yield return OfRun(group, run => run.Accepted, Tag("outcome", "accepted"), Tag("reason", ""));
        yield return OfRun(group, run => run.Duplicate, Tag("outcome", "duplicate"), Tag("reason", ""));
        yield return OfRun(group, run => run.Late, Tag("outcome", "late"), Tag("reason", ""));
        yield return OfRun(group, run => run.Fenced, Tag("outcome", "fenced"), Tag("reason", ""));
        foreach (var refusal in ReportRefusals)
        {
            yield return OfRun(group, run => run.Refused(refusal), Tag("outcome", "refused"), Tag("reason", KebabCase.Name(refusal)));
        }
    }

    private IEnumerable<Measurement<long>> RefusedStreams() =>
    [
        .. StreamRefusals.Select(refusal => new Measurement<long>(runs.Sum(run => run.Refused(refusal)), Tag("reason", KebabCase.Name(refusal)))),
        .. Enum.GetValues<ProtocolFault>().Select(fault => new Measurement<long>(faults.Read(fault), Tag("reason", KebabCase.Name(fault)))),
    ];

    private void Gauge(string name, string? unit, string description, Func<RunFigures, double?> read) => Meter.CreateObservableGauge(
        name, () => NamedRuns.Where(run => read(run) is not null).Select(run => OfRun(run, read(run)!.Value)), unit, description);

    private Histogram<double> Seconds(string name, string description, double[] buckets) => Meter.CreateHistogram(
        name, "s", description, tags: null, new InstrumentAdvice<double> { HistogramBucketBoundaries = buckets });

    private static IEnumerable<Measurement<double>> OfDevices(RunFigures run, double[] values) =>
        values.Select((value, device) => OfRun(run, value, Tag("device", device)));

    private static Measurement<double> OfRun(RunFigures run, double value, params ReadOnlySpan<KeyValuePair<string, object?>> more) =>
        new(value, [Tag("run", run.Label), .. more]);

    private static Measurement<long> OfRun(
        IGrouping<string, RunFigures> group, Func<RunFigures, long> read, params ReadOnlySpan<KeyValuePair<string, object?>> more) =>
        new(group.Sum(read), [Tag("run", group.Key), .. more]);

    private static KeyValuePair<string, object?> Tag(string name, object value) => new(name, value);
}
