using Dcc.Core.Devices;
using Dcc.Core.Evaluation;
using Dcc.Core.Learning.Deep;
using Dcc.Core.Neural;
using Dcc.Core.Randomness;

namespace Dcc.Experiments.Methods;

/// <summary>One network sees all devices and gives each its logits, in every step: a policy that no device could run alone.</summary>
internal sealed class CentralPolicy(DenseNetwork actor, DeviceView[] views) : IJointPolicy
{
    private const int Actions = IDeviceModel.ActionCount;

    private readonly float[] observation = new float[views.Length * DeviceView.Features];
    private RandomStream stream;

    public int DeviceCount => views.Length;

    public void Begin(ulong seed, int episode) => stream = RandomStream.For(seed, StreamPurpose.StochasticActing, 0, episode);

    public void Draw(int device, double unit)
    {
    }

    public void Act(ReadOnlySpan<int> states, Span<byte> actions)
    {
        for (var i = 0; i < states.Length; i++)
        {
            views[i].Of(states[i]).CopyTo(observation.AsSpan(i * DeviceView.Features));
        }

        var logits = actor.Forward(observation, rows: 1);
        Span<float> probabilities = stackalloc float[Actions];
        for (var i = 0; i < states.Length; i++)
        {
            MaskedChoice.Probabilities(logits.Slice(i * Actions, Actions), views[i].Legal(states[i]), probabilities);
            actions[i] = (byte)MaskedSoftmax.Draw<float>(probabilities, stream.NextUnit());
        }
    }
}
