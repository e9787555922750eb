using System.Buffers.Binary;

namespace Dcc.Links.Ledger;

/// <summary>HTTP/2 frame types (RFC 9113, section 6).</summary>
internal enum FrameType : byte
{
    Data = 0,
    Headers = 1,
    Priority = 2,
    ResetStream = 3,
    Settings = 4,
    PushPromise = 5,
    Ping = 6,
    GoAway = 7,
    WindowUpdate = 8,
    Continuation = 9,
}

/// <summary>The 9 bytes before every frame's payload (RFC 9113, section 4.1).</summary>
/// <param name="Length">Bytes of payload.</param>
/// <param name="Type">Its type, perhaps one that is not named.</param>
/// <param name="Flags">Flags; what they mean depends on the type.</param>
/// <param name="Stream">Its stream, 0 for the connection.</param>
internal readonly record struct FrameHeader(int Length, FrameType Type, byte Flags, int Stream)
{
    internal const int Bytes = 9;
    internal const int TypeOffset = 3;

    private const byte AckOrEndStreamFlag = 0x1;
    private const byte EndHeadersFlag = 0x4;
    private const byte PaddedFlag = 0x8;

    internal static FrameHeader Read(ReadOnlySpan<byte> bytes) => new(
        (bytes[0] << 16) | (bytes[1] << 8) | bytes[2],
        (FrameType)bytes[TypeOffset],
        bytes[4],
        (int)(BinaryPrimitives.ReadUInt32BigEndian(bytes[5..]) & int.MaxValue));

    /// <summary>Whether it is the last of its stream in its direction.</summary>
    internal bool EndsStream => (Type is FrameType.Data or FrameType.Headers && (Flags & AckOrEndStreamFlag) != 0) || Type == FrameType.ResetStream;

    /// <summary>Whether a CONTINUATION of its stream must follow.</summary>
    internal bool IsContinued =>
        Type is FrameType.Headers or FrameType.PushPromise or FrameType.Continuation && (Flags & EndHeadersFlag) == 0;

    internal bool IsPaddedData => Type == FrameType.Data && (Flags & PaddedFlag) != 0;

    /// <summary>Whether it can open a connection: SETTINGS that acknowledge nothing.</summary>
    internal bool OpensConnection => Type == FrameType.Settings && (Flags & AckOrEndStreamFlag) == 0;

    /// <summary>False for what RFC 9113 calls a connection error: whoever sends it does not speak HTTP/2, or this side has lost its place.</summary>
    internal bool IsPossible => Type switch
    {
        FrameType.Data => Stream != 0 && (!IsPaddedData || Length > 0),
        FrameType.Headers or FrameType.PushPromise or FrameType.Continuation or FrameType.Priority => Stream != 0,
        FrameType.ResetStream => Stream != 0 && Length == 4,
        FrameType.Settings => Stream == 0 && Length % 6 == 0 && ((Flags & AckOrEndStreamFlag) == 0 || Length == 0),
        FrameType.Ping => Stream == 0 && Length == 8,
        FrameType.GoAway => Stream == 0 && Length >= 8,
        FrameType.WindowUpdate => Length == 4,
        _ => true,
    };

    internal static LedgerLayer LayerOf(FrameType type) => type switch
    {
        FrameType.Data => LedgerLayer.DataFrameHeaders,
        FrameType.Headers or FrameType.PushPromise or FrameType.Continuation => LedgerLayer.HeadersFrames,
        _ => LedgerLayer.ControlFrames,
    };
}
