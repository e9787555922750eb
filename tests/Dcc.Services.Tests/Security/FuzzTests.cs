using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using Dcc.Links;
using Dcc.Links.Proxy;
using Dcc.Protocol.V1;

namespace Dcc.Services.Tests.Security;

/// <summary>
/// Bytes that no device sends, on the port of a coordinator whose honest run goes on meanwhile: random ones, and a device's own conversation with
/// bytes changed, cut off and repeated. Seeds are fixed; a failure names its own.
/// </summary>
public sealed class FuzzTests : IDisposable
{
    private const int Connections = 150;
    private const int Silent = 40;
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(200);

    private readonly TestAuthority authority = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => authority.Dispose();

    [Theory]
    [InlineData(false, 1)]
    [InlineData(false, 2)]
    [InlineData(true, 1)]
    [InlineData(true, 2)]
    public async Task Port_UnderGarbage_ServesAnHonestRun(bool isTls, int seed)
    {
        await using var host = isTls ? await authority.Start() : await CoordinatorHost.Start();
        var conversation = await Record(host);
        Assert.InRange(conversation.Length, 100, 20_000);
        var random = new Random(seed);
        var before = GC.GetTotalMemory(forceFullCollection: true);
        using var held = new SemaphoreSlim(8);
        var attacks = Enumerable.Range(0, Connections).Select(_ => Mutated(conversation, random)).ToList();

        // Some begin a conversation and say no more, as long as the run lasts.
        var silent = await Task.WhenAll(Enumerable.Range(0, Silent).Select(i => Begin(host, conversation[..(i * conversation.Length / Silent)])));

        // Some inside of TLS by a peer without a certificate, the rest as they are.
        var attacking = Task.WhenAll(attacks.Select((bytes, i) => Attack(host, bytes, inside: isTls && i % 2 == 0, held)));
        var codes = isTls ? await authority.RunDevices(host) : await host.RunDevices();
        await attacking;
        Array.ForEach(silent, connection => connection.Dispose());
        Assert.All(codes, code => Assert.Equal(0, code));
        var status = await host.Status();
        Assert.True(("finished", CoordinatorHost.UndisturbedDigest()) == (status.State, status.Digest), $"seed {seed}: {status}");
        Assert.True(isTls ? status.Refused["handshake-failed"] > Connections / 4 : status.Refused.Count > 0, $"seed {seed}: {status.Refused}");

        // Nothing of an ended connection stays; a leak of what each of them sent and was given would be several times this.
        var grown = GC.GetTotalMemory(forceFullCollection: true) - before;
        Assert.True(grown < 32 << 20, $"seed {seed}: {grown} bytes");
    }

    // What a device with a run of its own says up to its first answer, as it crosses the wire. Over TLS it is worth nothing on another connection.
    private async Task<byte[]> Record(CoordinatorHost host)
    {
        var tap = new RecordingTap();
        var address = new Uri(host.Address);
        await using var link = LinkProxy.Start(
            new IPEndPoint(IPAddress.Loopback, 0), new IPEndPoint(IPAddress.Loopback, address.Port), LinkSettings.None, seed: 1, index: 0, tap);
        using var channel = CoordinatorHost.Open(
            $"{address.Scheme}://127.0.0.1:{link.Address.Port}", address.Scheme == "https" ? authority.Device(0, run: "nowhere") : authority.Nobody);
        using var talker = Talker.Open(new Coordination.CoordinationClient(channel));
        await talker.SayIfOpen(Talker.Hello(0, run: "nowhere"));
        await Assert.ThrowsAsync<Grpc.Core.RpcException>(talker.Next);
        return tap.Bytes;
    }

    private static byte[] Mutated(byte[] conversation, Random random)
    {
        switch (random.Next(4))
        {
            case 0:
                var noise = new byte[random.Next(1, 2000)];
                random.NextBytes(noise);
                return noise;
            case 1:
                return conversation[..random.Next(1, conversation.Length)];
            case 2:
                var at = random.Next(conversation.Length);
                return [.. conversation[..at], .. conversation[random.Next(at)..], .. conversation];
            default:
                var changed = conversation.ToArray();
                for (var i = random.Next(1, 8); i > 0; i--)
                {
                    changed[random.Next(changed.Length)] = (byte)random.Next(256);
                }

                return changed;
        }
    }

    private static async Task<TcpClient> Begin(CoordinatorHost host, byte[] bytes)
    {
        var tcp = new TcpClient();
        var address = new Uri(host.Address);
        await tcp.ConnectAsync(address.Host, address.Port, Cancellation);
        await tcp.GetStream().WriteAsync(bytes, Cancellation);
        return tcp;
    }

    // Says it, listens for a while, and is gone without a farewell.
    private static async Task Attack(CoordinatorHost host, byte[] bytes, bool inside, SemaphoreSlim held)
    {
        await held.WaitAsync(Cancellation);
        try
        {
            using var tcp = await Begin(host, []);
            Stream stream = tcp.GetStream();
            if (inside)
            {
#pragma warning disable CA5359
                var tls = new SslStream(stream, leaveInnerStreamOpen: false, (_, _, _, _) => true);
#pragma warning restore CA5359
                await tls.AuthenticateAsClientAsync(
                    new SslClientAuthenticationOptions { TargetHost = "127.0.0.1", ApplicationProtocols = [SslApplicationProtocol.Http2] }, Cancellation);
                stream = tls;
            }

            using var patience = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
            patience.CancelAfter(Patience);
            await stream.WriteAsync(bytes, patience.Token);
            while (await stream.ReadAsync(new byte[4096], patience.Token) > 0)
            {
            }
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException or SocketException)
        {
            Cancellation.ThrowIfCancellationRequested();
        }
        finally
        {
            held.Release();
        }
    }

    private sealed class RecordingTap : ILinkTap, IConnectionTap
    {
        private readonly List<byte> recorded = [];

        internal byte[] Bytes
        {
            get
            {
                lock (recorded)
                {
                    return [.. recorded];
                }
            }
        }

        public IConnectionTap Opened() => this;

        public void Sent(LinkDirection direction, ReadOnlySpan<byte> bytes)
        {
            lock (recorded)
            {
                if (direction == LinkDirection.Up)
                {
                    recorded.AddRange(bytes);
                }
            }
        }

        public void Delivered(LinkDirection direction, ReadOnlySpan<byte> bytes)
        {
        }

        public void Closed(SegmentCounts? segments)
        {
        }
    }
}
