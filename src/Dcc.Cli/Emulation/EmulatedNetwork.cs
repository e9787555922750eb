using System.Globalization;
using System.Net;
using Dcc.Links;
using Dcc.Links.Proxy;
using Dcc.Links.Ledger;
using Dcc.Protocol;

namespace Dcc.Cli.Emulation;

/// <summary>Told of every message of the protocol on its way.</summary>
internal delegate void DeviceMessageObserver(int device, LinkDirection direction, TapMoment moment, MessageInfo message);

/// <summary>
/// What lies between the agents and the coordinator: a link per device, each a listener on loopback with a ledger of what crossed the device's
/// socket.
/// <code>
///   agent of device i  --  Addresses[i], Ledgers[i]  --  Links[i]  --  coordinator
/// </code>
/// </summary>
internal sealed class EmulatedNetwork : IAsyncDisposable
{
    private readonly SealedConnections? contents;
    private readonly PlaintextReceiver? receiver;

    /// <summary>Opens every link; devices can connect at once, whether or not there is a coordinator yet.</summary>
    /// <param name="links">Settings by device.</param>
    /// <param name="coordinator">Where the coordinator listens.</param>
    /// <param name="seed">Of jitter and loss.</param>
    /// <param name="instruments">Shows the links in metrics.</param>
    /// <param name="plaintext">Unix socket where the coordinator shows what TLS carries; null without TLS.</param>
    /// <param name="observer">Sees every message, but through TLS.</param>
    internal EmulatedNetwork(
        IReadOnlyList<LinkSettings> links, IPEndPoint coordinator, ulong seed, LinkInstruments instruments, string? plaintext,
        DeviceMessageObserver observer)
    {
        contents = plaintext is null ? null : new SealedConnections();
        receiver = plaintext is null ? null : new PlaintextReceiver(plaintext, contents!);
        Ledgers = [.. Enumerable.Range(0, links.Count).Select(device =>
            new DeviceLedger(device, Meaning, (direction, moment, message) => observer(device, direction, moment, message), contents))];
        Links = [.. links.Select((settings, device) => LinkProxy.Start(
            new IPEndPoint(IPAddress.Loopback, 0), coordinator, settings, seed, device, Ledgers[device], instruments))];
    }

    /// <summary>By device.</summary>
    internal LinkProxy[] Links { get; }

    /// <summary>By device; final once disposed.</summary>
    internal DeviceLedger[] Ledgers { get; }

    /// <summary>What the agent of some devices is given as its coordinator's addresses.</summary>
    internal string Addresses(string scheme, int first, int count) => string.Join(',', Links.Skip(first).Take(count).Select(link =>
        string.Create(CultureInfo.InvariantCulture, $"{scheme}://127.0.0.1:{link.Address.Port}")));

    public async ValueTask DisposeAsync()
    {
        foreach (var link in Links)
        {
            await link.DisposeAsync().ConfigureAwait(false);
        }

        if (receiver is not null)
        {
            await receiver.DisposeAsync().ConfigureAwait(false);
            contents!.Settle();
        }
    }

    /// <summary>What a message is for, by its first bytes.</summary>
    internal static MessageInfo Meaning(LinkDirection direction, ReadOnlySpan<byte> message)
    {
        var meaning = WireMeaning.Of(message, fromDevice: direction == LinkDirection.Up);
        var kind = meaning.Kind switch
        {
            WireKind.Hello => MessageKind.Hello,
            WireKind.Welcome => MessageKind.Welcome,
            WireKind.Replay => MessageKind.Replay,
            WireKind.Push => MessageKind.Push,
            WireKind.Report => MessageKind.Report,
            WireKind.Heartbeat => MessageKind.Heartbeat,
            WireKind.End => MessageKind.End,
            _ => MessageKind.Other,
        };
        return new MessageInfo(kind, meaning.Round);
    }
}
