using System.Diagnostics.Metrics;

namespace Dcc.Hosting.Telemetry;

/// <summary>
/// Names of instruments in Prometheus, by OpenTelemetry's compatibility rules (specification/compatibility/prometheus_and_openmetrics.md): dots
/// become underscores, the unit is spelled out at the end, an annotation such as {report} is no unit, a counter ends in _total.
/// </summary>
internal static class PrometheusName
{
    internal static string Of(Instrument instrument) =>
        instrument.Name.Replace('.', '_') + Unit(instrument.Unit) + (IsCounter(instrument) ? "_total" : "");

    internal static bool IsCounter(Instrument instrument) =>
        instrument is Counter<long> or Counter<double> or ObservableCounter<long> or ObservableCounter<double>;

    private static string Unit(string? unit) => unit switch
    {
        null or "" or ['{', .., '}'] => "",
        "s" => "_seconds",
        "By" => "_bytes",
        _ => throw new ArgumentOutOfRangeException(nameof(unit), unit, "Base units only: s and By."),
    };
}
