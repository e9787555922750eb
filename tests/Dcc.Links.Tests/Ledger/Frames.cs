using System.Buffers.Binary;
using Dcc.Links.Ledger;

namespace Dcc.Links.Tests.Ledger;

/// <summary>HTTP/2 bytes by hand.</summary>
internal static class Frames
{
    internal const byte EndStream = 1;
    internal const byte EndHeaders = 4;
    internal const byte Padded = 8;

    internal static byte[] Preface => [.. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8];

    internal static byte[] Settings => Of(FrameType.Settings, 0, 0);

    internal static byte[] SettingsAck => Of(FrameType.Settings, 0, 1);

    internal static byte[] Of(FrameType type, int stream, byte flags, params byte[] payload)
    {
        var frame = new byte[9 + payload.Length];
        frame[0] = (byte)(payload.Length >> 16);
        frame[1] = (byte)(payload.Length >> 8);
        frame[2] = (byte)payload.Length;
        frame[3] = (byte)type;
        frame[4] = flags;
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(5), stream);
        payload.CopyTo(frame, 9);
        return frame;
    }

    internal static byte[] Headers(int stream, int bytes = 20, byte flags = EndHeaders) => Of(FrameType.Headers, stream, flags, new byte[bytes]);

    internal static byte[] Data(int stream, params byte[] content) => Of(FrameType.Data, stream, 0, content);

    internal static byte[] Ping => Of(FrameType.Ping, 0, 0, new byte[8]);

    /// <summary>A gRPC message whose meaning a test reads from its first two bytes: kind, round.</summary>
    internal static byte[] Message(MessageKind kind, byte round = 0, int bytes = 10)
    {
        var message = new byte[5 + bytes];
        BinaryPrimitives.WriteInt32BigEndian(message.AsSpan(1), bytes);
        message[5] = (byte)kind;
        message[6] = round;
        return message;
    }

    internal static byte[] Join(params byte[][] parts) => parts.SelectMany(part => part).ToArray();

    internal static MessageInfo Meaning(LinkDirection direction, ReadOnlySpan<byte> message) =>
        message.Length < 2 ? default : new MessageInfo((MessageKind)message[0], message[1]);
}
