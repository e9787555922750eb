using System.Net;
using System.Net.Sockets;

namespace Dcc.Journal.Tests;

/// <summary>
/// Stands between a client and its server's Unix socket. Armed, it lets the next request through and cuts the connection in place of the answer:
/// whoever asked cannot know what became of it. While partitioned it takes connections and bytes and delivers nothing.
/// </summary>
internal sealed class DatabaseProxy : IDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly UnixDomainSocketEndPoint server;
    private readonly Task accepting;
    private volatile TaskCompletionSource? partition;
    private int armed;

    internal DatabaseProxy(string socket)
    {
        server = new UnixDomainSocketEndPoint(socket);
        listener.Start();
        accepting = Accept();
    }

    internal int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    /// <summary>How long a request is on its way.</summary>
    internal TimeSpan Latency { get; init; }

    /// <summary>Answers that were not delivered.</summary>
    internal int Eaten { get; private set; }

    internal void Arm() => Volatile.Write(ref armed, 1);

    internal void Partition() => partition = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>What was held back arrives now.</summary>
    internal void Heal()
    {
        partition?.SetResult();
        partition = null;
    }

    public void Dispose()
    {
        Heal();
        listener.Dispose();
        accepting.Wait(CancellationToken.None);
    }

    private async Task Accept()
    {
        var connections = new List<Task>();
        try
        {
            while (true)
            {
                connections.Add(Relay(await listener.AcceptSocketAsync()));
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            await Task.WhenAll(connections);
        }
    }

    private async Task Relay(Socket client)
    {
        using var upstream = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await upstream.ConnectAsync(server);
        using (client)
        {
            await Task.WhenAny(Copy(client, upstream, isAnswer: false), Copy(upstream, client, isAnswer: true));
        }
    }

    private async Task Copy(Socket from, Socket to, bool isAnswer)
    {
        var buffer = new byte[65_536];
        try
        {
            while (await from.ReceiveAsync(buffer) is > 0 and var count && !(isAnswer && Eats()))
            {
                await Task.Delay(isAnswer ? TimeSpan.Zero : Latency);
                await (partition?.Task ?? Task.CompletedTask);
                await to.SendAsync(buffer.AsMemory(0, count));
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // The other direction has ended.
        }
    }

    private bool Eats()
    {
        var eats = Interlocked.Exchange(ref armed, 0) == 1;
        Eaten += eats ? 1 : 0;
        return eats;
    }
}
