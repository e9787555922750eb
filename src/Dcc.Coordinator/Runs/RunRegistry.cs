using System.Collections.Concurrent;
using Dcc.Coordinator.Telemetry;
using Dcc.Core.Engine;
using Dcc.Core.Validation;
using Dcc.Hosting.Supervision;
using Dcc.Journal;
using Microsoft.Extensions.Options;

namespace Dcc.Coordinator.Runs;

/// <summary>All runs of a coordinator: resumed from the store at the start, created on request, each with its loop.</summary>
internal sealed class RunRegistry(
    IJournalStore store, IOptions<CoordinatorOptions> options, ProtocolFaults faults, CoordinatorInstruments instruments,
    IHostApplicationLifetime lifetime, TimeProvider time, ILogger<RunRegistry> logger)
    : BackgroundService, ILiveness
{
    // A record of ten thousand devices has 640 kB.
    private const int RecordsAhead = 8;

    private readonly ConcurrentDictionary<string, RunLoop> runs = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim creating = new(1);
    private readonly TaskCompletionSource started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ConcurrentBag<Task> loops = [];
    private CancellationToken stopping;

    /// <summary>Whether a run failed: the process then ends with exit code 1.</summary>
    internal bool Failed { get; private set; }

    internal RunLoop? Find(string name) => runs.GetValueOrDefault(name);

    /// <summary>All runs, by name.</summary>
    internal IEnumerable<RunLoop> All => runs.OrderBy(run => run.Key, StringComparer.Ordinal).Select(run => run.Value);

    /// <summary>Recovers every run of the store.</summary>
    /// <exception cref="IOException">A journal is damaged, or the store does not answer.</exception>
    internal async Task Recover()
    {
        await creating.WaitAsync().ConfigureAwait(false);
        try
        {
            RecoverAll();
        }
        finally
        {
            creating.Release();
        }
    }

    private void RecoverAll()
    {
        foreach (var name in store.Runs())
        {
            try
            {
                var (engine, history) = Recover(name);
                Add(name, new RunLoop(name, store, engine, history, isResumed: true, options.Value, faults, instruments, time, logger));
                Log.RunResumed(logger, name, engine.Round, engine.Parameters.Rounds);
            }
            catch (Exception exception) when (exception is JournalException or InvalidDataException)
            {
                throw new IOException($"{StoreLocation.Parse(options.Value.Store)}: run '{name}': {exception.Message}", exception);
            }
        }
    }

    private (RoundEngine Engine, RunHistory History) Recover(string name)
    {
        RoundEngine? engine = null;
        var history = new RunHistory();
        foreach (var record in ReadAhead.Of(store.Read(name), RecordsAhead))
        {
            if (engine is null)
            {
                engine = RoundEngine.Recover(record);
            }
            else if (engine.Replay(record) is { } round)
            {
                history.Add(round, engine.Finished ? [] : engine.Update.Gradient, timing: null, roundTrips: []);
            }
        }

        return (engine ?? throw new JournalException(0, "it is missing"), history);
    }

    /// <summary>Creates a run; one that exists already with the same parameters is returned, null when it exists with others.</summary>
    /// <exception cref="InvalidInputException">The name is none.</exception>
    /// <exception cref="TooManyRunsException">There are as many as there may be.</exception>
    /// <exception cref="IOException">The store cannot be written.</exception>
    internal async Task<RunLoop?> Create(string name, RunParameters parameters, CancellationToken cancellation)
    {
        if (name.Length is 0 or > 100 || name.Any(char.IsControl))
        {
            throw new InvalidInputException("run", "a name of 1 to 100 characters without control characters", name.Length == 0 ? "nothing" : $"{name.Length} characters");
        }

        await creating.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            if (runs.TryGetValue(name, out var existing))
            {
                return existing.Parameters.ToJson().AsSpan().SequenceEqual(parameters.ToJson()) ? existing : null;
            }

            if (runs.Count >= options.Value.Limits.Runs)
            {
                throw new TooManyRunsException($"run: expected at most {options.Value.Limits.Runs} runs of this coordinator, got another one");
            }

            var effects = new List<RoundEffect>();
            var engine = RoundEngine.Create(parameters, effects);
            store.Append(name, effects[0].Record!);
            var loop = new RunLoop(name, store, engine, new RunHistory(), isResumed: false, options.Value, faults, instruments, time, logger);
            Add(name, loop);
            Log.RunCreated(logger, name, parameters.Devices, parameters.Rounds);
            return loop;
        }
        finally
        {
            creating.Release();
        }
    }

    /// <summary>Asks every run's loop, which answers after all that was posted before. A run that stalls for its journal answers; one that hangs does not.</summary>
    public async Task<string?> FindHung(CancellationToken cancellation)
    {
        foreach (var run in runs.Values)
        {
            try
            {
                await run.Status(cancellation).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (lifetime.ApplicationStopping.IsCancellationRequested)
            {
                // Its loop has ended, as asked.
            }
        }

        return null;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        stopping = stoppingToken;
        await creating.WaitAsync(stoppingToken).ConfigureAwait(false);
        foreach (var (name, loop) in runs)
        {
            Start(name, loop);
        }

        started.SetResult();
        creating.Release();
        var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using (stoppingToken.Register(stopped.SetResult).ConfigureAwait(false))
        {
            await stopped.Task.ConfigureAwait(false);
        }

        await Task.WhenAll(loops).ConfigureAwait(false);
    }

    // Under the semaphore.
    private void Add(string name, RunLoop loop)
    {
        runs[name] = loop;
        if (started.Task.IsCompleted)
        {
            Start(name, loop);
        }
    }

    private void Start(string name, RunLoop loop) => loops.Add(Task.Run(() => Supervise(name, loop), CancellationToken.None));

    private async Task Supervise(string name, RunLoop loop)
    {
        try
        {
            await loop.Run(stopping).ConfigureAwait(false);
        }
        catch (JournalLostException exception) when (exception.IsDeposed)
        {
            Failed = true;
            Log.Deposed(logger, exception.Message);
            lifetime.StopApplication();
        }
#pragma warning disable CA1031 // Whatever stops a run's loop must stop the process: a run that hangs in silence is worse.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Failed = true;
            Log.RunFailed(logger, name, exception);
            lifetime.StopApplication();
        }
    }
}

/// <summary>A coordinator has as many runs as it may have.</summary>
internal sealed class TooManyRunsException(string message) : Exception(message);
