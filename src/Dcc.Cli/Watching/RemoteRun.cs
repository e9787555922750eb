using Dcc.Core.Validation;
using Dcc.Hosting.Security;
using Dcc.Protocol.V1;
using Grpc.Core;
using Grpc.Net.Client;

namespace Dcc.Cli.Watching;

/// <summary>The runs of a coordinator somewhere, seen by its operator service.</summary>
/// <param name="address">Its gRPC address.</param>
/// <param name="security">What an operator shows it.</param>
/// <param name="patience">How long a coordinator may be away, once it answered.</param>
/// <param name="say">Told when it is away, and when it is back.</param>
internal sealed class RemoteRun(Uri address, ClientSecurity security, TimeSpan patience, Action<string> say) : IDisposable
{
    // An address that nothing is at fails sooner, when connecting; this is for what takes a connection and is silent.
    private static readonly TimeSpan FirstAnswer = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(5);

    // A host that died sends nothing, not even an end: pings notice.
    private readonly GrpcChannel channel = GrpcChannel.ForAddress(address, new GrpcChannelOptions
    {
        HttpHandler = new SocketsHttpHandler
        {
            ConnectTimeout = LongestDelay,
            KeepAlivePingDelay = TimeSpan.FromSeconds(20),
            KeepAlivePingTimeout = TimeSpan.FromSeconds(10),
            SslOptions = security.Tls(TimeProvider.System),
        },
        DisposeHttpClient = true,
        MaxReceiveMessageSize = null,
        InitialReconnectBackoff = FirstDelay / 2,
        MaxReconnectBackoff = FirstDelay,
    });

    /// <summary>All runs of the coordinator.</summary>
    /// <exception cref="InvalidInputException">Nobody answers there, or no coordinator does.</exception>
    internal async Task<IReadOnlyList<RunStatus>> All(CancellationToken cancellation)
    {
        try
        {
            var answer = await new Operation.OperationClient(channel)
                .ListRunsAsync(new ListRunsRequest(), Authorization(), deadline: DateTime.UtcNow + FirstAnswer, cancellationToken: cancellation).ConfigureAwait(false);
            return answer.Runs;
        }
        catch (RpcException exception)
        {
            cancellation.ThrowIfCancellationRequested();
            if (exception.StatusCode is StatusCode.Unauthenticated or StatusCode.PermissionDenied)
            {
                throw new InvalidInputException("certificate or token-file", "what the coordinator takes of an operator", exception.Status.Detail);
            }

            throw new InvalidInputException("ADDRESS", "a coordinator's gRPC address (its --listen, not its --http)", $"{Shown} ({Why(exception)})");
        }
    }

    /// <summary>Follows a run to its end, through any restart of its coordinator.</summary>
    /// <param name="run">Its name.</param>
    /// <param name="take">Shown every update.</param>
    /// <param name="cancellation">Ends the watch.</param>
    /// <returns>The status it ended with.</returns>
    /// <exception cref="IOException">The coordinator stayed away, or came back without the run.</exception>
    internal async Task<RunStatus> Follow(string run, Action<RunUpdate> take, CancellationToken cancellation)
    {
        var delay = FirstDelay;
        var heard = TimeProvider.System.GetTimestamp();
        var away = false;
        while (true)
        {
            var ended = await FollowOnce(run, Take, cancellation).ConfigureAwait(false);
            if (ended is not null)
            {
                return ended;
            }

            if (!away)
            {
                away = true;
                heard = TimeProvider.System.GetTimestamp();
                say("the coordinator is away; trying again");
            }
            else if (TimeProvider.System.GetElapsedTime(heard) > patience)
            {
                throw new IOException($"the coordinator at {Shown} has not answered for {Terminal.TimeLeft.Words(patience)}");
            }

            await Task.Delay(delay, cancellation).ConfigureAwait(false);
            delay = 2 * delay < LongestDelay ? 2 * delay : LongestDelay;
        }

        void Take(RunUpdate update)
        {
            if (away)
            {
                (away, delay) = (false, FirstDelay);
                say("the coordinator is back");
            }

            take(update);
        }
    }

    /// <summary>Cancels a run, at once or when its open round is committed.</summary>
    /// <returns>Its status afterwards.</returns>
    /// <exception cref="IOException">The coordinator cannot do it now.</exception>
    internal async Task<RunStatus> End(string run, bool afterItsRound, CancellationToken cancellation)
    {
        var client = new Operation.OperationClient(channel);
        var request = new RunRequest { Run = run };
        var deadline = DateTime.UtcNow + FirstAnswer;
        try
        {
            return await (afterItsRound
                ? client.DrainRunAsync(request, Authorization(), deadline, cancellation)
                : client.CancelRunAsync(request, Authorization(), deadline, cancellation)).ConfigureAwait(false);
        }
        catch (RpcException exception)
        {
            cancellation.ThrowIfCancellationRequested();
            throw new IOException($"the coordinator at {Shown} does not end the run '{run}' ({Why(exception)})");
        }
    }

    public void Dispose() => channel.Dispose();

    private string Shown => address.OriginalString;

    // Null when the stream ended before the run did.
    private async Task<RunStatus?> FollowOnce(string run, Action<RunUpdate> take, CancellationToken cancellation)
    {
        RunStatus? status = null;
        try
        {
            using var call = new Operation.OperationClient(channel).WatchRun(
                new RunRequest { Run = run }, Authorization(), cancellationToken: cancellation);
            await foreach (var update in call.ResponseStream.ReadAllAsync(cancellation).ConfigureAwait(false))
            {
                status = update.Status ?? status;
                take(update);
            }
        }
        catch (RpcException exception) when (exception.StatusCode == StatusCode.NotFound)
        {
            throw new IOException($"the coordinator at {Shown} does not have the run '{run}' any more");
        }
        catch (RpcException exception) when (exception.StatusCode is StatusCode.Unauthenticated or StatusCode.PermissionDenied)
        {
            throw new IOException($"the coordinator at {Shown} does not let this operator watch any more ({exception.Status.Detail})");
        }
        catch (RpcException exception) when (exception.StatusCode == StatusCode.Unimplemented)
        {
            throw new IOException($"what answers at {Shown} is no coordinator any more");
        }
        catch (Exception exception) when (exception is RpcException or IOException)
        {
            cancellation.ThrowIfCancellationRequested();
        }

        return status?.State is "finished" or "cancelled" ? status : null;
    }

    private Metadata? Authorization() => security.Bearer() is { } token ? new Metadata { { "authorization", "Bearer " + token } } : null;

    private static string Why(RpcException exception) => exception.StatusCode switch
    {
        StatusCode.DeadlineExceeded => $"no answer within {FirstAnswer.TotalSeconds} s",
        StatusCode.Unimplemented => "what answers there is no coordinator",
        _ => exception.Status.DebugException?.GetBaseException().Message ?? exception.Status.Detail,
    };
}
