using CsCheck;
using Dcc.Links.Model;

namespace Dcc.Links.Tests.Model;

public sealed class LinkFlowTests
{
    private const int Segment = LinkModel.SegmentBytes;

    [Theory]
    [InlineData(1)]
    [InlineData(Segment)]
    [InlineData(10 * Segment)]
    public void Delivery_LatencyAndBandwidth_IsTheClosedForm(int bytes)
    {
        var flow = new LinkFlow(Model(new DirectionSettings { Latency = Milliseconds(50), BandwidthBytesPerSecond = 100_000 }));
        var sent = Milliseconds(7);
        flow.Send(sent, bytes);
        var deliveries = Drain(flow);
        for (int i = 0, total = 0; i < deliveries.Count; i++)
        {
            total += deliveries[i].Bytes;
            Assert.Equal(57 + (total / 100.0), deliveries[i].At.TotalMilliseconds, 3);
        }

        Assert.Equal(bytes, deliveries.Sum(delivery => delivery.Bytes));
    }

    [Fact]
    public void Throughput_BacklogOfSegments_IsTheBandwidthAndLatencyDoesNotMatter()
    {
        var model = Model(new DirectionSettings { Latency = Milliseconds(300), BandwidthBytesPerSecond = 2_500_000, QueueBytes = 20 * Segment });
        var flow = new LinkFlow(model);
        var now = TimeSpan.Zero;
        long sent = 0, arrived = 0;
        while (arrived < 5_000_000)
        {
            for (; flow.Room(now) >= Segment; sent += Segment)
            {
                flow.Send(now, Segment);
            }

            Assert.True(model.QueuedBytes(now) <= 20 * Segment);
            var drained = model.DrainsTo(now, 19 * Segment);
            now = flow.NextEvent is { } next && next < drained ? next : drained;
            arrived += flow.Advance(now).Bytes;
        }

        Assert.Equal(0.3 + (arrived / 2_500_000.0), now.TotalSeconds, 0.001);
    }

    [Fact]
    public void Trace_FullSegments_LeaveAtTheOpportunitiesAndAgainInTheNextPeriod()
    {
        var flow = new LinkFlow(Model(new DirectionSettings { Trace = PacketTrace.Parse("2\n2\n9\n20") }));
        flow.Send(TimeSpan.Zero, 7 * Segment);
        Assert.Equal([2, 2, 9, 20, 22, 22, 29], Drain(flow).SelectMany(d => Enumerable.Repeat(d.At.TotalMilliseconds, d.Bytes / Segment)));

        flow.Send(Milliseconds(30), 1);
        flow.Send(Milliseconds(30), 1);
        Assert.Equal([(Milliseconds(40), 2)], Drain(flow));
    }

    [Fact]
    public void Partition_FromTheFirstTransmission_TimerDoublesUpToItsLongest()
    {
        var way = new DirectionSettings { Latency = Milliseconds(50), ResetAfter = TimeSpan.FromHours(1) };
        var model = Model(way);
        Assert.Equal(Milliseconds(300), model.RetransmissionTimeout);
        model.Partitioned = true;
        var flow = new LinkFlow(model);
        flow.Send(TimeSpan.Zero, 80);
        var expected = 0.0;
        foreach (var interval in new[] { 0.3, 0.6, 1.2, 2.4, 4.8, 9.6, 19.2, 38.4, 60, 60, 60 })
        {
            expected += interval;
            Assert.Equal(expected, flow.NextEvent!.Value.TotalSeconds, 6);
            Assert.True(flow.Stalled);
            Assert.Equal(0, flow.Advance(flow.NextEvent!.Value).Bytes);
        }
    }

    [Theory]
    [InlineData(0.1, 0.3)]
    [InlineData(1, 2.1)]
    [InlineData(10, 18.9)]
    public void Heal_AfterSeconds_DeliversAtTheNextRetransmissionOfTheBackedOffTimer(double healed, double retransmission)
    {
        var model = Model(new DirectionSettings { Latency = Milliseconds(50) });
        model.Partitioned = true;
        var flow = new LinkFlow(model);
        flow.Send(TimeSpan.Zero, 80);
        while (flow.NextEvent < TimeSpan.FromSeconds(healed))
        {
            flow.Advance(flow.NextEvent.Value);
        }

        model.Partitioned = false;
        flow.Send(TimeSpan.FromSeconds(healed), 80);
        var deliveries = Drain(flow);
        Assert.Equal([(TimeSpan.FromSeconds(retransmission) + Milliseconds(50), 160)], deliveries);
    }

    [Fact]
    public void Partition_LongerThanTheLimit_ResetsAtTheLimit()
    {
        var model = Model(new DirectionSettings { ResetAfter = TimeSpan.FromSeconds(5) });
        model.Partitioned = true;
        var flow = new LinkFlow(model);
        flow.Send(TimeSpan.FromSeconds(2), 80);
        var last = TimeSpan.Zero;
        while (flow.NextEvent is { } next)
        {
            flow.Advance(last = next);
        }

        Assert.True(flow.Reset);
        Assert.Equal(TimeSpan.FromSeconds(7), last);
    }

    [Fact]
    public void Loss_OfALoneSegment_CostsOneTimeoutPerLoss()
    {
        var model = Model(new DirectionSettings { Latency = Milliseconds(50), Loss = 0.4, ResetAfter = TimeSpan.FromHours(1) });
        var costs = new Dictionary<double, int>();
        var now = TimeSpan.Zero;
        const int Sent = 20_000;
        for (var i = 0; i < Sent; i++, now += TimeSpan.FromHours(1))
        {
            var flow = new LinkFlow(model);
            flow.Send(now, 80);
            var late = (Drain(flow).Single().At - now).TotalMilliseconds;
            costs[late] = costs.GetValueOrDefault(late) + 1;
        }

        foreach (var (losses, late) in new[] { (0, 50.0), (1, 350), (2, 950), (3, 2150) })
        {
            // Within five standard deviations of the geometric law.
            var share = Math.Pow(0.4, losses) * 0.6;
            Assert.Equal(share, costs[late] / (double)Sent, 5 * Math.Sqrt(share * (1 - share) / Sent));
        }
    }

    [Theory]
    [InlineData(1, 300)]
    [InlineData(3, 300)]
    [InlineData(4, 100)]
    [InlineData(20, 100)]
    public void Loss_OfTheFirstOfABurst_IsRepairedAfterARoundTripIfThreeFollow(int segments, double retransmission)
    {
        // Partitioned for the first segment only: a loss without chance.
        var model = Model(new DirectionSettings { Latency = Milliseconds(50) });
        var flow = new LinkFlow(model);
        model.Partitioned = true;
        flow.Send(TimeSpan.Zero, Segment);
        model.Partitioned = false;
        if (segments > 1)
        {
            flow.Send(TimeSpan.Zero, (segments - 1) * Segment);
        }

        Assert.Equal([(Milliseconds(retransmission + 50), segments * Segment)], Drain(flow));
    }

    [Fact]
    public void Delivery_AnyLinkAndTraffic_IsCompleteInOrderAndNeverEarlierThanTheBandwidthAllows() =>
        Gen.Select(Gen.Double[0, 0.5], Gen.Int[0, 100], Gen.Int[0, 50], Gen.Int[1_000, 10_000_000], Gen.Enum<JitterDistribution>(),
            Gen.Select(Gen.Int[0, 200], Gen.Int[0, 20_000]).Array[1, 30], Gen.ULong)
        .Sample((loss, latency, jitter, bandwidth, distribution, traffic, seed) =>
        {
            var way = new DirectionSettings
            {
                Loss = loss, Latency = Milliseconds(latency), Jitter = Milliseconds(jitter), JitterDistribution = distribution,
                JitterCorrelation = loss, BandwidthBytesPerSecond = bandwidth, ResetAfter = TimeSpan.FromHours(1),
            };
            var flow = new LinkFlow(Model(way, seed));
            var now = TimeSpan.Zero;
            var deliveries = new List<(TimeSpan At, int Bytes)>();
            var bare = 0;
            foreach (var (gap, bytes) in traffic)
            {
                Advance(flow, now += Milliseconds(gap), deliveries, ref bare);
                flow.Send(now, bytes);
            }

            Advance(flow, TimeSpan.MaxValue, deliveries, ref bare);
            Assert.Equal(traffic.Sum(item => item.Item2), deliveries.Sum(delivery => delivery.Bytes));
            Assert.Equal(traffic.Count(item => item.Item2 == 0), bare);
            Assert.True(flow.Idle && flow.PendingBytes == 0 && !flow.Reset);
            var total = 0L;
            foreach (var ((at, bytes), earlier) in deliveries.Zip(deliveries.Prepend((TimeSpan.Zero, 0))))
            {
                total += bytes;
                Assert.True(at >= earlier.Item1);
                Assert.True(at.TotalSeconds >= (total / (double)bandwidth) - 1e-6);
            }
        }, iter: 500);

    [Fact]
    public void Sequence_SameKey_IsTheSameAndOtherLinksDiffer()
    {
        var way = new DirectionSettings { Loss = 0.2, Jitter = Milliseconds(5), Latency = Milliseconds(20) };
        List<(TimeSpan, int)> Run(int link, LinkDirection direction)
        {
            var flow = new LinkFlow(new LinkModel(new LinkSettings(way, way), direction, seed: 3, link));
            flow.Send(TimeSpan.Zero, 100 * Segment);
            return Drain(flow);
        }

        Assert.Equal(Run(0, LinkDirection.Up), Run(0, LinkDirection.Up));
        Assert.NotEqual(Run(0, LinkDirection.Up), Run(1, LinkDirection.Up));
        Assert.NotEqual(Run(0, LinkDirection.Up), Run(0, LinkDirection.Down));
    }

    [Fact]
    public void SendAndAdvance_WarmedUp_AllocateNothing()
    {
        var way = new DirectionSettings { Loss = 0.1, Jitter = Milliseconds(1), JitterCorrelation = 0.5, BandwidthBytesPerSecond = 1e6 };
        var flow = new LinkFlow(Model(way));
        var now = TimeSpan.Zero;
        void Exchange(int times)
        {
            for (var i = 0; i < times; i++)
            {
                flow.Send(now, 3 * Segment);
                now += Milliseconds(20);
                flow.Advance(now);
            }
        }

        Exchange(20_000);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Exchange(2_000);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 100);
    }

    private static TimeSpan Milliseconds(double count) => TimeSpan.FromMilliseconds(count);

    private static LinkModel Model(DirectionSettings way, ulong seed = 1) => new(new LinkSettings(way, way), LinkDirection.Up, seed, link: 0);

    private static List<(TimeSpan At, int Bytes)> Drain(LinkFlow flow)
    {
        var deliveries = new List<(TimeSpan, int)>();
        var bare = 0;
        Advance(flow, TimeSpan.MaxValue, deliveries, ref bare);
        return deliveries;
    }

    private static void Advance(LinkFlow flow, TimeSpan until, List<(TimeSpan At, int Bytes)> deliveries, ref int bare)
    {
        while (flow.NextEvent is { } next && next <= until)
        {
            var arrival = flow.Advance(next);
            bare += arrival.Bare;
            if (arrival.Bytes > 0)
            {
                deliveries.Add((next, arrival.Bytes));
            }
        }
    }
}
