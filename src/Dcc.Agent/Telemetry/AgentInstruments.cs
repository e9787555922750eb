using System.Diagnostics.Metrics;
using Dcc.Core.Validation;

namespace Dcc.Agent.Telemetry;

/// <summary>The meter "Dcc.Agent": what the devices of one process do. The state of devices and what they learned are read when somebody collects.</summary>
internal sealed class AgentInstruments : IDisposable
{
    internal const string MeterName = "Dcc.Agent";

    private readonly Counter<long> steps;
    private readonly Histogram<double> evaluations;
    private readonly Counter<long> attempts;
    private readonly Histogram<double> backOffs;
    private volatile DeviceTelemetry[] devices = [];

    public AgentInstruments()
    {
        steps = Meter.CreateCounter<long>("dcc.learning.steps", "{step}", "Learning steps made; counted when an evaluation ends.");
        evaluations = Seconds(
            "dcc.evaluation.duration",
            "One evaluation: training and measuring, or for price-q and exact all that a round asks for at once.",
            [0.00001, 0.0001, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300]);
        attempts = Meter.CreateCounter<long>(
            "dcc.connection.attempts", "{attempt}", "Attempts to establish a stream: welcomed, or the gRPC status that came instead.");
        backOffs = Seconds("dcc.connection.backoff", "Waiting before another attempt.", [0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10]);
        Meter.CreateObservableGauge(
            "dcc.agent.devices",
            () => Enum.GetValues<LinkState>().Select(state => new Measurement<long>(
                devices.Count(device => device.Link == state), Tag("state", KebabCase.Name(state)))),
            "{device}", "Devices of this process by the state of their link to the coordinator.");
        Gauge("dcc.agent.cost", "J that the devices of this process measured last, cost per step.", point => point.Cost);
        Gauge("dcc.agent.multiplier", "Multiplier lambda of the devices of this process.", point => point.Multiplier);
        Gauge(
            "dcc.agent.constraint.violation", "f - theta of the devices of this process: above 0 the constraint is violated.",
            point => point.Violation);
    }

    internal Meter Meter { get; } = new(MeterName);

    /// <summary>A further device of the process. One at a time.</summary>
    internal DeviceTelemetry Add(string run, int device, TimeProvider time)
    {
        var telemetry = new DeviceTelemetry(this, run, device, time);
        devices = [.. devices, telemetry];
        return telemetry;
    }

    internal void Evaluated(TimeSpan duration, int stepsMade)
    {
        evaluations.Record(duration.TotalSeconds);
        steps.Add(stepsMade);
    }

    internal void Attempted(string outcome) => attempts.Add(1, Tag("outcome", outcome));

    internal void BacksOff(TimeSpan delay) => backOffs.Record(delay.TotalSeconds);

    public void Dispose() => Meter.Dispose();

    private void Gauge(string name, string description, Func<LearnedPoint, double> read) => Meter.CreateObservableGauge(
        name,
        () => devices.Select(device => device.Last).OfType<LearnedPoint>().Select(read).ToList() is { Count: > 0 } values
            ?
            [
                new Measurement<double>(values.Min(), Tag("statistic", "min")),
                new Measurement<double>(values.Average(), Tag("statistic", "mean")),
                new Measurement<double>(values.Max(), Tag("statistic", "max")),
            ]
            : Array.Empty<Measurement<double>>(),
        unit: null, description);

    private Histogram<double> Seconds(string name, string description, double[] buckets) => Meter.CreateHistogram(
        name, "s", description, tags: null, new InstrumentAdvice<double> { HistogramBucketBoundaries = buckets });

    private static KeyValuePair<string, object?> Tag(string name, string value) => new(name, value);
}
