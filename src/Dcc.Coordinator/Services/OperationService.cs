using Dcc.Coordinator.Runs;
using Dcc.Core.Validation;
using Dcc.Journal;
using Dcc.Protocol;
using Dcc.Protocol.V1;
using Grpc.Core;
using Microsoft.Extensions.Options;

namespace Dcc.Coordinator.Services;

/// <summary>What an operator can ask of a coordinator.</summary>
internal sealed class OperationService(
    RunRegistry registry, IOptions<CoordinatorOptions> options, ProtocolFaults faults, IHostApplicationLifetime lifetime) : Operation.OperationBase
{
    /// <summary>A request may carry the initial theta and the system file of a large run.</summary>
    internal const int MaxRequestBytes = 256 * 1024 * 1024;

    public override async Task<RunStatus> CreateRun(CreateRunRequest request, ServerCallContext context)
    {
        if (request.Parameters is null)
        {
            throw new RpcException(new Status(StatusCode.InvalidArgument, "parameters: expected a message, got nothing"));
        }

        var mostDevices = options.Value.Limits.DevicesPerRun;
        if (request.Parameters.Devices > mostDevices)
        {
            throw TooMany(ProtocolFault.TooManyDevices, $"devices: expected at most {mostDevices} in a run of this coordinator, got {request.Parameters.Devices}");
        }

        try
        {
            var parameters = Wire.ToParameters(request.Parameters);
            var run = await registry.Create(request.Run, parameters, context.CancellationToken).ConfigureAwait(false)
                ?? throw new RpcException(new Status(
                    StatusCode.AlreadyExists, $"run: expected a new name, or the parameters it was created with, got '{request.Run}'"));
            return await run.Status(context.CancellationToken).ConfigureAwait(false);
        }
        catch (InvalidInputException exception)
        {
            throw new RpcException(new Status(StatusCode.InvalidArgument, exception.Message));
        }
        catch (JournalLostException exception) when (exception.IsDeposed)
        {
            throw new RpcException(StandbyGate.StandsBy);
        }
        catch (JournalLostException exception)
        {
            // Where several coordinators share a store.
            throw new RpcException(new Status(StatusCode.AlreadyExists, $"run: expected a new name, got {exception.Message}"));
        }
        catch (TooManyRunsException exception)
        {
            throw TooMany(ProtocolFault.TooManyRuns, exception.Message);
        }
        catch (IOException exception)
        {
            throw NotWritable(exception);
        }
    }

    public override async Task<ListRunsResponse> ListRuns(ListRunsRequest request, ServerCallContext context)
    {
        var response = new ListRunsResponse();
        foreach (var run in registry.All)
        {
            response.Runs.Add(await run.Status(context.CancellationToken).ConfigureAwait(false));
        }

        return response;
    }

    public override Task<RunStatus> GetRun(RunRequest request, ServerCallContext context) =>
        Find(request).Status(context.CancellationToken);

    public override async Task<RunStatus> CancelRun(RunRequest request, ServerCallContext context)
    {
        try
        {
            return await Find(request).Cancel(context.CancellationToken).ConfigureAwait(false);
        }
        catch (IOException exception)
        {
            throw NotWritable(exception);
        }
    }

    public override Task<RunStatus> DrainRun(RunRequest request, ServerCallContext context) =>
        Find(request).Drain(context.CancellationToken);

    public override async Task<NoteRunResponse> NoteRun(NoteRunRequest request, ServerCallContext context)
    {
        var run = registry.Find(request.Run) ?? throw NoSuchRun(request.Run);
        if (request.Events.Count > RunHistory.MostEvents)
        {
            throw new RpcException(new Status(
                StatusCode.InvalidArgument, $"events: expected at most {RunHistory.MostEvents}, got {request.Events.Count}"));
        }

        var status = await run.Note(request, context.CancellationToken).ConfigureAwait(false);
        return new NoteRunResponse { OpenedUnixMilliseconds = status.OpenedUnixMilliseconds };
    }

    public override async Task WatchRun(RunRequest request, IServerStreamWriter<RunUpdate> responseStream, ServerCallContext context)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, lifetime.ApplicationStopping);
        var run = Find(request);
        var updates = await run.Watch().ConfigureAwait(false);
        try
        {
            await foreach (var update in updates.Reader.ReadAllAsync(over.Token).ConfigureAwait(false))
            {
                await responseStream.WriteAsync(update, over.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (lifetime.ApplicationStopping.IsCancellationRequested)
        {
            throw new RpcException(new Status(StatusCode.Unavailable, "coordinator: stopping"));
        }
        finally
        {
            await run.Unwatch(updates).ConfigureAwait(false);
        }
    }

    private RpcException TooMany(ProtocolFault fault, string message)
    {
        faults.Count(fault);
        return new RpcException(new Status(StatusCode.ResourceExhausted, message));
    }

    private RunLoop Find(RunRequest request) => registry.Find(request.Run) ?? throw NoSuchRun(request.Run);

    private static RpcException NotWritable(IOException exception) =>
        new(new Status(StatusCode.Unavailable, $"store: expected to be writable, got {exception.Message}"));

    private static RpcException NoSuchRun(string name) =>
        new(new Status(StatusCode.NotFound, $"run: expected a run of this coordinator, got '{name}'"));
}
