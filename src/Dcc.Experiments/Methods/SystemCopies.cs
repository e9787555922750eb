using Dcc.Core.Coordination;
using Dcc.Core.Devices;
using Dcc.Core.Learning.Deep;
using Dcc.Core.Randomness;

namespace Dcc.Experiments.Methods;

/// <summary>
/// Independent copies of a system, in lockstep, for learners that see all of it: in every step of a copy each device acts, and each offloader
/// pays d(number of offloaders).
/// </summary>
internal sealed class SystemCopies
{
    private readonly EdgeDevice[] devices;
    private readonly RandomStream[] streams;
    private readonly double[] penalties;

    /// <summary>Creates the copies; <see cref="Restart"/> before the first step.</summary>
    internal SystemCopies(EdgeSystem system, int copies, ulong seed)
    {
        devices = [.. Enumerable.Range(0, system.Devices.Length).Select(system.Device)];
        Views = [.. Enumerable.Range(0, devices.Length).Select(index => new DeviceView(system, index))];
        States = new int[copies * devices.Length];
        Actions = new byte[States.Length];
        Probabilities = new float[States.Length * IDeviceModel.ActionCount];
        Costs = new float[copies];
        streams = new RandomStream[States.Length];
        for (var i = 0; i < streams.Length; i++)
        {
            streams[i] = RandomStream.For(
                seed, StreamPurpose.Baseline, i % devices.Length, i / devices.Length, (int)BaselineDraw.Environment);
        }

        var congestion = new Congestion(CongestionKind.MeanField, CongestionForm.Shifted, system.Exponent);
        penalties = [0, .. Enumerable.Range(1, devices.Length).Select(congestion.Penalty)];
    }

    internal int DeviceCount => devices.Length;

    internal int CopyCount => Costs.Length;

    /// <summary>How each device looks to a network.</summary>
    internal DeviceView[] Views { get; }

    /// <summary>[copy][device].</summary>
    internal int[] States { get; }

    /// <summary>[copy][device]: what <see cref="Choose"/> drew.</summary>
    internal byte[] Actions { get; }

    /// <summary>[copy][device][action]: what it drew from.</summary>
    internal float[] Probabilities { get; }

    /// <summary>Mean cost per device of each copy's last step.</summary>
    internal float[] Costs { get; }

    /// <summary>Puts every device into a random training state.</summary>
    internal void Restart()
    {
        for (var i = 0; i < States.Length; i++)
        {
            States[i] = devices[i % devices.Length].TrainingState(streams[i].Next());
        }
    }

    /// <summary>Writes what all copies look like, [copy][device][features]: a row per device, or a row per copy.</summary>
    internal void Observe(Span<float> features)
    {
        for (var i = 0; i < States.Length; i++)
        {
            Views[i % devices.Length].Of(States[i]).CopyTo(features[(i * DeviceView.Features)..]);
        }
    }

    /// <summary>Writes the legal actions of all devices of all copies.</summary>
    internal void WriteLegal(Span<byte> legal)
    {
        for (var i = 0; i < States.Length; i++)
        {
            legal[i] = (byte)Views[i % devices.Length].Legal(States[i]);
        }
    }

    /// <summary>Draws every device's action from its logits, [copy][device][action].</summary>
    internal void Choose(ReadOnlySpan<float> logits)
    {
        const int Row = IDeviceModel.ActionCount;
        for (var i = 0; i < States.Length; i++)
        {
            var probabilities = Probabilities.AsSpan(i * Row, Row);
            MaskedChoice.Probabilities(logits.Slice(i * Row, Row), Views[i % devices.Length].Legal(States[i]), probabilities);
            Actions[i] = (byte)MaskedSoftmax.Draw<float>(probabilities, streams[i].NextUnit());
        }
    }

    /// <summary>All devices of all copies act.</summary>
    internal void Step()
    {
        for (var copy = 0; copy < Costs.Length; copy++)
        {
            var cost = 0.0;
            var offloaders = 0;
            for (var i = copy * devices.Length; i < (copy + 1) * devices.Length; i++)
            {
                var action = (DeviceAction)Actions[i];
                States[i] = devices[i % devices.Length].Step(States[i], action, streams[i].Next(), out var own);
                cost += own;
                offloaders += action == DeviceAction.Offload ? 1 : 0;
            }

            Costs[copy] = (float)((cost + (offloaders * penalties[offloaders])) / devices.Length);
        }
    }
}

/// <summary>What a baseline's stream is drawn for: the evaluation in its key.</summary>
internal enum BaselineDraw
{
    /// <summary>States, and the actions of a learner that explores.</summary>
    Environment,

    /// <summary>First weights of an actor.</summary>
    Actor,

    /// <summary>First weights of a critic.</summary>
    Critic,

    /// <summary>The order of samples.</summary>
    Order,
}
