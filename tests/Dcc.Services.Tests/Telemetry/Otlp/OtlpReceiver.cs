using System.Collections.Concurrent;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Dcc.Services.Tests.Telemetry.Otlp;

/// <summary>Takes what is exported over OTLP/gRPC, on a free port of loopback.</summary>
internal sealed class OtlpReceiver : IAsyncDisposable
{
    private readonly WebApplication app;

    private OtlpReceiver(WebApplication app) => this.app = app;

    internal string Address => app.Urls.Single();

    internal ConcurrentQueue<ResourceSpans> Spans { get; } = [];

    internal ConcurrentQueue<ResourceMetrics> Metrics { get; } = [];

    internal ConcurrentQueue<ResourceLogs> Logs { get; } = [];

    internal static async Task<OtlpReceiver> Start()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddGrpc();
        OtlpReceiver? receiver = null;
        builder.Services.AddSingleton(_ => receiver!);
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ConfigureEndpointDefaults(endpoint => endpoint.Protocols = HttpProtocols.Http2));
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        receiver = new OtlpReceiver(app);
        app.MapGrpcService<Traces>();
        app.MapGrpcService<Measurements>();
        app.MapGrpcService<Lines>();
        await app.StartAsync(TestContext.Current.CancellationToken);
        return receiver;
    }

    public ValueTask DisposeAsync() => app.DisposeAsync();

    internal static string? Attribute(IEnumerable<KeyValue> attributes, string key) =>
        attributes.FirstOrDefault(attribute => attribute.Key == key)?.Value.StringValue;

    private sealed class Traces(OtlpReceiver receiver) : TraceService.TraceServiceBase
    {
        public override Task<ExportTraceServiceResponse> Export(ExportTraceServiceRequest request, ServerCallContext context)
        {
            request.ResourceSpans.ToList().ForEach(receiver.Spans.Enqueue);
            return Task.FromResult(new ExportTraceServiceResponse());
        }
    }

    private sealed class Measurements(OtlpReceiver receiver) : MetricsService.MetricsServiceBase
    {
        public override Task<ExportMetricsServiceResponse> Export(ExportMetricsServiceRequest request, ServerCallContext context)
        {
            request.ResourceMetrics.ToList().ForEach(receiver.Metrics.Enqueue);
            return Task.FromResult(new ExportMetricsServiceResponse());
        }
    }

    private sealed class Lines(OtlpReceiver receiver) : LogsService.LogsServiceBase
    {
        public override Task<ExportLogsServiceResponse> Export(ExportLogsServiceRequest request, ServerCallContext context)
        {
            request.ResourceLogs.ToList().ForEach(receiver.Logs.Enqueue);
            return Task.FromResult(new ExportLogsServiceResponse());
        }
    }
}
