using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Grpc.Core;

namespace Dcc.Agent;

/// <summary>
/// Sends calls to the one of several coordinators that leads: the alternatives of an address, and every address that their names resolve to. It stays with
/// one until that cannot be reached, stays silent or answers UNAVAILABLE, as a standby does, and takes the next one for the attempt after it. Each has
/// connections of its own, so that no call waits on those of a coordinator that is gone.
/// </summary>
/// <param name="address">http://HOST:PORT, or several separated by "|". What TLS asks for is the host of the first, whichever is dialled.</param>
/// <param name="create">A handler without a ConnectCallback.</param>
internal sealed class FailoverHandler(string address, Func<SocketsHttpHandler> create) : HttpMessageHandler
{
    /// <summary>Between the alternatives of one address.</summary>
    internal const char Separator = '|';

    // How long an answer may take: some times as long as the last one did, and doubled by each that did not come.
    private const int TimesTheLast = 4;
    private static readonly TimeSpan LeastPatience = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan MostPatience = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan PingDelay = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan NameTimeout = TimeSpan.FromSeconds(3);

    private readonly Uri[] alternatives = [.. address.Split(Separator).Select(alternative => new Uri(alternative))];
    private readonly Lock gate = new();
    private readonly Dictionary<EndPoint, HttpMessageInvoker> connections = [];
    private int position;
    private long patienceTicks = LeastPatience.Ticks;

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var endPoints = await Resolve(cancellationToken).ConfigureAwait(false);
        for (var tried = 1; ; tried++)
        {
            var chosen = Volatile.Read(ref position);
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            var limit = TimeSpan.FromTicks(Interlocked.Read(ref patienceTicks));
            patience.CancelAfter(endPoints.Count > 1 ? limit : Timeout.InfiniteTimeSpan);
            var asked = Stopwatch.GetTimestamp();
            try
            {
                var response = await Connections(endPoints[chosen % endPoints.Count]).SendAsync(request, patience.Token).ConfigureAwait(false);
                if (IsUnavailable(response))
                {
                    // It says nothing of how long the one that leads takes.
                    Leave(chosen);
                }
                else
                {
                    SetPatience(TimesTheLast * Stopwatch.GetElapsedTime(asked));

                    // A call that is given up before its end: the coordinator has fallen silent.
                    cancellationToken.Register(() => Leave(chosen));
                }

                return response;
            }
            catch (HttpRequestException exception) when (exception.HttpRequestError == HttpRequestError.ConnectionError && tried < endPoints.Count)
            {
                // Nothing was sent.
                Leave(chosen);
            }
            catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException)
            {
                Leave(chosen);
                if (exception is HttpRequestException || cancellationToken.IsCancellationRequested)
                {
                    throw;
                }

                SetPatience(2 * limit);
                throw new HttpRequestException($"{endPoints[chosen % endPoints.Count]} did not answer", exception);
            }
        }
    }

    protected override void Dispose(bool disposing)
    {
        lock (gate)
        {
            foreach (var invoker in connections.Values)
            {
                invoker.Dispose();
            }
        }

        base.Dispose(disposing);
    }

    private static bool IsUnavailable(HttpResponseMessage response) =>
        response.Headers.TryGetValues("grpc-status", out var status)
        && status.FirstOrDefault() == ((int)StatusCode.Unavailable).ToString(System.Globalization.CultureInfo.InvariantCulture);

    private void SetPatience(TimeSpan asked) =>
        Interlocked.Exchange(ref patienceTicks, Math.Clamp(asked.Ticks, LeastPatience.Ticks, MostPatience.Ticks));

    // Of many calls that fail together the first one moves on: the others must not go on to the one after it, or back.
    private void Leave(int chosen) => Interlocked.CompareExchange(ref position, (chosen + 1) & int.MaxValue, chosen);

    private HttpMessageInvoker Connections(IPEndPoint endPoint)
    {
        lock (gate)
        {
            if (!connections.TryGetValue(endPoint, out var known))
            {
                var handler = create();

                // A connection that vanished without a word must not be there when its coordinator leads again.
                handler.KeepAlivePingDelay = PingDelay;
                handler.KeepAlivePingTimeout = MostPatience;
                handler.ConnectCallback = (context, cancellation) => Dial(Target(context.DnsEndPoint, endPoint), cancellation);
                connections[endPoint] = known = new HttpMessageInvoker(handler);
            }

            return known;
        }
    }

    private async Task<List<IPEndPoint>> Resolve(CancellationToken cancellation)
    {
        var found = await Task.WhenAll(alternatives.Select(alternative => Resolve(alternative, cancellation))).ConfigureAwait(false);
        var endPoints = found.SelectMany(one => one).ToList();
        return endPoints.Count > 0 ? endPoints : throw new HttpRequestException(HttpRequestError.NameResolutionError, $"{address}: no address of that name is known");
    }

    // None where the name is unknown, or nobody says in time: another alternative may be there.
    private static async Task<IEnumerable<IPEndPoint>> Resolve(Uri alternative, CancellationToken cancellation)
    {
        try
        {
            var addresses = await Dns.GetHostAddressesAsync(alternative.DnsSafeHost, cancellation).WaitAsync(NameTimeout, cancellation).ConfigureAwait(false);
            return addresses.OrderBy(ip => ip.ToString(), StringComparer.Ordinal).Select(ip => new IPEndPoint(ip, alternative.Port));
        }
        catch (Exception exception) when (exception is SocketException or TimeoutException)
        {
            return [];
        }
    }

    // Where there is a proxy it is the proxy that is dialled, and asked for the first alternative.
    private EndPoint Target(DnsEndPoint asked, IPEndPoint endPoint) =>
        asked.Port == alternatives[0].Port && asked.Host == alternatives[0].IdnHost ? endPoint : asked;

    private static async ValueTask<Stream> Dial(EndPoint endPoint, CancellationToken cancellation)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(endPoint, cancellation).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch (Exception)
        {
            socket.Dispose();
            throw;
        }
    }
}
