using System.Diagnostics.Metrics;
using System.Globalization;
using Prometheus;

namespace Dcc.Hosting.Telemetry;

/// <summary>
/// Shows meters as Prometheus series in a registry of their own, beside the process's. prometheus-net's own MeterAdapter does the same under
/// other names (the meter's in front, no unit) and makes gauges of counters. All measurements of one instrument must have the same tags in the
/// same order, and string values of a bounded number: they become the labels.
/// </summary>
public sealed class PrometheusBridge : IDisposable
{
    private readonly Meter[] meters;
    private readonly MeterListener listener = new();
    private readonly MetricFactory metrics;
    private readonly Lock collecting = new();
    private readonly List<Family> observed = [];

    /// <summary>Shows these meters and no others, whatever their names: several hosts in one process do not see each other.</summary>
    public PrometheusBridge(params Meter[] meters)
    {
        this.meters = meters;
        Registry = Metrics.NewCustomRegistry();
        DotNetStats.Register(Registry);
        metrics = Metrics.WithCustomRegistry(Registry);
        metrics.ExemplarBehavior = ExemplarBehavior.NoExemplars();
        listener.InstrumentPublished = Publish;
        listener.SetMeasurementEventCallback<int>((_, value, tags, family) => ((Family)family!).Take(value, tags));
        listener.SetMeasurementEventCallback<long>((_, value, tags, family) => ((Family)family!).Take(value, tags));
        listener.SetMeasurementEventCallback<double>((_, value, tags, family) => ((Family)family!).Take(value, tags));
        listener.Start();
        Registry.AddBeforeCollectCallback(Collect);
    }

    /// <summary>What is exposed.</summary>
    public CollectorRegistry Registry { get; }

    /// <inheritdoc/>
    public void Dispose() => listener.Dispose();

    private void Publish(Instrument instrument, MeterListener self)
    {
        if (!meters.Contains(instrument.Meter))
        {
            return;
        }

        var family = new Family(metrics, instrument);
        if (instrument.IsObservable)
        {
            lock (collecting)
            {
                observed.Add(family);
            }
        }

        self.EnableMeasurementEvents(instrument, family);
    }

    // Scrapes may come at the same time.
    private void Collect()
    {
        lock (collecting)
        {
            listener.RecordObservableInstruments();
            observed.ForEach(family => family.ForgetUnseen());
        }
    }

    /// <summary>One instrument.</summary>
    private sealed class Family(MetricFactory metrics, Instrument instrument)
    {
        private readonly HashSet<string> seen = [];

        // Made by the first measurement, which shows the labels; made twice, it is the same one.
        private volatile Collector? collector;

        internal void Take(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            collector ??= Create(tags);
            string[] labels = tags.IsEmpty ? [] : Labels(tags);
            switch (collector)
            {
                case Counter counter when instrument.IsObservable:
                    counter.WithLabels(labels).IncTo(value);
                    break;
                case Counter counter:
                    counter.WithLabels(labels).Inc(value);
                    break;
                case Gauge gauge:
                    gauge.WithLabels(labels).Set(value);
                    break;
                default:
                    ((Histogram)collector).WithLabels(labels).Observe(value);
                    break;
            }

            if (instrument.IsObservable)
            {
                seen.Add(Key(labels));
            }
        }

        /// <summary>Drops what was not measured since the last time: the run or device is gone.</summary>
        internal void ForgetUnseen()
        {
            switch (collector)
            {
                case Counter counter:
                    Forget(counter);
                    break;
                case Gauge gauge:
                    Forget(gauge);
                    break;
                default:
                    break;
            }

            seen.Clear();
        }

        private void Forget<TChild>(Collector<TChild> from)
            where TChild : ChildBase
        {
            foreach (var labels in from.GetAllLabelValues().Where(labels => !seen.Contains(Key(labels))))
            {
                from.RemoveLabelled(labels);
            }
        }

        private Collector Create(ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            var names = new string[tags.Length];
            for (var i = 0; i < names.Length; i++)
            {
                names[i] = tags[i].Key.Replace('.', '_');
            }

            var (name, help) = (PrometheusName.Of(instrument), instrument.Description!);
            return PrometheusName.IsCounter(instrument) ? metrics.CreateCounter(name, help, names)
                : instrument is Histogram<double> histogram ? metrics.CreateHistogram(
                    name, help, names, new HistogramConfiguration { Buckets = [.. histogram.Advice!.HistogramBucketBoundaries!] })
                : metrics.CreateGauge(name, help, names);
        }

        private static string[] Labels(ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            var labels = new string[tags.Length];
            for (var i = 0; i < labels.Length; i++)
            {
                labels[i] = Convert.ToString(tags[i].Value, CultureInfo.InvariantCulture)!;
            }

            return labels;
        }

        private static string Key(string[] labels) => string.Join('\0', labels);
    }
}
