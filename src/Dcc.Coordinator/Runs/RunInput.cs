using System.Threading.Channels;
using Dcc.Core.Engine;
using Dcc.Protocol.V1;

namespace Dcc.Coordinator.Runs;

/// <summary>What a run's loop is asked to do.</summary>
internal enum RunInputKind
{
    Joined,
    Event,
    Watch,
    Unwatch,
    Status,
    Note,
    Cancel,
    Drain,
    Deadline,
}

/// <summary>One input of a run's loop.</summary>
/// <param name="Kind">Which of the others it has.</param>
/// <param name="Event">What the engine is to handle.</param>
/// <param name="Stream">The stream that joined.</param>
/// <param name="Watcher">Who begins or ends to watch.</param>
/// <param name="Note">What somebody outside knows of the run.</param>
/// <param name="Reply">Who waits for the run's status.</param>
internal readonly record struct RunInput(
    RunInputKind Kind, RoundEvent Event = default, DeviceStream? Stream = null, Channel<RunUpdate>? Watcher = null,
    NoteRunRequest? Note = null, TaskCompletionSource<RunStatus>? Reply = null);
