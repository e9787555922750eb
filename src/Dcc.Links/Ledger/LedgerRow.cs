namespace Dcc.Links.Ledger;

/// <summary>What a byte on a device's connection is, from the inside out. Together they are all bytes that crossed the device's socket.</summary>
public enum LedgerLayer
{
    /// <summary>Protobuf messages.</summary>
    Payload,

    /// <summary>gRPC's 5 bytes before each message.</summary>
    MessagePrefix,

    /// <summary>The 9 bytes before each HTTP/2 DATA frame's content, and its padding where there is any.</summary>
    DataFrameHeaders,

    /// <summary>HEADERS, CONTINUATION and PUSH_PROMISE frames, whole.</summary>
    HeadersFrames,

    /// <summary>
    /// The connection preface and all other frames, whole: SETTINGS, PING, WINDOW_UPDATE, RST_STREAM, GOAWAY, PRIORITY and unknown types.
    /// </summary>
    ControlFrames,

    /// <summary>TLS records, content included: what is inside is not seen here.</summary>
    Tls,

    /// <summary>What is not gRPC over HTTP/2, and frames cut off before their type was known.</summary>
    Other,
}

/// <summary>Why a byte was sent.</summary>
public enum LedgerCause
{
    /// <summary>Setting the device's first session up, and the orderly end of the run.</summary>
    Joining,

    /// <summary>A round's push or report, the first time.</summary>
    Algorithm,

    /// <summary>Showing an idle peer to be alive.</summary>
    Heartbeat,

    /// <summary>What would not have been sent without a fault: later set-ups, repeated pushes and reports, what a fault cut off.</summary>
    Retry,
}

/// <summary>A cell of the ledger.</summary>
/// <param name="Device">Index of the device.</param>
/// <param name="Direction">Which way.</param>
/// <param name="Round">The round, -1 before the first push.</param>
/// <param name="Cause">Why.</param>
/// <param name="Layer">What.</param>
/// <param name="Bytes">How many, at least 1.</param>
public readonly record struct LedgerRow(
    int Device, LinkDirection Direction, int Round, LedgerCause Cause, LedgerLayer Layer, long Bytes);

/// <summary>TCP segments on the device's side, as the kernel counted them, by what they were sent for.</summary>
/// <param name="Device">Index of the device.</param>
/// <param name="Direction">Which way.</param>
/// <param name="Round">The round, -1 before the first push.</param>
/// <param name="Cause">Why.</param>
/// <param name="Data">Segments with data.</param>
/// <param name="Bare">Segments without: acknowledgements, SYN, FIN.</param>
public readonly record struct SegmentRow(int Device, LinkDirection Direction, int Round, LedgerCause Cause, long Data, long Bare);
