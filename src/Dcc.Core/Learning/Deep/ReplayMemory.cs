namespace Dcc.Core.Learning.Deep;

/// <summary>
/// The last transitions of a device, overwritten in a ring. The cost it keeps is without any price of offloading, so that a transition seen at
/// one price teaches at every other.
/// </summary>
internal sealed class ReplayMemory(int capacity)
{
    private readonly Transition[] transitions = new Transition[capacity];
    private int next;

    /// <summary>One step: state, action, cost before congestion, state after it.</summary>
    internal readonly record struct Transition(int State, int Action, float Cost, int Next);

    internal int Count { get; private set; }

    internal ref readonly Transition this[int index] => ref transitions[index];

    internal void Add(Transition transition)
    {
        transitions[next] = transition;
        next = next + 1 == transitions.Length ? 0 : next + 1;
        Count = Math.Min(Count + 1, transitions.Length);
    }
}
