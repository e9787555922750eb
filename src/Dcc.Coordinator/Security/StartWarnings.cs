namespace Dcc.Coordinator.Security;

/// <summary>What an operator should know of a coordinator that is open to more than he may think; said at every start.</summary>
internal static class StartWarnings
{
    internal static void Write(ILogger logger, CoordinatorOptions options)
    {
        var security = options.Security;
        var isTls = SecurityOptions.IsTls(options.Listen);
        var isLocal = SecurityOptions.IsLoopback(options.Listen);
        if (!isTls && !isLocal)
        {
            Log.Insecure(logger, options.Listen);
        }

        if (!isLocal && !security.AsksDevices)
        {
            Log.OpenToDevices(logger, options.Listen);
        }

        if (!security.AsksOperators && !isLocal && !isTls)
        {
            Log.OpenToOperators(logger, options.Listen);
        }
        else if (!security.AsksOperators && (!isLocal || security.TokenKey is not null))
        {
            // A local address with tokens has a proxy before it that brings devices from elsewhere, and anybody with them.
            Log.OpenToLocalOperators(logger, options.Listen);
        }

        if (options.Http != CoordinatorOptions.None && !SecurityOptions.IsLoopback(options.Http))
        {
            Log.OpenToReaders(logger, options.Http);
        }

        if (security.PlaintextTap is { } tap)
        {
            Log.Tapped(logger, options.Listen, tap);
        }
    }
}
