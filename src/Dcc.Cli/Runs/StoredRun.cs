using System.Globalization;
using Dcc.Core.Engine;
using Dcc.Journal;

namespace Dcc.Cli.Runs;

/// <summary>A run as a store has it, replayed: every hash, push and theta was recomputed on the way.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Created">When its first record was written; null where that was not noted.</param>
/// <param name="Engine">The run after its last good record; null where the first is damaged.</param>
/// <param name="Damage">What is wrong with its journal; null for nothing.</param>
internal sealed record StoredRun(string Name, DateTimeOffset? Created, RoundEngine? Engine, string? Damage)
{
    /// <summary>Reads a run.</summary>
    internal static StoredRun Read(IJournalArchive store, string name, CancellationToken cancellation)
    {
        RoundEngine? engine = null;
        try
        {
            foreach (var record in store.Read(name))
            {
                cancellation.ThrowIfCancellationRequested();
                if (engine is null)
                {
                    engine = RoundEngine.Recover(record);
                }
                else
                {
                    engine.Replay(record);
                }
            }

            return new StoredRun(name, store.Created(name), engine, engine is null ? "it has no records" : null);
        }
        catch (JournalException exception)
        {
            return new StoredRun(name, store.Created(name), engine, exception.Message);
        }
    }

    /// <summary>finished, cancelled, unfinished or damaged. Whether a coordinator is at work on an unfinished one, its store does not say.</summary>
    internal string State => Damage is not null ? "damaged" : Engine!.Cancelled ? "cancelled" : Engine.Finished ? "finished" : "unfinished";

    /// <summary>Whether nothing more will come.</summary>
    internal bool IsOver => State is "finished" or "cancelled";

    /// <summary>Rounds that moved theta.</summary>
    internal int? Round => Engine is null ? null : Math.Min(Engine.Round, Engine.Parameters.Rounds);

    /// <summary>One line: name, state, round of rounds, devices, digest.</summary>
    /// <param name="nameWidth">Of the longest name.</param>
    internal string ToLine(int nameWidth) => string.Create(
        CultureInfo.InvariantCulture,
        $"{Name.PadRight(nameWidth)}  {State,-10}  {(Engine is null ? "-" : $"{Round}/{Engine.Parameters.Rounds}"),11}  {(Engine is null ? "-" : Engine.Parameters.Devices),7}  {Digest ?? "-"}");

    /// <summary>Over the thetas so far; null where the journal is damaged.</summary>
    internal string? Digest => Damage is null ? Engine!.Digest : null;
}
