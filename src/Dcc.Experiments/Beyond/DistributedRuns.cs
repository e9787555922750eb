using System.Globalization;
using Dcc.Core.Engine;
using Dcc.Experiments.Methods;
using Dcc.Experiments.Results;
using Dcc.Experiments.Units;

namespace Dcc.Experiments.Beyond;

/// <summary>What a run of real processes came to.</summary>
/// <param name="Digest">Over its thetas.</param>
/// <param name="Seconds">From its start to its end.</param>
/// <param name="MessageBytes">Of push and report, per device and round.</param>
/// <param name="StreamBytes">All bytes at the devices' sockets, per device and round.</param>
internal sealed record DistributedRun(string Digest, double Seconds, double MessageBytes, double StreamBytes);

/// <summary>Runs processes behind links of a profile. The tool does this; experiments know no process.</summary>
internal delegate DistributedRun Distribute(RunParameters parameters, string profile, CancellationToken cancellation);

/// <summary>The DCC runs of Fig. 1a again, as processes behind every link profile: the network changes how long they take and nothing else.</summary>
/// <param name="profiles">Names of the link profiles.</param>
/// <param name="distribute">Makes a run of processes.</param>
internal sealed class DistributedRuns(IReadOnlyList<string> profiles, Distribute distribute) : Experiment
{
    private const int Devices = 10;
    private const int ShownDigits = 12;
    private const string SameDigest = "same-digest";
    private const string DigestStart = "digest-48-bits";
    private const string Seconds = "seconds";
    private const string MessageBytes = "message-bytes";
    private const string StreamBytes = "stream-bytes";

    internal override string Name => "distributed";

    internal override string Title => "the DCC runs of Fig. 1a as processes behind every link profile";

    internal override string Source => "this project; section 5.1";

    internal override string Claim => "A run of separate processes ends with the same bits as one in a single thread, whatever the network.";

    internal override IReadOnlyList<Unit> Units(Scale scale) =>
    [
        .. PaperSystem.Seeds(Runs(scale)).SelectMany(seed => profiles.Select(profile =>
            new Unit(UnitName(profile, seed), seed, Seconds: 10, cancellation => Run(profile, seed, cancellation)) { Alone = true })),
    ];

    internal override Page Present(Scale scale, UnitResults results)
    {
        var rows = profiles.SelectMany(profile => PaperSystem.Seeds(Runs(scale)).Select(seed =>
        {
            var unit = UnitName(profile, seed);
            return new object[]
            {
                profile, seed, Hexadecimal(results.Last(unit, DigestStart)), results.Last(unit, SameDigest) switch { 1 => "yes", 0 => "no", _ => "" },
                results.Last(unit, Seconds), results.Last(unit, MessageBytes), results.Last(unit, StreamBytes),
            };
        })).ToList();
        var found = profiles.SelectMany(profile => PaperSystem.Seeds(Runs(scale)).SelectMany(seed => results.Of(UnitName(profile, seed), SameDigest))).ToList();
        var same = found.Count(sample => sample.Value == 1);
        return new Page(
            found.Count < rows.Count ? Verdict.Incomplete : Verdict.Measured,
            FormattableString.Invariant($"{same} of {found.Count} runs behind {profiles.Count} link profiles ended with the digest of the same run in one thread."),
            [
                new BoxChart(
                    "distributed-seconds", "Time of a run behind each link profile", "Ten devices, five rounds, from the start of the processes to the end of the last.",
                    "link profile", "seconds", [.. profiles], [new BoxSeries("emulate", [.. profiles.Select(profile => All(profile, Seconds))])]),
                new BoxChart(
                    "distributed-bytes", "Bytes at a device's socket per round", "Up and down, HTTP/2 and connection set-up included, TCP/IP headers not.",
                    "link profile", "bytes per device and round", [.. profiles], [new BoxSeries("emulate", [.. profiles.Select(profile => All(profile, StreamBytes))])]),
            ],
            [
                new DataTable(
                    "distributed", "Every run", ["link", "seed", "digest begins", "same as in one thread", "seconds", "message bytes per device-round", "socket bytes per device-round"], rows),
            ],
            [
                "Seconds are measured, and bytes on lossy links depend a little on timing: these two differ from run to run, digests do not.",
                "These runs are made one after the other, when all other work is done.",
            ]);

        double[] All(string profile, string measure) => [.. PaperSystem.Seeds(Runs(scale)).SelectMany(seed => results.Of(UnitName(profile, seed), measure)).Select(sample => sample.Value)];
    }

    private static int Runs(Scale scale) => scale.AskedRuns ?? scale.Pick(1, 3);

    private static string UnitName(string profile, ulong seed) => FormattableString.Invariant($"distributed-{profile}-n{Devices}-s{seed}");

    private IEnumerable<Sample> Run(string profile, ulong seed, CancellationToken cancellation)
    {
        var parameters = MethodUnit.DccQLearning(Devices, exponent: 1, seed);
        var rounds = DccRun.Execute(PaperSystem.Of(Devices, 1, seed), parameters, cancellation).ToList();
        var digest = new ThetaDigest(rounds[0].Theta);
        foreach (var round in rounds.Skip(1))
        {
            digest.Append(round.Round, round.Theta);
        }

        var run = distribute(parameters, profile, cancellation);
        return
        [
            new(SameDigest, 0, run.Digest == digest.ToString() ? 1 : 0),
            new(DigestStart, 0, long.Parse(run.Digest.AsSpan(0, ShownDigits), NumberStyles.HexNumber, CultureInfo.InvariantCulture)),
            new(Seconds, 0, run.Seconds),
            new(MessageBytes, 0, run.MessageBytes),
            new(StreamBytes, 0, run.StreamBytes),
        ];
    }

    private static string Hexadecimal(double start) => double.IsNaN(start) ? "" : ((long)start).ToString("x12", CultureInfo.InvariantCulture);
}
