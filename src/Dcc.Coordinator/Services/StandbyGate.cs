using Dcc.Coordinator.Runs;
using Grpc.Core;

namespace Dcc.Coordinator.Services;

/// <summary>Tells devices and operators UNAVAILABLE while another coordinator leads, and asks them to connect anew: their next attempt may reach that one.</summary>
internal sealed class StandbyGate(RequestDelegate next, Leadership leadership)
{
    /// <summary>What devices and operators are told where another coordinator leads.</summary>
    internal static readonly Status StandsBy = new(StatusCode.Unavailable, "coordinator: stands by; another one leads");

    public Task InvokeAsync(HttpContext context)
    {
        if (leadership.Serves || !HttpProtocol.IsHttp2(context.Request.Protocol) || !context.Request.Path.Value!.StartsWith("/dcc.v1.", StringComparison.Ordinal))
        {
            return next(context);
        }

        TrailersOnly.Write(context.Response, StandsBy);
        context.Connection.RequestClose();
        return Task.CompletedTask;
    }
}
