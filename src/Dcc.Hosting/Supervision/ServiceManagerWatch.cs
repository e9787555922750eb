using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Dcc.Hosting.Supervision;

/// <summary>What of a service can hang.</summary>
public interface ILiveness
{
    /// <summary>Asks the loops that do the service's work. One that hangs may also leave the question unanswered.</summary>
    /// <returns>What hangs; null where nothing does.</returns>
    Task<string?> FindHung(CancellationToken cancellation);
}

/// <summary>
/// Tells systemd that the service is ready, that it stops, and, where the unit has a WatchdogSec, that its loops still turn. The ping depends on
/// <see cref="ILiveness"/>: a timer alone would go on while everything else hangs.
/// </summary>
internal sealed partial class ServiceManagerWatch(
    NotifySocket socket, ILiveness liveness, IHostApplicationLifetime lifetime, TimeProvider time, ILogger<ServiceManagerWatch> logger)
    : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var ready = lifetime.ApplicationStarted.Register(started.SetResult).ConfigureAwait(false);
        await using var stopping = lifetime.ApplicationStopping.Register(() => socket.Tell("STOPPING=1")).ConfigureAwait(false);
        await started.Task.WaitAsync(stoppingToken).ConfigureAwait(false);
        if (!socket.Tell("READY=1"))
        {
            NotifyFailed(logger, socket.Path);
        }

        if (socket.Watchdog is { } limit)
        {
            await Feed(limit / 2, stoppingToken).ConfigureAwait(false);
        }

        await Task.Delay(Timeout.InfiniteTimeSpan, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task Feed(TimeSpan period, CancellationToken stopping)
    {
        using var timer = new PeriodicTimer(period, time);
        do
        {
            if (await FindHung(period, stopping).ConfigureAwait(false) is { } hung)
            {
                Hung(logger, hung);
            }
            else
            {
                socket.Tell("WATCHDOG=1");
            }
        }
        while (await timer.WaitForNextTickAsync(stopping).ConfigureAwait(false));
    }

    private async Task<string?> FindHung(TimeSpan patience, CancellationToken stopping)
    {
        try
        {
            return await liveness.FindHung(stopping).WaitAsync(patience, time, stopping).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            return "a loop that does not answer";
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "The service manager does not take messages at {Socket}", EventName = "NotifyFailed")]
    private static partial void NotifyFailed(ILogger logger, string socket);

    [LoggerMessage(2, LogLevel.Error, "The watchdog gets no ping: {Hung} hangs", EventName = "Hung")]
    private static partial void Hung(ILogger logger, string hung);
}

/// <summary>Adds the watch where a service manager listens.</summary>
public static class ServiceManager
{
    /// <summary>Does nothing where the environment names no socket.</summary>
    public static void AddServiceManagerWatch<TLiveness>(this IServiceCollection services)
        where TLiveness : class, ILiveness
    {
        if (NotifySocket.Find(Environment.GetEnvironmentVariable, Environment.ProcessId) is { } socket)
        {
            services.AddSingleton(socket);
            services.AddSingleton<ILiveness>(provider => provider.GetRequiredService<TLiveness>());
            services.AddHostedService<ServiceManagerWatch>();
        }
    }
}
