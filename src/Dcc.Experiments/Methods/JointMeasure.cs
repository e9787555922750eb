using Dcc.Core.Coordination;
using Dcc.Core.Devices;
using Dcc.Core.Evaluation;
using Dcc.Core.Policies;

namespace Dcc.Experiments.Methods;

/// <summary>What all devices of a system cost together under the policies that a method deploys: eq. 1, without any approximation.</summary>
/// <param name="Discounted">Cost per device and step from a synchronised start (all at x = 1), discounted and normalised: the paper's measure.</param>
/// <param name="SteadyState">Long-run cost per device and step from random phases.</param>
/// <param name="Frequency">Long-run offload frequency of each device, in [0, 1].</param>
internal sealed record JointMeasure(double Discounted, double SteadyState, double[] Frequency)
{
    /// <summary>Device-steps that each of the two costs is measured with, about.</summary>
    internal const long DefaultBudget = 8_000_000;

    /// <summary>Measures policies by simulation; equal seeds give every method the same luck.</summary>
    internal static JointMeasure Of(EdgeSystem system, PolicyMixture[] policies, ulong seed, long budget = DefaultBudget) =>
        Of(system, new DeployedMixtures(policies), seed, budget);

    /// <summary>Measures what all devices do together, each in its own way or as one.</summary>
    internal static JointMeasure Of(EdgeSystem system, IJointPolicy policy, ulong seed, long budget = DefaultBudget)
    {
        var devices = new EdgeDevice[system.Devices.Length];
        for (var i = 0; i < devices.Length; i++)
        {
            devices[i] = system.Device(i);
        }

        var congestion = new Congestion(CongestionKind.MeanField, CongestionForm.Shifted, system.Exponent);
        var joint = new JointCost<EdgeDevice>(devices, policy, congestion, system.Gamma, seed, budget);
        var (steadyState, frequency) = joint.SteadyState();
        return new JointMeasure(joint.Discounted(), steadyState, frequency);
    }
}

/// <summary>Where a method stood after so many learning steps of each device.</summary>
/// <param name="Steps">Learning steps (environment steps) per device so far.</param>
/// <param name="Measure">What its policies cost then.</param>
internal readonly record struct Checkpoint(long Steps, JointMeasure Measure);
