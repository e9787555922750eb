using Dcc.Core.Validation;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpenTelemetry.Exporter;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Dcc.Hosting.Telemetry;

/// <summary>
/// Exports metrics, traces and logs over OTLP where the standard variables ask for it; otherwise nothing of OpenTelemetry is even registered. All
/// OTEL_ variables that the SDK knows apply.
/// </summary>
public static class OtlpExport
{
    private const string Endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";
    private const string Metrics = "METRICS";
    private const string Traces = "TRACES";
    private const string Logs = "LOGS";
    private const string PollyMeter = "Polly";

    // The runtime's own since .NET 9: OpenTelemetry.Instrumentation.Runtime adds no more than this name.
    private const string RuntimeMeter = "System.Runtime";

    /// <summary>Adds what the variables ask for.</summary>
    /// <param name="builder">The host's.</param>
    /// <param name="service">service.name, unless a variable says otherwise.</param>
    /// <param name="meter">The service's meter.</param>
    /// <param name="source">The service's activity source. No other is exported: requests of the web server last as long as a stream.</param>
    /// <exception cref="InvalidInputException">An endpoint is no address.</exception>
    public static void Configure(IHostApplicationBuilder builder, string service, string meter, string source)
    {
        var settings = builder.Configuration;
        var (metrics, traces, logs) = (IsWanted(settings, Metrics), IsWanted(settings, Traces), IsWanted(settings, Logs));
        if (string.Equals(settings["OTEL_SDK_DISABLED"], "true", StringComparison.OrdinalIgnoreCase) || !(metrics || traces || logs))
        {
            return;
        }

        // The variables are read last, so that they win.
        var telemetry = builder.Services.AddOpenTelemetry().ConfigureResource(resource => resource.AddService(service).AddEnvironmentVariableDetector());
        if (metrics)
        {
            telemetry.WithMetrics(provider => provider.AddMeter(meter, PollyMeter, RuntimeMeter).AddOtlpExporter(to => Address(settings, Metrics, to)));
        }

        if (traces)
        {
            telemetry.WithTracing(provider => provider.AddSource(source).AddOtlpExporter(to => Address(settings, Traces, to)));
        }

        if (logs)
        {
            telemetry.WithLogging(
                provider => provider.AddProcessor(new TraceOnLogs()).AddOtlpExporter(to => Address(settings, Logs, to)), options => options.IncludeFormattedMessage = true);
        }

        builder.Services.AddHostedService<OtlpWatch>();
    }

    private static bool IsWanted(IConfiguration settings, string signal) =>
        (IsAddress(settings, Own(signal, "ENDPOINT")) | IsAddress(settings, Endpoint)) && settings[$"OTEL_{signal}_EXPORTER"] != "none";

    // A signal's own variables win. The SDK reads them only in UseOtlpExporter, which exports every signal or none.
    private static void Address(IConfiguration settings, string signal, OtlpExporterOptions exporter)
    {
        exporter.Protocol = settings[Own(signal, "PROTOCOL")] switch
        {
            "grpc" => OtlpExportProtocol.Grpc,
            "http/protobuf" => OtlpExportProtocol.HttpProtobuf,
            _ => exporter.Protocol,
        };
        exporter.Headers = settings[Own(signal, "HEADERS")] ?? exporter.Headers;
        if (settings[Own(signal, "ENDPOINT")] is { Length: > 0 } endpoint)
        {
            exporter.Endpoint = new Uri(endpoint);
        }
    }

    private static string Own(string signal, string what) => $"OTEL_EXPORTER_OTLP_{signal}_{what}";

    // What is no address the SDK would replace by its default in silence.
    private static bool IsAddress(IConfiguration settings, string variable) => settings[variable] is { Length: > 0 } text
        && (Uri.TryCreate(text, UriKind.Absolute, out var address) && address.Scheme is "http" or "https"
            ? true
            : throw new InvalidInputException(variable, "http://HOST:PORT or https://HOST:PORT", text));
}
