using Dcc.Cli.Runs;
using Dcc.Core.Validation;
using Dcc.Hosting.Security;
using Dcc.Protocol;
using Dcc.Protocol.V1;
using Grpc.Core;
using Grpc.Net.Client;
using RunParameters = Dcc.Core.Engine.RunParameters;

namespace Dcc.Cli.Emulation;

/// <summary>
/// An emulation's own operator: creates the run and watches it, through every restart of its coordinator. The coordinator is a child that somebody
/// keeps running, so that it is away is never the end.
/// </summary>
internal sealed class RunOperator : IDisposable
{
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(100);

    private readonly GrpcChannel channel;
    private readonly string coordinatorLog;

    /// <param name="address">Where the coordinator listens.</param>
    /// <param name="security">What an operator shows it.</param>
    /// <param name="coordinatorLog">Where to read why it does not do its part.</param>
    internal RunOperator(Uri address, ClientSecurity security, string coordinatorLog)
    {
        this.coordinatorLog = coordinatorLog;
        channel = GrpcChannel.ForAddress(address, new GrpcChannelOptions
        {
            // A watch may be silent for as long as a round takes: pings find a connection that is dead.
            HttpHandler = new SocketsHttpHandler
            {
                EnableMultipleHttp2Connections = true, SslOptions = security.Tls(TimeProvider.System),
                KeepAlivePingDelay = TimeSpan.FromSeconds(20), KeepAlivePingTimeout = AnswerTimeout,
            },
            DisposeHttpClient = true,
            MaxReceiveMessageSize = null,
            InitialReconnectBackoff = TimeSpan.FromMilliseconds(50),
            MaxReconnectBackoff = TimeSpan.FromMilliseconds(200),
        });
        Client = new Operation.OperationClient(channel);
    }

    /// <summary>The coordinator's operator service.</summary>
    internal Operation.OperationClient Client { get; }

    /// <summary>Creates the run, once the coordinator is up.</summary>
    /// <exception cref="InvalidInputException">The coordinator refuses the parameters.</exception>
    /// <exception cref="ChildFailedException">It does not take the run, or is not up in time.</exception>
    internal async Task Create(RunParameters parameters, CancellationToken cancellation)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(StartTimeout);
        var request = new CreateRunRequest { Run = InProcessRun.Name, Parameters = Wire.ToMessage(parameters) };
        while (true)
        {
            try
            {
                await Client.CreateRunAsync(request, cancellationToken: patience.Token).ConfigureAwait(false);
                return;
            }
            catch (RpcException exception) when (exception.StatusCode == StatusCode.InvalidArgument)
            {
                throw new InvalidInputException("run", "parameters that the coordinator takes", exception.Status.Detail);
            }
            catch (RpcException exception)
            {
                cancellation.ThrowIfCancellationRequested();
                if (exception.StatusCode != StatusCode.Unavailable || patience.IsCancellationRequested)
                {
                    throw new ChildFailedException($"the coordinator did not take the run ({exception.Status.Detail}); its log is {coordinatorLog}");
                }

                await Task.Delay(RetryDelay, cancellation).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Watches the run until it has finished.</summary>
    /// <param name="take">Shown every update.</param>
    /// <param name="cancellation">Ends the watch.</param>
    /// <exception cref="ChildFailedException">The coordinator lost the run, or an operator cancelled it.</exception>
    internal async Task Watch(Action<RunUpdate> take, CancellationToken cancellation)
    {
        while (!await WatchOnce(take, cancellation).ConfigureAwait(false))
        {
            await Task.Delay(RetryDelay, cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>Whether the run has finished, as far as anybody is there to say so.</summary>
    internal async Task<bool> IsFinished(CancellationToken cancellation)
    {
        try
        {
            var status = await Client.GetRunAsync(
                new RunRequest { Run = InProcessRun.Name }, deadline: DateTime.UtcNow + AnswerTimeout, cancellationToken: cancellation).ConfigureAwait(false);
            return status.State == "finished";
        }
        catch (RpcException)
        {
            // Nobody to ask: the child is started again, and learns of the end itself.
            return false;
        }
    }

    public void Dispose() => channel.Dispose();

    // True when the run is over, false when the coordinator is gone and must be asked again.
    private async Task<bool> WatchOnce(Action<RunUpdate> take, CancellationToken cancellation)
    {
        var state = "";
        try
        {
            using var call = Client.WatchRun(new RunRequest { Run = InProcessRun.Name }, cancellationToken: cancellation);
            await foreach (var update in call.ResponseStream.ReadAllAsync(cancellation).ConfigureAwait(false))
            {
                state = update.Status?.State ?? state;
                take(update);
            }
        }
        catch (RpcException exception) when (exception.StatusCode is StatusCode.Unavailable or StatusCode.Internal or StatusCode.Cancelled or StatusCode.Unknown)
        {
            cancellation.ThrowIfCancellationRequested();
        }
        catch (RpcException exception)
        {
            throw new ChildFailedException($"the coordinator no longer has the run ({exception.Status.Detail}); its log is {coordinatorLog}");
        }
        catch (IOException)
        {
            // The connection broke in the middle of a message.
        }

        if (state == "cancelled")
        {
            throw new ChildFailedException("the run was cancelled by an operator");
        }

        return state == "finished";
    }
}
