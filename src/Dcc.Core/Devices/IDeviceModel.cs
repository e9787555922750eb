namespace Dcc.Core.Devices;

/// <summary>What a device can do in one step (paper, section 4.2 and Appendix B).</summary>
public enum DeviceAction
{
    /// <summary>Do nothing but harvest.</summary>
    Wait,

    /// <summary>Process the batch locally, at an energy cost.</summary>
    Local,

    /// <summary>Offload to the shared server: the crowded action, which pays the congestion price.</summary>
    Offload,
}

/// <summary>
/// A device as its learner sees it: numbered states, legal actions, a step, starting states. Implemented by value types, so that
/// learners are compiled for each model and the step is inlined. Randomness comes in as one uniform 64-bit word per step, whatever
/// the action: so two policies driven by the same words share their luck (common random numbers), and a step is a pure function.
/// </summary>
public interface IDeviceModel
{
    /// <summary>How many actions there are: the values of <see cref="DeviceAction"/>.</summary>
    public const int ActionCount = 3;

    /// <summary>States are 0..StateCount-1.</summary>
    int StateCount { get; }

    /// <summary>Whether the action may be taken in the state. Waiting always may.</summary>
    bool IsLegal(int state, DeviceAction action);

    /// <summary>One step of a legal action.</summary>
    /// <param name="state">Current state.</param>
    /// <param name="action">A legal action.</param>
    /// <param name="noise">64 uniform bits, the step's whole randomness.</param>
    /// <param name="cost">The step's cost before congestion, u in the paper.</param>
    /// <returns>The next state.</returns>
    int Step(int state, DeviceAction action, ulong noise, out float cost);

    /// <summary>The start of an evaluation episode, from 64 uniform bits.</summary>
    int InitialState(ulong noise);

    /// <summary>The start of a training episode, from 64 uniform bits; reaches every state worth learning about.</summary>
    int TrainingState(ulong noise);

    /// <summary>How many numbers describe a state to a learner that generalises over states.</summary>
    int FeatureCount { get; }

    /// <summary>Describes a state: equal states alike, near states nearly so, each number about in [-1, 1].</summary>
    /// <param name="state">Any state.</param>
    /// <param name="features">Receives <see cref="FeatureCount"/> numbers; every one is written.</param>
    void WriteFeatures(int state, Span<float> features);
}

/// <summary>A device whose transition probabilities are known, as the exact solver needs.</summary>
public interface IKnownDeviceModel : IDeviceModel
{
    /// <summary>Cost of a step from the state before congestion; the same for every action.</summary>
    double Cost(int state);

    /// <summary>Appends the outcomes of a legal action. A next state may appear more than once; probabilities sum to 1.</summary>
    void AddOutcomes(int state, DeviceAction action, List<Outcome> outcomes);

    /// <summary>Appends the distribution of <see cref="IDeviceModel.InitialState"/>.</summary>
    void AddInitialStates(List<Outcome> outcomes);
}

/// <summary>A state and its probability in (0, 1].</summary>
public readonly record struct Outcome(int State, double Probability);
