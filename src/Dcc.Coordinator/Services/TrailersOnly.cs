using System.Globalization;
using Grpc.Core;

namespace Dcc.Coordinator.Services;

/// <summary>A response of trailers only, as gRPC calls it: the status of a call that never reached a service.</summary>
internal static class TrailersOnly
{
    internal static void Write(HttpResponse response, Status status)
    {
        response.ContentType = "application/grpc";
        response.Headers["grpc-status"] = ((int)status.StatusCode).ToString(CultureInfo.InvariantCulture);
        response.Headers["grpc-message"] = status.Detail;
    }
}
