using System.Globalization;
using Dcc.Protocol.V1;
using Grpc.Core;

namespace Dcc.Services.Tests.Telemetry;

public class MetricsTests
{
    private const int Devices = CoordinatorHost.Devices;
    private const int Rounds = CoordinatorHost.Rounds;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static Task<CoordinatorHost> Start(params (string, string)[] more) =>
        CoordinatorHost.Start([("Coordinator:Http", "http://127.0.0.1:0"), .. more]);

    [Fact]
    public async Task Metrics_AfterARun_SayWhatHappened()
    {
        await using var host = await Start(("Coordinator:DeviceSeries", "2"));
        var before = await Scrape.At(host.Http.OriginalString);
        Assert.Equal(Devices, before["""dcc_devices{run="test",state="absent"}"""]);
        Assert.True(before["""dcc_run_round_age_seconds{run="test"}"""] >= 0);
        Assert.False(before.Has("dcc_round_cost"));

        Assert.All(await host.RunDevices(), code => Assert.Equal(0, code));
        var status = await host.Status();
        var scrape = await Scrape.At(host.Http.OriginalString);
        Assert.Equal(Devices * (Rounds + 1), scrape["""dcc_reports_total{run="test",outcome="accepted",reason=""}"""]);
        Assert.Equal(0, scrape.Of("dcc_reports_total").Where(series => !series.Key.Contains("accepted", StringComparison.Ordinal)).Sum(series => series.Value));
        Assert.Equal(Devices, scrape["""dcc_streams_total{run="test",kind="first"}"""]);
        Assert.Equal(0, scrape["""dcc_streams_total{run="test",kind="resumed"}"""]);
        Assert.Equal(0, scrape.Of("dcc_streams_refused_total").Sum(series => series.Value));
        Assert.Equal(Rounds, scrape["""dcc_run_round{run="test"}"""]);
        Assert.Equal(Rounds, scrape["""dcc_run_rounds{run="test"}"""]);
        Assert.Equal(Devices, scrape["""dcc_devices{run="test",state="reported"}"""]);

        // Nothing is open any more: the series is gone, not stale. The first round's time is not known, since it waited for the devices.
        Assert.False(scrape.Has("dcc_run_round_age_seconds"));
        Assert.Equal(Rounds, scrape["""dcc_round_duration_seconds_count{run="test"}"""]);
        Assert.Equal(Rounds + 1, scrape["""dcc_journal_commit_duration_seconds_count{run="test"}"""]);
        Assert.Equal(status.MeanTheta, scrape["""dcc_theta{run="test",statistic="mean"}"""]);
        Assert.Equal(status.MeanTheta * Devices, scrape["""dcc_theta{run="test",statistic="sum"}"""], 12);
        var (first, second) = (scrape["""dcc_device_theta{run="test",device="0"}"""], scrape["""dcc_device_theta{run="test",device="1"}"""]);
        Assert.InRange(first, scrape["""dcc_theta{run="test",statistic="min"}"""], scrape["""dcc_theta{run="test",statistic="max"}"""]);
        Assert.True(second > 0);
        Assert.Equal(2, scrape.Of("dcc_device_cost").Count());
        Assert.True(scrape["""dcc_gradient_norm{run="test"}"""] > 0);

        using var watch = host.Operation.WatchRun(new RunRequest { Run = CoordinatorHost.Run }, cancellationToken: Cancellation);
        var snapshot = (await watch.ResponseStream.ReadAllAsync(Cancellation).Select(update => update.Snapshot).Where(found => found is not null)
            .ToListAsync(Cancellation)).Single();
        Assert.Equal(snapshot.Rounds[^1].MeanCost, scrape["""dcc_round_cost{run="test"}"""]);
        Assert.Equal(snapshot.Rounds[^2].GradientNorm, scrape["""dcc_gradient_norm{run="test"}"""]);

        // Devices that come again, holding nothing, had a stream before.
        await host.RunDevices();
        Assert.Equal(Devices, (await Scrape.At(host.Http.OriginalString))["""dcc_streams_total{run="test",kind="resumed"}"""]);
    }

    [Fact]
    public async Task Metrics_Refusals_AreCountedByReason()
    {
        await using var host = await Start();
        using (var stranger = Talker.Open(host))
        {
            await stranger.Say(Talker.Hello(0, version: 99));
            await Assert.ThrowsAsync<RpcException>(stranger.Next);
        }

        using (var unknown = Talker.Open(host))
        {
            await unknown.Say(Talker.Hello(Devices));
            await Assert.ThrowsAsync<RpcException>(unknown.Next);
        }

        using var device = await Talker.Join(host, 0);
        await device.Next();
        await device.Say(Talker.Report(0));
        await device.Say(Talker.Report(0, cost: 3));
        await Assert.ThrowsAsync<RpcException>(device.Next);
        await host.Status();
        var scrape = await Scrape.At(host.Http.OriginalString);
        Assert.Equal(1, scrape["""dcc_streams_refused_total{reason="protocol-version"}"""]);
        Assert.Equal(1, scrape["""dcc_streams_refused_total{reason="unknown-device"}"""]);
        Assert.Equal(1, scrape["""dcc_reports_total{run="test",outcome="accepted",reason=""}"""]);
        Assert.Equal(1, scrape["""dcc_reports_total{run="test",outcome="refused",reason="conflicting-report"}"""]);
        Assert.Equal(1, scrape["""dcc_devices{run="test",state="reported"}"""]);
        Assert.Equal(Devices - 1, scrape["""dcc_devices{run="test",state="absent"}"""]);
    }

    [Fact]
    public async Task Metrics_ManyRuns_HaveABoundedNumberOfLabels()
    {
        await using var host = await Start();
        for (var run = 0; run < 110; run++)
        {
            await host.Operation.CreateRunAsync(
                new CreateRunRequest { Run = run.ToString(CultureInfo.InvariantCulture), Parameters = new RunParameters { Devices = 2, Rounds = 1, Solver = "exact" } },
                cancellationToken: Cancellation);
        }

        var scrape = await Scrape.At(host.Http.OriginalString);
        Assert.Equal(100, scrape.Of("dcc_run_round").Count());
        Assert.Equal(2 * 11, scrape["""dcc_devices{run="other",state="absent"}"""]);
        Assert.Equal(101, scrape.Of("dcc_streams_total").Count(series => series.Key.Contains("first", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Metrics_AfterARun_PassPromtool()
    {
        Tool.Require("promtool");
        await using var host = await Start(("Coordinator:DeviceSeries", "3"));
        await host.RunDevices();
        var check = await Tool.Run("promtool", (await Scrape.At(host.Http.OriginalString)).Text, "check", "metrics");
        Assert.Equal((0, ""), (check.ExitCode, check.Output + check.Error));
    }

    [Fact]
    public async Task Prometheus_ScrapesARun_AndAnswers()
    {
        Tool.Require("prometheus");
        await using var host = await Start();
        await host.RunDevices();
        var folder = Directory.CreateTempSubdirectory("dcc-test-").FullName;
        var config = Path.Combine(folder, "prometheus.yml");
        await File.WriteAllTextAsync(
            config,
            $"{{global: {{scrape_interval: 1s}}, scrape_configs: [{{job_name: c, static_configs: [{{targets: ['{host.Http.Authority}']}}]}}]}}",
            Cancellation);
        var port = Tool.FreePort();
        using var prometheus = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo(
            "prometheus", [$"--config.file={config}", $"--storage.tsdb.path={folder}/data", $"--web.listen-address=127.0.0.1:{port}"])
        {
            RedirectStandardError = true,
        })!;
        _ = prometheus.StandardError.ReadToEndAsync(Cancellation);
        try
        {
            using var client = new HttpClient();
            var answer = "";
            await Tool.Until(async () =>
            {
                Assert.False(prometheus.HasExited, "prometheus has ended");
                try
                {
                    answer = await client.GetStringAsync(
                        new Uri($"http://127.0.0.1:{port}/api/v1/query?query=sum(dcc_reports_total)by(run,outcome)!=0"), Cancellation);
                }
                catch (HttpRequestException)
                {
                    // It is not up yet.
                }

                return answer.Contains("\"metric\"", StringComparison.Ordinal);
            });
            var expected = Devices * (Rounds + 1);
            Assert.Contains("\"metric\":{\"outcome\":\"accepted\",\"run\":\"test\"}", answer, StringComparison.Ordinal);
            Assert.Contains($"\"{expected}\"]", answer, StringComparison.Ordinal);
        }
        finally
        {
            prometheus.Kill();
            await prometheus.WaitForExitAsync(Cancellation);
            Directory.Delete(folder, recursive: true);
        }
    }
}
