using System.Diagnostics.Metrics;
using Dcc.Core.Validation;
using Dcc.Links.Ledger;
using Dcc.Links.Proxy;

namespace Dcc.Links;

/// <summary>What was done to a link on purpose.</summary>
public enum LinkFault
{
    /// <summary>Bytes stalled.</summary>
    Partition,

    /// <summary>The link became another one.</summary>
    Change,

    /// <summary>Open connections were reset.</summary>
    Reset,

    /// <summary>New connections were refused.</summary>
    Refuse,

    /// <summary>A connection was reset after so many bytes.</summary>
    Limit,

    /// <summary>Open connections were closed, towards the device after a while.</summary>
    SlowClose,
}

/// <summary>
/// The meter "Dcc.Links": what the links of a process carry and do, all together. Give it to <see cref="LinkProxy.Start"/>. Bytes, resets and
/// connections are read from the links' own counts when somebody collects, and stay when a link is closed; only the delay of each chunk is
/// recorded as it happens, while somebody listens.
/// </summary>
public sealed class LinkInstruments : IDisposable
{
    /// <summary>The layer of bytes that no ledger divides; those are counted as the link delivers them.</summary>
    public const string AllLayers = "all";

    private readonly Histogram<double> delay;
    private readonly long[] faults = new long[Enum.GetValues<LinkFault>().Length];
    private volatile (LinkProxy Proxy, DeviceLedger? Ledger)[] links = [];

    /// <summary>No links yet.</summary>
    public LinkInstruments()
    {
        Meter.CreateObservableCounter("dcc.link.io", Bytes, "By", "Bytes that links carried, by direction and layer, above TCP.");
        delay = Meter.CreateHistogram(
            "dcc.link.delay", "s", "Delay imposed on a chunk of bytes, from its last byte read to written.", tags: null,
            new InstrumentAdvice<double>
            {
                HistogramBucketBoundaries = [0.0001, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60],
            });
        Meter.CreateObservableCounter(
            "dcc.link.faults",
            () => Enum.GetValues<LinkFault>().Select(kind => new Measurement<long>(
                Interlocked.Read(ref faults[(int)kind]), new KeyValuePair<string, object?>("kind", KebabCase.Name(kind)))),
            "{fault}", "Faults injected into links, by kind.");
        Meter.CreateObservableCounter(
            "dcc.link.resets", () => links.Sum(link => link.Proxy.Counts.Resets), "{connection}", "Connections that ended by a reset, whoever caused it.");
        Meter.CreateObservableGauge("dcc.link.connections", () => links.Sum(link => (long)link.Proxy.Counts.Open), "{connection}", "Connections that are open.");
    }

    /// <summary>The meter.</summary>
    public Meter Meter { get; } = new("Dcc.Links");

    /// <summary>Counts a fault; from any thread.</summary>
    public void Count(LinkFault kind) => Interlocked.Increment(ref faults[(int)kind]);

    /// <inheritdoc/>
    public void Dispose() => Meter.Dispose();

    /// <summary>A further link. One at a time.</summary>
    internal void Add(LinkProxy proxy, DeviceLedger? ledger) => links = [.. links, (proxy, ledger)];

    internal void Delayed(TimeSpan time) => delay.Record(time.TotalSeconds);

    private IEnumerable<Measurement<long>> Bytes()
    {
        var current = links;
        var divided = current.Select(link => link.Ledger).OfType<DeviceLedger>().Select(ledger => ledger.Totals()).ToList();
        if (divided.Count > 0)
        {
            var totals = LedgerTotals.Sum(divided);
            foreach (var layer in Enum.GetValues<LedgerLayer>())
            {
                yield return Measure(totals.Bytes(LinkDirection.Up, layer), LinkDirection.Up, KebabCase.Name(layer));
                yield return Measure(totals.Bytes(LinkDirection.Down, layer), LinkDirection.Down, KebabCase.Name(layer));
            }
        }

        if (divided.Count < current.Length)
        {
            var undivided = current.Where(link => link.Ledger is null).Select(link => link.Proxy.Counts).ToList();
            yield return Measure(undivided.Sum(counts => counts.UpBytes), LinkDirection.Up, AllLayers);
            yield return Measure(undivided.Sum(counts => counts.DownBytes), LinkDirection.Down, AllLayers);
        }
    }

    private static Measurement<long> Measure(long bytes, LinkDirection direction, string layer) => new(
        bytes, new KeyValuePair<string, object?>("direction", KebabCase.Name(direction)), new KeyValuePair<string, object?>("layer", layer));
}
