using System.Globalization;
using Dcc.Coordinator.Runs;

namespace Dcc.Coordinator.Security;

/// <summary>
/// Lets only operators through to the gRPC services, but for those that devices and probes call. It stands before gRPC, which would read the whole
/// of a request, however large, before it asks anybody.
/// </summary>
internal sealed class OperatorGate(RequestDelegate next, Access access, ProtocolFaults faults, ILogger<OperatorGate> logger)
{
    // A device's stream is judged by its own service, once it has said who it is; health tells nothing but that the coordinator is there.
    private static readonly string[] Open = ["/dcc.v1.Coordination", "/grpc.health.v1.Health"];

    public Task InvokeAsync(HttpContext context)
    {
        // The page has a port of its own and HTTP/1.1, where there is no gRPC.
        if (!HttpProtocol.IsHttp2(context.Request.Protocol)
            || Array.Exists(Open, service => context.Request.Path.StartsWithSegments(service, StringComparison.Ordinal))
            || access.OfOperator(context) is not { } denial)
        {
            return next(context);
        }

        faults.Count(denial.Fault);
        Log.Refused(logger, $"{context.Connection.RemoteIpAddress}:{context.Connection.RemotePort}", denial.Status.Detail);

        // A response of trailers only, as gRPC calls it.
        context.Response.ContentType = "application/grpc";
        context.Response.Headers["grpc-status"] = ((int)denial.Status.StatusCode).ToString(CultureInfo.InvariantCulture);
        context.Response.Headers["grpc-message"] = denial.Status.Detail;
        return Task.CompletedTask;
    }
}
