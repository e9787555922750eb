using Dcc.Core.Devices;
using Dcc.Core.Evaluation;
using Dcc.Core.Learning.Deep;
using Dcc.Core.Neural;
using Dcc.Core.Randomness;

namespace Dcc.Experiments.Methods;

/// <summary>
/// Every device draws its action anew in every step from the probabilities of its state: an actor network's policy, tabulated (a device has a
/// few hundred states).
/// </summary>
internal sealed class StochasticPolicies : IJointPolicy
{
    private const int Actions = IDeviceModel.ActionCount;

    // [device][state][action]
    private readonly float[][] probabilities;
    private readonly RandomStream[] streams;

    /// <summary>Creates the policies from tables [device][state][action].</summary>
    internal StochasticPolicies(float[][] probabilities)
    {
        this.probabilities = probabilities;
        streams = new RandomStream[probabilities.Length];
    }

    /// <summary>An actor's policy for every device: one batch of all its states.</summary>
    internal static StochasticPolicies Of(DenseNetwork actor, DeviceView[] views) => new([.. views.Select(view =>
    {
        var logits = actor.Forward(view.Table, view.States);
        var table = new float[view.States * Actions];
        for (var state = 0; state < view.States; state++)
        {
            MaskedChoice.Probabilities(
                logits.Slice(state * Actions, Actions), view.Legal(state), table.AsSpan(state * Actions, Actions));
        }

        return table;
    })]);

    public int DeviceCount => probabilities.Length;

    public void Begin(ulong seed, int episode)
    {
        for (var i = 0; i < streams.Length; i++)
        {
            streams[i] = RandomStream.For(seed, StreamPurpose.StochasticActing, i, episode);
        }
    }

    public void Draw(int device, double unit)
    {
    }

    public void Act(ReadOnlySpan<int> states, Span<byte> actions)
    {
        for (var i = 0; i < states.Length; i++)
        {
            actions[i] = (byte)MaskedSoftmax.Draw<float>(probabilities[i].AsSpan(states[i] * Actions, Actions), streams[i].NextUnit());
        }
    }
}
