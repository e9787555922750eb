namespace Dcc.Cli.Reporting;

/// <summary>Where in a run something happened: round n lies between n - 1/2 and n + 1/2, in proportion to its time.</summary>
internal sealed class RoundClock
{
    private readonly List<(double Time, double Place)> known = [(0, -0.5)];
    private readonly double?[] ends;

    internal RoundClock(FinishedRun run)
    {
        ends = run.Provenance?.RoundEndSeconds ?? [];
        for (var round = 0; round < ends.Length; round++)
        {
            if (ends[round] is { } end && end >= known[^1].Time)
            {
                known.Add((end, round + 0.5));
            }
        }
    }

    /// <summary>Place of an event on the axis of rounds; where no round's end is known, the round that it names itself, or null.</summary>
    internal double? PlaceOf(RunEvent happened) => known.Count == 1
        ? happened.Round
        : happened.Round is { } round ? Math.Clamp(PlaceOf(happened.Time), round - 0.5, round + 0.5) : PlaceOf(happened.Time);

    /// <summary>Places of what disturbed a run.</summary>
    internal double[] Disturbances(FinishedRun run) =>
        [.. run.Events.Where(happened => happened.Disturbs).Select(PlaceOf).OfType<double>().Distinct()];

    /// <summary>Milliseconds from the commit before to a round's own, NaN where one is unknown.</summary>
    internal double Milliseconds(int round) =>
        round > 0 && round < ends.Length && ends[round] is { } end && ends[round - 1] is { } start && end > start
            ? 1000 * (end - start)
            : double.NaN;

    private double PlaceOf(double time)
    {
        var next = known.FindIndex(point => point.Time >= time);
        if (next <= 0)
        {
            return next == 0 ? known[0].Place : known[^1].Place;
        }

        var (before, after) = (known[next - 1], known[next]);
        return before.Place + ((after.Place - before.Place) * (time - before.Time) / Math.Max(after.Time - before.Time, double.Epsilon));
    }
}
