using System.Globalization;
using Dcc.Core.Validation;

namespace Dcc.Links;

/// <summary>
/// A packet-delivery trace in Mahimahi's format: one whole number a line, ascending, each the millisecond at which one packet of up to 1500
/// bytes may leave; the same millisecond may appear more than once. At its end the trace starts again.
/// </summary>
public sealed class PacketTrace
{
    /// <summary>Bytes that one opportunity carries.</summary>
    public const int PacketBytes = 1500;

    private readonly int[] milliseconds;

    private PacketTrace(int[] milliseconds) => this.milliseconds = milliseconds;

    /// <summary>Names of the traces that come along; <c>Traces/README.md</c> says how they were made.</summary>
    public static IReadOnlyList<string> BuiltInNames { get; } = ["driving-lte", "steady-3g"];

    /// <summary>The opportunities of one period, in milliseconds, ascending.</summary>
    public ReadOnlySpan<int> Milliseconds => milliseconds;

    /// <summary>After how many milliseconds the trace starts again: its last opportunity.</summary>
    public int PeriodMilliseconds => milliseconds[^1];

    /// <summary>A trace that comes along, null where there is none of that name.</summary>
    /// <param name="name">One of <see cref="BuiltInNames"/>.</param>
    public static PacketTrace? BuiltIn(string name)
    {
        if (!BuiltInNames.Contains(name))
        {
            return null;
        }

        using var reader = new StreamReader(typeof(PacketTrace).Assembly.GetManifestResourceStream($"{name}.trace")!);
        return Parse(reader.ReadToEnd());
    }

    /// <summary>When an opportunity comes, counted through all repetitions from 0.</summary>
    internal TimeSpan OpportunityAt(long opportunity)
    {
        var (cycle, within) = Math.DivRem(opportunity, milliseconds.Length);
        return TimeSpan.FromMilliseconds((cycle * PeriodMilliseconds) + milliseconds[within]);
    }

    /// <summary>The first opportunity at or after a time.</summary>
    internal long FirstOpportunity(TimeSpan time)
    {
        var millisecond = (time.Ticks + TimeSpan.TicksPerMillisecond - 1) / TimeSpan.TicksPerMillisecond;

        // The last opportunity of a period falls on the start of the next one, and comes first.
        var cycle = Math.Max(0, (millisecond - 1) / PeriodMilliseconds);
        var within = milliseconds.AsSpan().BinarySearch(new AtLeast((int)(millisecond - (cycle * PeriodMilliseconds))));
        return (cycle * milliseconds.Length) + ~within;
    }

    /// <summary>Reads a trace.</summary>
    /// <param name="text">The file's text.</param>
    /// <exception cref="InvalidInputException">It is empty, holds something else than whole numbers, does not ascend, or ends at 0.</exception>
    public static PacketTrace Parse(string text)
    {
        var times = new List<int>();
        var line = 0;
        foreach (var entry in text.AsSpan().EnumerateLines())
        {
            line++;
            if (entry.Trim().IsEmpty)
            {
                continue;
            }

            if (!int.TryParse(entry.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var time))
            {
                throw new InvalidInputException($"trace line {line}", "a whole number of milliseconds", Shorten(entry));
            }

            if (times.Count > 0 && time < times[^1])
            {
                throw new InvalidInputException($"trace line {line}", $"at least {times[^1]}, the line before (ascending)", $"{time}");
            }

            times.Add(time);
        }

        return times.Count == 0 || times[^1] == 0
            ? throw new InvalidInputException("trace", "at least one line that is not 0", times.Count == 0 ? "an empty file" : "only zeros")
            : new PacketTrace([.. times]);
    }

    // Equal to no entry, so that the search ends before the first one that is not smaller.
    private readonly struct AtLeast(int millisecond) : IComparable<int>
    {
        public int CompareTo(int other) => other >= millisecond ? -1 : 1;
    }

    private static string Shorten(ReadOnlySpan<char> text) => text.Length <= 40 ? text.ToString() : string.Concat(text[..40], "...");
}
