using System.Numerics;
using System.Runtime.CompilerServices;

namespace Dcc.Core.Randomness;

/// <summary>What a random stream is used for; part of its key. The numbers are part of every digest: never reuse one.</summary>
public enum StreamPurpose
{
    /// <summary>Sampling a device's parameters (paper, Appendix F).</summary>
    DeviceSampling = 1,

    /// <summary>The coordinator's perturbations of theta.</summary>
    Perturbation = 2,

    /// <summary>A learner's training trajectory.</summary>
    Training = 3,

    /// <summary>A learner's evaluation rollouts.</summary>
    Evaluation = 4,

    /// <summary>Simulation of the joint cost after a run.</summary>
    JointCost = 5,

    /// <summary>Loss and jitter of an emulated link: device is the link, evaluation the direction. Never reaches theta.</summary>
    Link = 6,

    /// <summary>What a scenario leaves to chance: links drawn from a mix, and chaos.</summary>
    Scenario = 7,

    /// <summary>A network's first weights: evaluation is the learner's.</summary>
    Initialisation = 8,

    /// <summary>The actions a stochastic policy draws while it is measured: device is the device, round the episode.</summary>
    StochasticActing = 9,

    /// <summary>Resampling of runs for the intervals of an experiment's statistics. Never reaches theta.</summary>
    Bootstrap = 10,

    /// <summary>What an experiment draws: constraints to look at, perturbations of its own. Never reaches theta.</summary>
    Experiment = 11,

    /// <summary>A baseline's training: device is the device, round the copy of the environment, evaluation what is drawn.</summary>
    Baseline = 12,
}

/// <summary>
/// A stream of random 64-bit words: xoshiro256** 1.0 (Blackman and Vigna, 2018), seeded by SplitMix64 from a key.
/// Streams with different keys are independent, so a draw in one never shifts another (model.md section 7).
/// A value type: copy it to fork, pass it by reference to advance.
/// </summary>
public struct RandomStream
{
    private ulong s0, s1, s2, s3;

    /// <summary>Creates a stream from its raw state, as the published test vectors do. At least one word must be non-zero.</summary>
    public RandomStream(ulong s0, ulong s1, ulong s2, ulong s3) => (this.s0, this.s1, this.s2, this.s3) = (s0, s1, s2, s3);

    /// <summary>The stream for a purpose, device, round and evaluation of a run.</summary>
    /// <param name="seed">The run's seed.</param>
    /// <param name="purpose">What the draws are for.</param>
    /// <param name="device">Device index, 0-based.</param>
    /// <param name="round">Round, 0-based.</param>
    /// <param name="evaluation">0 at (theta, p), 1 at the own perturbation, 2 at the others'.</param>
    public static RandomStream For(ulong seed, StreamPurpose purpose, int device, int round = 0, int evaluation = 0)
    {
        var state = SplitMix64.Mix(seed);
        state = SplitMix64.Mix(state ^ (ulong)purpose);
        state = SplitMix64.Mix(state ^ (uint)device);
        state = SplitMix64.Mix(state ^ (uint)round);
        state = SplitMix64.Mix(state ^ (uint)evaluation);
        return new RandomStream(
            SplitMix64.Next(ref state), SplitMix64.Next(ref state), SplitMix64.Next(ref state), SplitMix64.Next(ref state));
    }

    /// <summary>The next 64 uniform bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong Next()
    {
        var result = BitOperations.RotateLeft(s1 * 5, 7) * 9;
        var t = s1 << 17;
        s2 ^= s0;
        s3 ^= s1;
        s1 ^= s2;
        s0 ^= s3;
        s2 ^= t;
        s3 = BitOperations.RotateLeft(s3, 45);
        return result;
    }

    /// <summary>A uniform double in [0, 1) with 53 random bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public double NextUnit() => (Next() >> 11) * (1.0 / (1UL << 53));

    /// <summary>
    /// Maps 32 uniform bits to 0..<paramref name="count"/>-1 by multiplication. The bias is below count / 2^32: under 1e-7 for
    /// the ranges used here, far below any sampling error.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Scale(uint bits, int count) => (int)(((ulong)bits * (uint)count) >> 32);
}

/// <summary>SplitMix64 (Steele, Lea and Flood, 2014): the generator recommended for seeding xoshiro256**.</summary>
internal static class SplitMix64
{
    internal static ulong Next(ref ulong state) => Finalise(state += 0x9E3779B97F4A7C15UL);

    internal static ulong Mix(ulong value) => Finalise(value + 0x9E3779B97F4A7C15UL);

    private static ulong Finalise(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
        return z ^ (z >> 31);
    }
}
