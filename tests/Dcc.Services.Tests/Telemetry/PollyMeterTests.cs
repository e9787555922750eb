using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Dcc.Agent;
using Dcc.Agent.Telemetry;
using Dcc.Protocol.V1;
using Grpc.Net.Client;
using Microsoft.Extensions.Logging.Abstractions;

namespace Dcc.Services.Tests.Telemetry;

public class PollyMeterTests
{
    [Fact]
    public async Task StreamAttempts_AreMetricsOfPollysMeter()
    {
        var attempts = new ConcurrentQueue<string?>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (instrument is { Meter.Name: "Polly", Name: "resilience.polly.strategy.attempt.duration" })
            {
                self.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<double>((_, _, tags, _) => attempts.Enqueue(
            tags.ToArray().FirstOrDefault(tag => tag.Key == "pipeline.name").Value as string));
        listener.Start();
        using var over = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        using var channel = GrpcChannel.ForAddress("http://127.0.0.1:9");
        using var instruments = new AgentInstruments();
        using var learning = new SemaphoreSlim(1);
        var worker = new DeviceWorker(
            0, new AgentOptions(), null, new Coordination.CoordinationClient(channel), learning, instruments, TimeProvider.System, NullLogger.Instance).Run(over.Token);
        while (!attempts.Contains(StreamConnector.PipelineName))
        {
            await Task.Yield();
        }

        await over.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => worker);
    }
}
