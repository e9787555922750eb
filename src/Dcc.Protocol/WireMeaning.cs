namespace Dcc.Protocol;

/// <summary>What a wire message is for, either way.</summary>
public enum WireKind
{
    /// <summary>Nothing known.</summary>
    Other,

    /// <summary>From a device.</summary>
    Hello,

    /// <summary>From the coordinator.</summary>
    Welcome,

    /// <summary>From the coordinator.</summary>
    Replay,

    /// <summary>From the coordinator.</summary>
    Push,

    /// <summary>From a device.</summary>
    Report,

    /// <summary>From either.</summary>
    Heartbeat,

    /// <summary>From the coordinator.</summary>
    End,
}

/// <summary>A wire message's kind and round, peeked from its bytes without parsing it: nothing is allocated.</summary>
/// <param name="Kind">What it is for.</param>
/// <param name="Round">Round of a push or report, -1 for the other kinds.</param>
public readonly record struct WireMeaning(WireKind Kind, int Round)
{
    private const int LengthDelimited = 2;
    private const int Varint = 0;

    /// <summary>
    /// Reads what official encoders write: the content first, and in it the round first or left out when 0. Never throws; the message may be cut
    /// off behind its head.
    /// </summary>
    /// <param name="message">Bytes of a DeviceMessage or CoordinatorMessage.</param>
    /// <param name="fromDevice">Which of the two.</param>
    public static WireMeaning Of(ReadOnlySpan<byte> message, bool fromDevice)
    {
        if (!TryVarint(ref message, out var tag) || (tag & 7) != LengthDelimited || !TryVarint(ref message, out var length))
        {
            return default(WireMeaning) with { Round = -1 };
        }

        var kind = fromDevice ? FromDevice(tag >> 3) : FromCoordinator(tag >> 3);
        var content = message[..(int)Math.Min(length, (ulong)message.Length)];
        return new WireMeaning(kind, kind is WireKind.Push or WireKind.Report ? RoundOf(content) : -1);
    }

    private static WireKind FromDevice(ulong field) => field switch
    {
        V1.DeviceMessage.HelloFieldNumber => WireKind.Hello,
        V1.DeviceMessage.ReportFieldNumber => WireKind.Report,
        V1.DeviceMessage.HeartbeatFieldNumber => WireKind.Heartbeat,
        _ => WireKind.Other,
    };

    private static WireKind FromCoordinator(ulong field) => field switch
    {
        V1.CoordinatorMessage.WelcomeFieldNumber => WireKind.Welcome,
        V1.CoordinatorMessage.PushFieldNumber => WireKind.Push,
        V1.CoordinatorMessage.ReplayFieldNumber => WireKind.Replay,
        V1.CoordinatorMessage.EndFieldNumber => WireKind.End,
        V1.CoordinatorMessage.HeartbeatFieldNumber => WireKind.Heartbeat,
        _ => WireKind.Other,
    };

    // Field 1 of both: a test says so.
    private static int RoundOf(ReadOnlySpan<byte> content) =>
        TryVarint(ref content, out var tag) && tag == ((V1.Push.RoundFieldNumber << 3) | Varint) && TryVarint(ref content, out var round)
            ? (int)Math.Min(round, int.MaxValue)
            : 0;

    private static bool TryVarint(ref ReadOnlySpan<byte> bytes, out ulong value)
    {
        value = 0;
        for (var i = 0; i < bytes.Length && i < 10; i++)
        {
            value |= (ulong)(bytes[i] & 0x7f) << (7 * i);
            if ((bytes[i] & 0x80) == 0)
            {
                bytes = bytes[(i + 1)..];
                return true;
            }
        }

        return false;
    }
}
