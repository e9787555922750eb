using System.Diagnostics.Tracing;
using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace Dcc.Hosting.Telemetry;

/// <summary>
/// Says once when exporting fails, and flushes at the end of the process within a bound: the SDK would wait 5 s for each of metrics, traces and logs, one
/// after the other, on an endpoint that does not answer.
/// </summary>
internal sealed partial class OtlpWatch : IHostedLifecycleService, IDisposable
{
    private static readonly TimeSpan LongestFlush = TimeSpan.FromSeconds(2);

    private readonly IServiceProvider services;
    private readonly ILogger logger;
    private readonly FailureListener failures;
    private bool said;

    public OtlpWatch(IServiceProvider services, ILogger<OtlpWatch> logger)
    {
        this.services = services;
        this.logger = logger;
        failures = new FailureListener(SayOnce);
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    // Everything else has stopped, so nothing is recorded any more. Shutting down blocks: a thread each.
    public async Task StoppedAsync(CancellationToken cancellationToken)
    {
        var limit = (int)LongestFlush.TotalMilliseconds;
        var flushed = await Task.WhenAll(
            Blocking(() => services.GetService<TracerProvider>()?.Shutdown(limit)),
            Blocking(() => services.GetService<MeterProvider>()?.Shutdown(limit)),
            Blocking(() => services.GetService<LoggerProvider>()?.Shutdown(limit))).ConfigureAwait(false);
        if (flushed.Contains(false))
        {
            SayOnce($"the last of it was not taken within {LongestFlush.TotalSeconds} s");
        }
    }

    public void Dispose() => failures.Dispose();

    private static Task<bool?> Blocking(Func<bool?> shutdown) =>
        Task.Factory.StartNew(shutdown, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private void SayOnce(string reason)
    {
        if (!Interlocked.Exchange(ref said, true))
        {
            Failing(logger, reason);
        }
    }

    [LoggerMessage(
        1, LogLevel.Warning, "OTLP: telemetry cannot be exported, said once, nothing else is affected ({Reason})", EventName = "OtlpFailing")]
    private static partial void Failing(ILogger logger, string reason);

    /// <summary>The exporter tells of failures only here.</summary>
    private sealed class FailureListener : EventListener
    {
        private const int LongestReason = 300;

        private readonly Action<string> tell;

        internal FailureListener(Action<string> tell)
        {
            this.tell = tell;

            // Sources that exist already were announced in the base constructor.
            EventSourceCreated += (_, created) => Enable(created.EventSource);
        }

        protected override void OnEventWritten(EventWrittenEventArgs eventData) => tell(Reason(eventData));

        private void Enable(EventSource? source)
        {
            if (source?.Name == "OpenTelemetry-Exporter-OpenTelemetryProtocol")
            {
                EnableEvents(source, EventLevel.Warning);
            }
        }

        // Exceptions come with their stack traces.
        private static string Reason(EventWrittenEventArgs happened)
        {
            var details = (happened.Payload ?? []).Select(part => (object?)Convert.ToString(part, CultureInfo.InvariantCulture)?.Split('\n')[0]);
            var text = string.Format(CultureInfo.InvariantCulture, happened.Message ?? happened.EventName!, [.. details]);
            return text.Length <= LongestReason ? text : text[..LongestReason];
        }
    }
}
