using Dcc.Cli.Overhead.V1;
using Dcc.Links;
using Dcc.Links.Ledger;

namespace Dcc.Cli.Overhead;

/// <summary>What a chunk is for, by its first bytes, without parsing it: nothing is allocated.</summary>
internal static class ChunkMeaning
{
    private const int KindTag = Chunk.KindFieldNumber << 3;
    private const int NumberTag = Chunk.NumberFieldNumber << 3;

    internal static MessageInfo Of(LinkDirection direction, ReadOnlySpan<byte> message)
    {
        if (message is not [KindTag, var kind, .. var rest])
        {
            return new MessageInfo(MessageKind.Other, 0);
        }

        return (Chunk.Types.Kind)kind switch
        {
            Chunk.Types.Kind.Hello => new MessageInfo(MessageKind.Hello, 0),
            Chunk.Types.Kind.Welcome => new MessageInfo(MessageKind.Welcome, 0),
            Chunk.Types.Kind.First => new MessageInfo(direction == LinkDirection.Up ? MessageKind.Report : MessageKind.Push, Number(rest)),
            Chunk.Types.Kind.End => new MessageInfo(MessageKind.End, 0),
            _ => new MessageInfo(MessageKind.Other, 0),
        };
    }

    // A round is below 2^14 here: two bytes at most. Round 0 is left out.
    private static int Number(ReadOnlySpan<byte> rest) => rest switch
    {
        [NumberTag, < 0x80 and var low, ..] => low,
        [NumberTag, var low, var high, ..] => (low & 0x7f) | (high << 7),
        _ => 0,
    };
}
