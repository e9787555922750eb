using Dcc.Cli.Overhead.V1;
using Dcc.Core.Randomness;
using Dcc.Protocol;
using Dcc.Protocol.V1;
using Google.Protobuf;

namespace Dcc.Cli.Overhead;

/// <summary>What one device and its coordinator say, word for word: nobody computes anything.</summary>
internal interface IScript<TUp, TDown>
{
    TUp Hello { get; }

    TDown Welcome { get; }

    TDown End { get; }

    /// <summary>Messages to the device in a round.</summary>
    IReadOnlyList<TDown> Down(int round);

    /// <summary>The device's answer to them.</summary>
    IReadOnlyList<TUp> Up(int round);
}

/// <summary>This protocol's messages as agents and coordinator send them, with scalars that are never zero: a zero would be left out.</summary>
internal sealed class ProtocolScript(int device, int rounds) : IScript<DeviceMessage, CoordinatorMessage>
{
    public DeviceMessage Hello => new()
    {
        Hello = new Hello { Run = "run", Device = (uint)device, RoundsHeld = 0, ProtocolVersion = Wire.Version },
    };

    public CoordinatorMessage Welcome => new()
    {
        Welcome = new Welcome
        {
            Solver = "price-q", Steps = 100_000, Criterion = "discounted", Gradient = "finite-difference", Seed = 1, Rounds = (uint)rounds,
        },
    };

    public CoordinatorMessage End => new() { End = new End { Theta = 0.1 } };

    public IReadOnlyList<CoordinatorMessage> Down(int round) =>
        [new() { Push = new Push { Round = (uint)round, Theta = 0.1, ThetaOwn = 0.13, Price = 1.1, PriceOthers = 1.13 } }];

    public IReadOnlyList<DeviceMessage> Up(int round) =>
        [new() { Report = new Report { Round = (uint)round, Cost = 1.5, Own = 1.4, Others = 1.6 } }];
}

/// <summary>Another system's exchange: so many bytes each way, cut into chunks.</summary>
internal sealed class ChunkScript : IScript<Chunk, Chunk>
{
    /// <summary>No chunk carries more.</summary>
    internal const int LongestPayload = 64 * 1024;

    private readonly int device;
    private readonly ByteString[] up;
    private readonly ByteString[] down;

    /// <summary>A device's script.</summary>
    /// <param name="exchange">Its sizes.</param>
    /// <param name="device">Index of the device.</param>
    /// <param name="content">Bytes to send, of which every message takes the first ones; see <see cref="Content"/>.</param>
    internal ChunkScript(Exchange exchange, int device, ReadOnlyMemory<byte> content)
    {
        this.device = device;
        up = Cut(content[..exchange.UpBytes!(device)], exchange.ChunkBytes);
        down = Cut(content[..exchange.DownBytes!(device)], exchange.ChunkBytes);
    }

    public Chunk Hello => new() { Kind = Chunk.Types.Kind.Hello, Number = (uint)device };

    public Chunk Welcome => new() { Kind = Chunk.Types.Kind.Welcome };

    public Chunk End => new() { Kind = Chunk.Types.Kind.End };

    /// <summary>Random bytes, enough for any message of the exchanges: what cannot be compressed.</summary>
    internal static byte[] Content(IEnumerable<Exchange> exchanges, int devices, ulong seed)
    {
        var longest = exchanges.Where(exchange => exchange.UpBytes is not null)
            .Max(exchange => Enumerable.Range(0, devices).Max(device => Math.Max(exchange.UpBytes!(device), exchange.DownBytes!(device))));
        var random = RandomStream.For(seed, StreamPurpose.Scenario, device: -1);
        var content = new byte[longest];
        for (var i = 0; i < content.Length; i++)
        {
            content[i] = (byte)random.Next();
        }

        return content;
    }

    public IReadOnlyList<Chunk> Down(int round) => Parts(round, down);

    public IReadOnlyList<Chunk> Up(int round) => Parts(round, up);

    private static Chunk[] Parts(int round, ByteString[] payloads) =>
    [
        new Chunk { Kind = Chunk.Types.Kind.First, Number = (uint)round, Payload = payloads[0] },
        .. payloads.Skip(1).Select(payload => new Chunk { Payload = payload }),
    ];

    // Without content there still is one message.
    private static ByteString[] Cut(ReadOnlyMemory<byte> content, int longest) =>
        [.. Enumerable.Range(0, Math.Max(1, (content.Length + longest - 1) / longest)).Select(part =>
            UnsafeByteOperations.UnsafeWrap(content[(part * longest)..Math.Min(content.Length, (part + 1) * longest)]))];
}
