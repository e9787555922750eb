namespace Dcc.Cli.Overhead;

/// <summary>Bytes of one direction per device and round; TCP/IP headers are null where the platform does not count segments.</summary>
internal sealed record ExchangeBytes(
    double Payload,
    double MessagePrefix,
    double DataFrameHeaders,
    double OtherHttp2,
    double? TcpIpHeadersOfDataSegments,
    double? BareSegments)
{
    /// <summary>What crossed the socket.</summary>
    public double OnTheSocket => Payload + MessagePrefix + DataFrameHeaders + OtherHttp2;

    /// <summary>The layers by name.</summary>
    internal IEnumerable<(string Name, double? Bytes)> Rows =>
    [
        ("payload", Payload), ("message-prefix", MessagePrefix), ("data-frame-headers", DataFrameHeaders), ("other-http2", OtherHttp2),
        ("tcp-ip-headers-of-data", TcpIpHeadersOfDataSegments), ("bare-segments", BareSegments),
    ];

    internal static ExchangeBytes Mean(IReadOnlyList<ExchangeBytes> parts) => new(
        parts.Average(part => part.Payload),
        parts.Average(part => part.MessagePrefix),
        parts.Average(part => part.DataFrameHeaders),
        parts.Average(part => part.OtherHttp2),
        parts.Average(part => part.TcpIpHeadersOfDataSegments),
        parts.Average(part => part.BareSegments));
}

/// <summary>What an exchange cost on real sockets.</summary>
/// <param name="Up">By device, per round.</param>
/// <param name="Down">By device, per round.</param>
/// <param name="Milliseconds">By round: from the first message down to the last one up, over all devices.</param>
internal sealed record MeasuredExchange(ExchangeBytes[] Up, ExchangeBytes[] Down, double[] Milliseconds);
