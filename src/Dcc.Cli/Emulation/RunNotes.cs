using Dcc.Core.Devices;
using Dcc.Core.Evaluation;
using Dcc.Core.Validation;
using Dcc.Links;
using Dcc.Links.Ledger;
using Dcc.Protocol.V1;
using Grpc.Core;
using RunParameters = Dcc.Core.Engine.RunParameters;

namespace Dcc.Cli.Emulation;

/// <summary>
/// Tells whoever watches the run what only this process knows: faults and processes, the bytes that the links carried, and the costs to compare
/// with. A coordinator that was restarted is told everything again. Nothing in the run waits for it.
/// </summary>
internal sealed class RunNotes(string run, IReadOnlyList<DeviceLedger> ledgers)
{
    private const int MostEvents = 1000;
    private const long OptimumReadings = 5_000_000;
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    private readonly Lock gate = new();
    private readonly List<RunEvent> events = [];

    /// <summary>Adds an event; from any thread.</summary>
    internal void Add(RunEvent happened)
    {
        happened.UnixMilliseconds = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
        lock (gate)
        {
            events.Add(happened);
        }
    }

    /// <summary>Notes what is new, several times a second, until cancelled.</summary>
    internal async Task Run(Operation.OperationClient operation, RunParameters parameters, EdgeSystem system, CancellationToken cancellation)
    {
        var costs = Task.Run(() => Costs(parameters, system, cancellation), cancellation);
        var noted = 0;
        var request = new NoteRunRequest();
        while (true)
        {
            await Task.Delay(Interval, cancellation).ConfigureAwait(false);
            request = new NoteRunRequest
            {
                Run = run,
                OpenedUnixMilliseconds = request.OpenedUnixMilliseconds,
                Costs = costs.IsCompletedSuccessfully ? await costs.ConfigureAwait(false) : null,
                Bytes = Bytes(),
            };
            lock (gate)
            {
                request.Events.AddRange(events.Skip(noted).Take(MostEvents));
            }

            try
            {
                var opened = (await operation.NoteRunAsync(request, cancellationToken: cancellation).ConfigureAwait(false)).OpenedUnixMilliseconds;
                noted = request.OpenedUnixMilliseconds is 0 || opened == request.OpenedUnixMilliseconds ? noted + request.Events.Count : 0;
                request.OpenedUnixMilliseconds = opened;
            }
            catch (RpcException)
            {
                // The coordinator is away; it is told when it is back.
                cancellation.ThrowIfCancellationRequested();
            }
        }
    }

    private static ReferenceCosts Costs(RunParameters parameters, EdgeSystem system, CancellationToken cancellation)
    {
        var objective = new SystemCost(SystemCost.CurvesOf(system), parameters.CreateCongestion());
        return new ReferenceCosts
        {
            NeverOffload = objective.PerDevice(new double[parameters.Devices]),
            BestKnown = Optimum.Find(objective, OptimumReadings, [], progress: null, cancellation).CostPerDevice,
        };
    }

    private CarriedBytes Bytes()
    {
        var totals = LedgerTotals.Sum(ledgers.Select(ledger => ledger.Totals()));
        var carried = new CarriedBytes();
        foreach (var layer in Enum.GetValues<LedgerLayer>())
        {
            carried.Layers.Add(new LayerBytes
            {
                Layer = KebabCase.Name(layer), Up = (ulong)totals.Bytes(LinkDirection.Up, layer), Down = (ulong)totals.Bytes(LinkDirection.Down, layer),
            });
        }

        return carried;
    }
}
