using Dcc.Coordinator.Runs;
using Dcc.Coordinator.Services;
using Grpc.Core;
using Microsoft.Extensions.Options;

namespace Dcc.Coordinator.Security;

/// <summary>
/// Lets only operators through to the gRPC services, but for those that devices and probes call, whose streams it counts by peer. It stands before
/// gRPC, which would read the whole of a request, however large, before it asks anybody.
/// </summary>
internal sealed class OperatorGate(
    RequestDelegate next, Access access, PeerLimits limits, IOptions<CoordinatorOptions> options, ProtocolFaults faults, ILogger<OperatorGate> logger)
{
    // A device's stream is judged by its own service, once it has said who it is; health tells nothing but that the coordinator is there.
    private static readonly string[] Open = ["/dcc.v1.Coordination", "/grpc.health.v1.Health"];

    private readonly Denial tooMany = new(ProtocolFault.TooManyStreams, new Status(
        StatusCode.ResourceExhausted, $"stream: expected at most {options.Value.Limits.StreamsPerPeer} of one address, got another one"));

    public Task InvokeAsync(HttpContext context)
    {
        // The page has a port of its own and HTTP/1.1, where there is no gRPC.
        if (!HttpProtocol.IsHttp2(context.Request.Protocol))
        {
            return next(context);
        }

        return Array.Exists(Open, service => context.Request.Path.StartsWithSegments(service, StringComparison.Ordinal)) ? Counted(context)
            : access.OfOperator(context) is { } denial ? Refuse(context, denial)
            : next(context);
    }

    private async Task Counted(HttpContext context)
    {
        // Read once: the same peer must be given back what it has taken.
        var peer = context.Connection.RemoteIpAddress;
        if (!limits.TryOpenStream(peer))
        {
            await Refuse(context, tooMany).ConfigureAwait(false);
            return;
        }

        try
        {
            await next(context).ConfigureAwait(false);
        }
        finally
        {
            limits.CloseStream(peer);
        }
    }

    private Task Refuse(HttpContext context, Denial denial)
    {
        faults.Count(denial.Fault);
        Log.Refused(logger, $"{context.Connection.RemoteIpAddress}:{context.Connection.RemotePort}", denial.Status.Detail);
        TrailersOnly.Write(context.Response, denial.Status);
        return Task.CompletedTask;
    }
}
