using System.Diagnostics.Metrics;
using System.Text;
using Dcc.Hosting.Telemetry;

namespace Dcc.Services.Tests.Telemetry;

public sealed class PrometheusBridgeTests : IDisposable
{
    private readonly Meter meter = new("Test");
    private readonly PrometheusBridge bridge;

    public PrometheusBridgeTests() => bridge = new PrometheusBridge(meter);

    public void Dispose()
    {
        bridge.Dispose();
        meter.Dispose();
    }

    [Fact]
    public async Task Instruments_OfEveryKind_AreNamedByOpenTelemetrysRules()
    {
        meter.CreateCounter<long>("a.bytes.read", "By", "A.").Add(3);
        meter.CreateCounter<long>("a.calls", "{call}", "B.").Add(2, Tag("kind.of", "x"));
        meter.CreateObservableCounter("a.time", () => 1.5, "s", "C.");
        meter.CreateObservableGauge("a.level", () => 4, "{drop}", "D.");
        meter.CreateHistogram<double>("a.wait", "s", "E.", null, new InstrumentAdvice<double> { HistogramBucketBoundaries = [1, 2] }).Record(1.5);
        var scrape = await Scrape();
        Assert.Equal(3, scrape["a_bytes_read_bytes_total"]);
        Assert.Equal(2, scrape["""a_calls_total{kind_of="x"}"""]);
        Assert.Equal(1.5, scrape["a_time_seconds_total"]);
        Assert.Equal(4, scrape["a_level"]);
        Assert.Equal(0, scrape["""a_wait_seconds_bucket{le="1"}"""]);
        Assert.Equal(1, scrape["""a_wait_seconds_bucket{le="2"}"""]);
        Assert.Contains("# TYPE a_calls_total counter", scrape.Text, StringComparison.Ordinal);
        Assert.Contains("# TYPE a_level gauge", scrape.Text, StringComparison.Ordinal);
        Assert.Contains("# HELP a_wait_seconds E.", scrape.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Observable_LabelSetGone_Disappears()
    {
        var names = new List<string> { "one", "two" };
        meter.CreateObservableGauge("here", () => names.Select(name => new Measurement<int>(1, Tag("name", name))), null, "Who is here.");
        Assert.Equal(2, (await Scrape()).Of("here").Count());
        names.Remove("one");
        Assert.Equal("""here{name="two"}""", (await Scrape()).Of("here").Single().Key);
        names.Add("one");
        Assert.Equal(2, (await Scrape()).Of("here").Count());
    }

    [Fact]
    public async Task OtherMeters_EvenOfTheSameName_AreNotShown()
    {
        using var other = new Meter(meter.Name);
        other.CreateCounter<long>("other", null, "Another's.").Add(1);
        Assert.False((await Scrape()).Has("other_total"));
    }

    private static KeyValuePair<string, object?> Tag(string name, string value) => new(name, value);

    private async Task<Scrape> Scrape()
    {
        using var text = new MemoryStream();
        await bridge.Registry.CollectAndExportAsTextAsync(text, TestContext.Current.CancellationToken);
        return new Scrape(Encoding.UTF8.GetString(text.ToArray()));
    }
}
