using Dcc.Coordinator.Telemetry;
using Dcc.Core.Validation;
using Dcc.Journal;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;

namespace Dcc.Coordinator.Runs;

/// <summary>
/// Whether this coordinator serves runs: always, or with high availability from when it has the lease and has recovered the runs. A process leads once at
/// most: when it loses the lease it ends, and whoever started it starts it again as a standby.
/// </summary>
internal sealed class Leadership : IAsyncDisposable
{
    private readonly IHostApplicationLifetime lifetime;
    private readonly ILogger<Leadership> logger;
    private readonly PostgresLease? lease;
    private readonly CancellationTokenSource over = new();
    private Task keeping = Task.CompletedTask;
    private volatile bool serves;

    public Leadership(
        IOptions<CoordinatorOptions> options, CoordinatorInstruments instruments, IHostApplicationLifetime lifetime, TimeProvider time,
        ILogger<Leadership> logger)
    {
        this.lifetime = lifetime;
        this.logger = logger;
        if (options.Value.HighAvailability)
        {
            lease = StoreLocation.Parse(options.Value.Store).Lease($"{Environment.MachineName}/{Environment.ProcessId}/{Guid.NewGuid():N}", options.Value.Lease, time);
        }

        instruments.Meter.CreateObservableGauge("dcc.leader", () => Serves ? 1 : 0, unit: null, "1 while this coordinator serves runs, 0 while it stands by.");
    }

    /// <summary>What the journal is written under, null without high availability.</summary>
    internal PostgresLease? Lease => lease;

    /// <summary>Whether devices and operators are served; else they are told UNAVAILABLE.</summary>
    internal bool Serves => serves && lease is not { IsHeld: false };

    /// <summary>Whether it could lead: without a lease, or while the database answers.</summary>
    internal bool IsReady => lease is not { IsReachable: false };

    /// <summary>Whether the lease was lost: the process then ends with exit code 1.</summary>
    internal bool Lost => lease is { Lost.IsCancellationRequested: true };

    /// <summary>Serves from now on.</summary>
    internal void Begin() => serves = true;

    /// <summary>Stands by until this coordinator leads; false when it is to stop before.</summary>
    /// <exception cref="InvalidInputException">The database is no journal of this version.</exception>
    internal async Task<bool> Acquire()
    {
        Log.StandsBy(logger);
        string? said = null;
        try
        {
            await lease!.Acquire(Note, lifetime.ApplicationStopping).ConfigureAwait(false);
        }
        catch (InvalidDataException exception)
        {
            throw new InvalidInputException("store", "a journal of this program", exception.Message);
        }
        catch (OperationCanceledException) when (lifetime.ApplicationStopping.IsCancellationRequested)
        {
            return false;
        }

        Log.Leads(logger, lease.Term);
        lease.Lost.Register(Stop);
        keeping = lease.Keep(over.Token);
        return true;

        void Note(string fault)
        {
            if (said != fault)
            {
                said = fault;
                Log.LeaseUnavailable(logger, fault);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await over.CancelAsync().ConfigureAwait(false);
        await keeping.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        lease?.Release();
        lease?.Dispose();
        over.Dispose();
    }

    private void Stop()
    {
        Log.LeaseLost(logger, lease!.Term);
        lifetime.StopApplication();
    }
}

/// <summary>Whether this coordinator could lead: one that cannot ask for the lease takes nobody's place.</summary>
internal sealed class ReadyCheck(Leadership leadership) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(leadership.IsReady ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy("the database of the lease does not answer"));
}
